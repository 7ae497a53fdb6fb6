"""`mcpg plugin mirror have`: what this site has, as a list of digests. It opens no connection."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option

if TYPE_CHECKING:
    from mcpg.cli.kit.options import Chosen

__all__ = ["have"]


@click.command(cls=Verb)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the list there, not to the output.")
@site_options("store")
@json_option
def have(chosen: Chosen, *, out: Path | None, as_json: bool) -> None:  # noqa: ARG001 - the list is JSON either way
    """List the digests that this site has, for the next increment.

    Every blob is read, and only whole ones are listed. The list holds no names and no secrets.
    """
    text = asyncio.run(asyncio.to_thread(_have, chosen))
    if out is None:
        click.echo(text.decode(), nl=False)
    else:
        from mcpg_mirror.faults import while_storing  # noqa: PLC0415 - slow to import
        from mcpg_registry.durable import write_whole  # noqa: PLC0415 - likewise

        with while_storing(f"have list `{out}`"):
            write_whole(out, text)


def _have(chosen: Chosen) -> bytes:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_mirror.faults import while_storing  # noqa: PLC0415 - likewise
    from mcpg_mirror.having import digests_of, have_text  # noqa: PLC0415 - likewise

    site = open_site(chosen)
    with while_storing(f"store `{site.store.directory}`"):
        return have_text(digests_of(site.store))
