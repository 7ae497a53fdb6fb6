"""`mcpg revocations show`: what a list says. It believes nothing: `verify` does."""

from __future__ import annotations

from pathlib import Path

import click

from mcpg.cli.output import Verb, json_option, show

__all__ = ["show_list"]


@click.command("show", cls=Verb)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def show_list(file: Path, *, as_json: bool) -> None:
    """Show what the list in FILE says, believed or not.

    Whoever adds a signature reads it here first. The keys named as signers are what the file says.
    """
    from mcpg.cli.kit.list_files import describe, draw_list, load_file  # noqa: PLC0415 - slow to import

    published = load_file(file)
    document = describe(published)
    show(document, lambda console: draw_list(console, published.last, document), as_json=as_json)
