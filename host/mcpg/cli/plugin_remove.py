"""`mcpg plugin remove`: takes plugins out of the store. It removes no blob; `cache gc` does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.cli.kit.site import Site
    from mcpg_registry.receipts import Receipt

__all__ = ["remove"]


@click.command(cls=Verb)
@click.argument("references", nargs=-1, required=True, metavar="REFERENCE...")
@click.option("--force", is_flag=True, help="Remove it even if the lock or the file names it.")
@site_options("store", "lock")
@json_option
def remove(references: tuple[str, ...], chosen: Chosen, *, force: bool, as_json: bool) -> None:
    """Remove each REFERENCE from the store.

    What the lock or the file names is kept unless --force is said. `mcpg plugin cache gc` frees the space.
    """
    gone = asyncio.run(asyncio.to_thread(_remove, references, chosen, force=force))

    def draw(console: Console) -> None:
        for name in gone:
            say(console, f"removed {name}")
        say(console, "  next    mcpg plugin cache gc")

    show({"removed": gone}, draw, as_json=as_json)


def _remove(references: tuple[str, ...], chosen: Chosen, *, force: bool) -> list[str]:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_registry.steps import at_step  # noqa: PLC0415 - likewise

    site = open_site(chosen)
    with at_step(11, where="the store", remedy="pull the plugin again"):
        site.store.receipts()  # each can be read: what is not found below is not there
        receipts = [_receipt(site, text) for text in references]
        if not force:
            for receipt in receipts:
                _check_unused(site, receipt)
        for receipt in receipts:
            site.store.remove(receipt.repository, receipt.digest)
    return [f"{each.repository}@{each.manifest.digest}" for each in receipts]


def _receipt(site: Site, text: str) -> Receipt:
    from mcpg.cli.kit.targets import target_of  # noqa: PLC0415 - slow to import

    reference = target_of(text)
    repository = reference.full_name
    try:
        entry = site.store.find(repository, reference.tag, reference.digest)
        receipt = site.store.receipt(repository, entry.digest)
    except ValueError:
        receipt = None
    if receipt is None:
        remedy = "see `mcpg plugin list` for what is installed"
        raise ConfigError("it is not in the store", where=f"plugin `{text}`", remedy=remedy, code="not-installed")
    return receipt


def _check_unused(site: Site, receipt: Receipt) -> None:
    """Return if neither lock nor file names an installed plugin; `ConfigError` says who does."""
    name = f"{receipt.repository}@{receipt.manifest.digest}"
    names = {name, *(f"{receipt.repository}:{tag}" for tag in receipt.tags)}
    uses = site.loaded.config.plugins.items() if site.loaded else ()
    users = [f"plugins.{use}" for use, each in uses if each.source in names]
    if site.locked_digest(receipt.repository, receipt.digest) is not None:
        users.append(site.lock_path.name)
    if users:
        remedy = "take it out of there first, or say --force"
        raise ConfigError(f"is named by `{users[0]}`", where=f"plugin `{name}`", remedy=remedy, code="plugin-in-use")
