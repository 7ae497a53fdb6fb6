"""`mcpg plugin audit`: everything that is here, asked of the revocation lists. It removes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import REFUSED, Verb, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["audit"]


@click.command(cls=Verb)
@click.option("--explain", is_flag=True, help="Tell every entry that hits in full, and which uses of the file it hits.")
@site_options("store", "mirror", "lock")
@json_option
def audit(chosen: Chosen, *, explain: bool, as_json: bool) -> None:
    """Ask the revocation lists about every plugin that is here.

    Here is what is built in, installed, locked, and in each folder or tar given as --mirror. Exit code 3 when an entry
    blocks or kills one of them, or when the list is too old to be believed.
    """
    document = asyncio.run(asyncio.to_thread(_audit, chosen))
    show(document, lambda console: _draw(console, document, explain=explain), as_json=as_json)
    if not document["ok"]:
        click.get_current_context().exit(REFUSED)


def _audit(chosen: Chosen) -> dict[str, Any]:
    from mcpg.cli.kit.holdings import held  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_revocations.index import check  # noqa: PLC0415 - likewise
    from mcpg_revocations.lists import Action  # noqa: PLC0415 - likewise

    site = open_site(chosen)
    freshness, index = site.revocations.freshness(site.now), site.revocations.index(site.now)
    uses = {use.source: name for name, use in site.loaded.config.plugins.items()} if site.loaded else {}
    rows, hit = [], False
    for each in held(site):
        verdict = check(each.subject, index)
        hit |= verdict.action >= Action.BLOCK
        rows.append(
            {
                "reference": each.reference,
                "held": each.how,
                "id": each.subject.id,
                "version": each.subject.version,
                "action": verdict.action.name.lower(),
                "entries": [_entry(entry) for entry in verdict.entries],
                "use": uses.get(each.reference, ""),
            }
        )
    return {
        "ok": not hit and freshness.state != "dead",
        "list": {"version": freshness.version, "state": freshness.state, "reason": freshness.reason},
        "plugins": rows,
    }


def _entry(entry: Any) -> dict[str, Any]:
    names = ("id", "action", "reason", "fixed_in", "refs")
    return {name: list(value) if isinstance(value := getattr(entry, name), tuple) else value for name in names}


def _draw(console: Console, document: dict[str, Any], *, explain: bool) -> None:
    found = document["list"]
    say(console, f"revocation list version {found['version']}: {found['state']} {found['reason']}".rstrip())
    hits = [each for each in document["plugins"] if each["entries"]]
    rows = [(each["action"], each["held"], each["reference"], each["entries"][0]["reason"]) for each in hits]
    if rows:
        table(console, ("action", "held", "plugin", "why"), rows)
    for each in hits if explain else ():
        _explain(console, each)
    total, bad = len(document["plugins"]), sum(each["action"] in {"block", "kill"} for each in hits)
    say(console, f"{total} plugins asked about, {bad} revoked, {len(hits) - bad} warned of")


def _explain(console: Console, each: dict[str, Any]) -> None:
    used = f", used as `{each['use']}`" if each["use"] else ""
    say(console, f"\n{each['reference']} ({each['id']} {each['version']}{used})")
    for entry in each["entries"]:
        say(console, f"  {entry['action']} by {entry['id']}: {entry['reason']}")
        say(console, f"    to do: {'use version ' + entry['fixed_in'] if entry['fixed_in'] else 'stop using it'}")
        for ref in entry["refs"]:
            say(console, f"    see    {ref}")
