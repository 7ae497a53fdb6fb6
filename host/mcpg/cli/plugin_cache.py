"""`mcpg plugin cache`: what the store holds and nothing needs. It removes no plugin unless asked to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["cache"]


@click.group()
def cache() -> None:
    """Free what the store no longer needs."""


@cache.command(cls=Verb)
@click.option("--dry-run", is_flag=True, help="Remove nothing, only tell.")
@click.option("--unlocked", is_flag=True, help="Remove plugins too that the lock does not name.")
@site_options("store", "lock")
@json_option
def gc(chosen: Chosen, *, dry_run: bool, unlocked: bool, as_json: bool) -> None:
    """Remove blobs that no installed plugin needs, and downloads given up a day ago."""
    document = asyncio.run(asyncio.to_thread(_collect, chosen, dry=dry_run, unlocked=unlocked))

    def draw(console: Console) -> None:
        verb = "would remove" if dry_run else "removed"
        say(console, f"{verb} {document['plugins']} plugins, {document['blobs']} blobs ({document['bytes']} bytes)")
        say(console, f"  and {document['partials']} partial downloads ({document['partial_bytes']} bytes)")
        say(console, f"  the store has {document['left']['plugins']} plugins in {document['left']['bytes']} bytes")

    show(document, draw, as_json=as_json)


def _collect(chosen: Chosen, *, dry: bool, unlocked: bool) -> dict[str, Any]:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_registry.steps import at_step  # noqa: PLC0415 - likewise

    site = open_site(chosen)
    if unlocked and site.lock is None:
        remedy = "write one with `mcpg plugin lock`, or leave --unlocked out"
        raise ConfigError("there is none, so that everything would go", where=f"lock `{site.lock_path}`", remedy=remedy)
    keep = {each.manifest for each in site.lock.plugins.values()} if unlocked and site.lock else None
    with at_step(11, where="the store", remedy="pull the plugin again, whose receipt is named"):
        gone = site.store.collect(keep, dry=dry)
        left = site.store.sizes()
    if gone is None:
        remedy = "wait until the pull that is under way has ended"
        raise ConfigError("somebody writes to it", where=f"store `{site.store.directory}`", remedy=remedy, code="busy")
    return {
        "dry_run": dry,
        "plugins": gone.receipts,
        "blobs": gone.blobs,
        "bytes": gone.bytes,
        "partials": gone.partials,
        "partial_bytes": gone.partial_bytes,
        "left": {"plugins": left.receipts, "bytes": left.bytes},
    }
