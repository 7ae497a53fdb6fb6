"""`mcpg serve`. The gateway room does the serving."""

from __future__ import annotations

import click

from mcpg.cli.output import Verb, config_option

__all__ = ["serve"]


@click.command(cls=Verb)
@config_option
@click.option(
    "--stdio", is_flag=True, help="Speak MCP on standard input and output, as the caller that the file names."
)
def serve(config_path: str, *, stdio: bool) -> None:
    """Serve MCP over HTTP, or over stdio."""
    from mcpg.gateway.serve import run  # noqa: PLC0415 - the whole gateway

    run(config_path, stdio=stdio)
