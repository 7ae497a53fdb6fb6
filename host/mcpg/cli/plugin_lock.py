"""`mcpg plugin lock`: writes down which digest stands behind each reference. It moves no reference; `update` does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import FAILED, Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.cli.kit.progress import Told
    from mcpg.cli.kit.site import Site
    from mcpg_registry.locking import Locked

__all__ = ["lock"]


@click.command(cls=Verb)
@click.argument("references", nargs=-1, metavar="[REFERENCE...]")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the lock is not what it should be.")
@site_options("store", "trust", "key", "mirror", "lock", "offline", "plain-http")
@json_option
def lock(references: tuple[str, ...], chosen: Chosen, *, check: bool, as_json: bool) -> None:
    """Write the lock for what the file names, and for each REFERENCE.

    What is locked stays as it is, what is new is verified and pulled, and what the file no longer names goes. The same
    plugins give the same bytes. What is built in is locked by the program itself.
    """
    document = asyncio.run(_lock(references, chosen, check=check, silent=as_json))

    def draw(console: Console) -> None:
        for name in ("added", "kept", "removed"):
            for reference in document[name]:
                say(console, f"{name:<8} {reference}")
        state = "is as it should be" if not document["changed"] else "should change" if check else "is written"
        say(console, f"{document['lock']} {state}")

    show(document, draw, as_json=as_json)
    if check and document["changed"]:
        click.get_current_context().exit(FAILED)


async def _lock(references: tuple[str, ...], chosen: Chosen, *, check: bool, silent: bool) -> dict[str, Any]:
    from mcpg.cli.kit.lock_file import change_lock, locked_text  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.progress import telling  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise

    site = await asyncio.to_thread(open_site, chosen)
    before = dict(site.lock.plugins) if site.lock else {}
    wanted = tuple(dict.fromkeys([*_configured(site), *references, *(() if site.loaded else before)]))
    if not wanted and not before:
        raise click.UsageError("the file names no plugin of a registry or layout; give REFERENCE")
    with telling(silent=silent) as told:
        after = await _entries(site, wanted, told)
    newest = max((each.revocations for each in after.values()), default=1)
    if check:
        changed = locked_text(site.lock, after, newest) != (site.lock.text() if site.lock else b"")
    else:
        whole = site.loaded is not None  # without a file nobody says that something is not wanted any more
        changed = await asyncio.to_thread(
            change_lock, site.lock_path, lambda now: after if whole else now | after, newest
        )
    return {
        "lock": str(site.lock_path),
        "changed": changed,
        "added": sorted(after.keys() - before.keys()),
        "kept": sorted(after.keys() & before.keys()),
        "removed": sorted(before.keys() - after.keys()),
    }


def _configured(site: Site) -> list[str]:
    """Return the references of the file that a lock speaks of."""
    sources = [use.source for use in site.loaded.config.plugins.values()] if site.loaded else []
    return [source for source in sources if not source.startswith(("builtin:", "file:"))]


async def _entries(site: Site, wanted: tuple[str, ...], told: Told) -> dict[str, Locked]:
    """Return what is to be locked: everything verified as a load would, and what is a registry's in the store."""
    from mcpg.cli.kit.lock_file import locked_of  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.puller import open_puller, wish_for  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.walk import walk  # noqa: PLC0415 - likewise

    found: dict[str, Locked] = {}
    async with open_puller(site, told, wanted) as pull_one:
        for text in wanted:
            known = site.locked(text)
            installed = await asyncio.to_thread(site.installed, text, known)
            if text.startswith("layout:") or installed:
                fresh = locked_of(await walk(installed or text, site), site)
            else:
                fresh = (await pull_one(wish_for(site, text))).locked()
            found[text] = known or fresh
    return found
