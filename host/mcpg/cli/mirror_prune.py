"""`mcpg plugin mirror prune`: takes from the store what no lock names. It opens no connection."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["prune"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.option("--keep-locked", is_flag=True, required=True, help="Keep what the lock names; there is no other way yet.")
@click.option("--also", type=FILE, multiple=True, help="A further lock whose plugins are kept, of another gateway.")
@click.option("--dry-run", is_flag=True, help="Remove nothing, only tell.")
@site_options("store", "lock")
@json_option
def prune(chosen: Chosen, *, keep_locked: bool, also: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:  # noqa: ARG001 - it says what is meant
    """Remove from the store what no lock names.

    Plugins go with the blobs that nobody else needs.
    """
    document = asyncio.run(asyncio.to_thread(_prune, chosen, also, dry=dry_run))

    def draw(console: Console) -> None:
        verb = "would remove" if dry_run else "removed"
        say(console, f"{verb} {document['plugins']} plugins, {document['blobs']} blobs ({document['bytes']} bytes)")

    show(document, draw, as_json=as_json)


def _prune(chosen: Chosen, also: tuple[Path, ...], *, dry: bool) -> dict[str, Any]:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_mirror.faults import while_storing  # noqa: PLC0415 - likewise
    from mcpg_registry.locking import read_lock  # noqa: PLC0415 - likewise

    site = open_site(chosen)
    locks = {site.lock_path: site.lock} | {path: read_lock(path) for path in also}
    for path, lock in locks.items():
        if lock is None:
            remedy = "write one with `mcpg plugin lock`, or name another"
            raise ConfigError("there is none, so that everything would go", where=f"lock `{path}`", remedy=remedy)
    keep = {each.manifest for lock in locks.values() if lock for each in lock.plugins.values()}
    with while_storing(f"store `{site.store.directory}`"):
        gone = site.store.collect(keep, dry=dry)
    if gone is None:
        remedy = "wait until the pull or import that is under way has ended"
        raise ConfigError("somebody writes to it", where=f"store `{site.store.directory}`", remedy=remedy, code="busy")
    return {"dry_run": dry, "plugins": gone.receipts, "blobs": gone.blobs, "bytes": gone.bytes}
