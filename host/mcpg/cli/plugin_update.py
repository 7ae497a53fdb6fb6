"""`mcpg plugin update`: moves locked plugins to newer versions, verified, shown, and only then written."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import parse_allowed, range_option, site_options, yes_option
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["update"]


@click.command(cls=Verb)
@click.argument("names", nargs=-1, metavar="[NAME...]")
@range_option
@yes_option
@site_options("store", "trust", "key", "mirror", "lock", "offline", "plain-http")
@json_option
def update(names: tuple[str, ...], allowed: str, chosen: Chosen, *, yes: bool, as_json: bool) -> None:
    """Move locked plugins to their newest versions.

    NAME is a use of the file, a plugin's id, or a reference of the lock; without one, all are meant. A tag that is no
    version is asked again for what it means now. What would change is shown (version, signers, effects asked for) and
    asked about, then written: into the lock, and into the references of the file. What is declined leaves the store.
    """
    document = asyncio.run(_update(names, allowed, chosen, yes=yes, silent=as_json))
    show(document, lambda console: _told(console, document), as_json=as_json)


async def _update(names: tuple[str, ...], allowed: str, chosen: Chosen, *, yes: bool, silent: bool) -> dict[str, Any]:
    from mcpg.cli.kit.moves import apply, decline, plan  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.progress import telling  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise

    wanted = parse_allowed(allowed)
    site = await asyncio.to_thread(open_site, chosen)
    with telling(silent=silent) as told:
        steps = await plan(site, names, wanted, told)
    document = {"changes": [step.document() for step in steps], "applied": False, "rewritten": 0}
    if steps and not silent:
        show(document, lambda console: _draw(console, document), as_json=False)
    agreed = False
    try:
        agreed = bool(steps) and (yes or (not silent and _agreed()))
    finally:
        if not agreed:
            await asyncio.to_thread(decline, site, steps)
    if agreed:
        document["rewritten"] = await asyncio.to_thread(apply, site, steps)
        document["applied"] = True
    return document


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise ConfigError(
            "nobody is there to be asked", where="mcpg plugin update", remedy="say --yes, or look at --json"
        )
    return click.confirm("Write this into the lock and the file?", err=True)


def _draw(console: Console, document: dict[str, Any]) -> None:
    for each in document["changes"]:
        say(console, f"{each['id']}  {each['version'][0]} -> {each['version'][1]}")
        say(console, f"  reference  {each['reference'][0]}\n          -> {each['reference'][1]}")
        say(console, f"  digest     {each['digest'][0]}\n          -> {each['digest'][1]}")
        for what in ("signers", "effects"):
            for sign, name in (("+", "added"), ("-", "removed")):
                for value in each[what][name]:
                    say(console, f"  {what:<10} {sign} {value}")
            if not each[what]["added"] and not each[what]["removed"]:
                say(console, f"  {what:<10} as before")


def _told(console: Console, document: dict[str, Any]) -> None:
    if not document["changes"]:
        say(console, "everything is at its newest version")
    elif document["applied"]:
        say(console, f"locked; {document['rewritten']} references of the file were changed")
    else:
        say(console, "nothing was changed")
