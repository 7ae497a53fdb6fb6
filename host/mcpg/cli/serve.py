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
@click.option(
    "--endpoint", default="mcp", show_default=True, help="With --stdio: `mcp`, a profile, or `servers/UPSTREAM`."
)
@click.option("--locked", is_flag=True, help="Load nothing but what is built in and what the lock names.")
@click.option("--offline", is_flag=True, help="Pull no plugin and no revocation list: take what is on this machine.")
def serve(config_path: str, *, stdio: bool, endpoint: str, locked: bool, offline: bool) -> None:
    """Serve MCP over HTTP, or over stdio."""
    from mcpg.gateway.serve import run  # noqa: PLC0415 - the whole gateway
    from mcpg.gateway.supplying import Intake  # noqa: PLC0415 - likewise

    run(config_path, stdio=stdio, endpoint=endpoint, intake=Intake(locked, offline))
