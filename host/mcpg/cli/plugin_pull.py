"""`mcpg plugin pull`: brings plugins into the store once every step has passed. It runs none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show
from mcpg.cli.plugin_options import site_options

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.plugin_options import Chosen

__all__ = ["pull"]


@click.command(cls=Verb)
@click.argument("references", nargs=-1, required=True, metavar="REFERENCE...")
@click.option("--lock", "relock", is_flag=True, help="Write what was pulled into the lock.")
@click.option("--allow-downgrade", is_flag=True, help="With --lock: take a version older than the locked one.")
@site_options("store", "trust", "key", "mirror", "lock", "offline", "plain-http")
@json_option
def pull(references: tuple[str, ...], chosen: Chosen, *, relock: bool, allow_downgrade: bool, as_json: bool) -> None:
    """Pull each REFERENCE into the store.

    What the lock names is taken as it is locked, or refused. A key given as --key counts for this pull only, and the
    rule that would make it last is printed. With --offline only the named mirrors and the store are asked.
    """
    document = asyncio.run(_pull(references, chosen, relock=relock, allow_downgrade=allow_downgrade, silent=as_json))
    show(document, lambda console: _draw(console, document), as_json=as_json)


async def _pull(
    references: tuple[str, ...], chosen: Chosen, *, relock: bool, allow_downgrade: bool, silent: bool
) -> dict[str, Any]:
    from mcpg.cli.plugin_locking import change_lock  # noqa: PLC0415 - slow to import
    from mcpg.cli.plugin_progress import telling  # noqa: PLC0415 - likewise
    from mcpg.cli.plugin_pulling import open_puller, wish_for  # noqa: PLC0415 - likewise
    from mcpg.cli.plugin_site import open_site  # noqa: PLC0415 - likewise

    site = await asyncio.to_thread(open_site, chosen)
    found = {}
    with telling(silent=silent) as told:
        async with open_puller(site, told, references) as pull_one:
            for text in dict.fromkeys(references):
                found[text] = await pull_one(wish_for(site, text, relock=relock, allow_downgrade=allow_downgrade))
    if relock:
        fresh = {text: each.locked() for text, each in found.items()}
        newest = max(each.receipt.revocations for each in found.values())
        await asyncio.to_thread(change_lock, site.lock_path, lambda before: before | fresh, newest)
    once = site.trust.once.items()
    return {
        "plugins": [each.document() for each in found.values()],
        "lock": str(site.lock_path) if relock else "",
        "trust": [{"prefix": name, "keys": [each.key.id for each in rule.keys]} for name, rule in once],
        "trusted_once": [str(path) for path in chosen.keys] if once else [],
    }


def _draw(console: Console, document: dict[str, Any]) -> None:
    for each in document["plugins"]:
        state = "pulled" if each["fresh"] else "is there already:"
        say(console, f"{state} {each['id']} {each['version']} from {each['source']}")
        say(console, f"  digest  {each['repository']}@{each['digest']}")
        for signer in (*each["keys"], *(f"{one['identity']} by {one['issuer']}" for one in each["identities"])):
            say(console, f"  signer  {signer}")
        say(console, f"  asks    {', '.join(each['grants']) or 'for nothing'}")
        for warning in each["warnings"]:
            say(console, f"  warning {warning}")
    if document["lock"]:
        say(console, f"locked in {document['lock']}")
    if document["trust"]:
        say(console, "\nThese keys were trusted this once. To trust them from now on, add to the configuration:\n")
        say(console, _rules(document["trust"], document["trusted_once"]))


def _rules(rules: list[dict[str, Any]], keys: list[str]) -> str:
    named = ", ".join(f'"{key}"' for key in keys)
    lines = [f'    - {{prefix: "{each["prefix"]}", keys: [{named}]}}' for each in rules]
    return "\n".join(["trust:", "  rules:", *lines])
