"""`mcpg plugin pull`: brings plugins into the store once every step has passed. It runs none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, ends_with, failure, json_option, plain, say, show
from mcpg.contract.problems import McpgError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.plugins.pulling import Pulled

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
    rule that would make it last is printed. With --offline only the named mirrors and the store are asked. Of several
    each is pulled that can be, and with --lock locked; the others are told, and decide the exit code.
    """
    document, errors = asyncio.run(
        _pull(references, chosen, relock=relock, allow_downgrade=allow_downgrade, silent=as_json)
    )
    show(document, lambda console: _draw(console, document), as_json=as_json)
    for error in () if as_json else errors:
        click.echo(f"error: {plain(error.diagnostics())}", err=True)
    if errors:
        click.get_current_context().exit(max(map(ends_with, errors)))


async def _pull(
    references: tuple[str, ...], chosen: Chosen, *, relock: bool, allow_downgrade: bool, silent: bool
) -> tuple[dict[str, Any], list[McpgError]]:
    from mcpg.cli.kit.lock_file import change_lock  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.progress import telling  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.puller import open_puller, wish_for  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise

    site, wanted = await asyncio.to_thread(open_site, chosen), tuple(dict.fromkeys(references))
    found: dict[str, Pulled] = {}
    failed: dict[str, McpgError] = {}
    with telling(silent=silent) as told:
        async with open_puller(site, told, references) as pull_one:
            for text in wanted:
                try:
                    found[text] = await pull_one(wish_for(site, text, relock=relock, allow_downgrade=allow_downgrade))
                except McpgError as error:
                    if len(wanted) == 1:
                        raise
                    failed[text] = error
    if relock and found:
        fresh = {text: each.locked() for text, each in found.items()}
        newest = max(each.receipt.revocations for each in found.values())
        await asyncio.to_thread(change_lock, site.lock_path, lambda before: before | fresh, newest)
    there = {each.receipt.repository for each in found.values()}
    once = [(name, rule) for name, rule in site.trust.once.items() if name in there]
    document = {
        "plugins": [each.document() for each in found.values()],
        "failed": [{"reference": text, **failure(error)} for text, error in failed.items()],
        "lock": str(site.lock_path) if relock and found else "",
        "trust": [{"prefix": name, "keys": [each.key.id for each in rule.keys]} for name, rule in once],
        "trusted_once": [str(path) for path in chosen.keys] if once else [],
    }
    return document, list(failed.values())


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
