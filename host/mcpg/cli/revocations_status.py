"""`mcpg revocations status`: what a site goes by, and what that means for the plugins it has. It fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import FAILED, REFUSED, Verb, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.cli.kit.site import Site

__all__ = ["status"]


@click.command(cls=Verb)
@site_options("store", "lock")
@json_option
def status(chosen: Chosen, *, as_json: bool) -> None:
    """Say how old the list of this site is, whose it is, and which plugins it hits.

    Exit code 0 when the list is fresh and blocks or kills nothing that is here, 1 when it is stale, 3 when it is dead
    or hits.
    """
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import

    document = _status(open_site(chosen))
    show(document, lambda console: _draw(console, document), as_json=as_json)
    code = {"fresh": 0, "stale": FAILED, "dead": REFUSED}[document["state"]]
    if any(hit["action"] != "warn" for hit in document["hits"]):
        code = REFUSED
    if code:
        click.get_current_context().exit(code)


def _status(site: Site) -> dict[str, Any]:
    standing, now = site.revocations, site.now
    freshness, known = standing.freshness(now), standing.known()
    overrides = standing.overrides(now)
    return {
        "state": freshness.state,
        "reason": freshness.reason,
        "code": freshness.code,
        "source": freshness.source,
        "issuer": freshness.issuer,
        "version": freshness.version,
        "digest": standing.index(now).digest,
        "issued": freshness.issued,
        "expires": freshness.expires,
        "dead_at": freshness.dead_at,
        "checked": freshness.checked,
        "age": max(0, now - freshness.issued) if freshness.issued else None,
        "emergency": freshness.emergency,
        "anchor": [key.id for key in known.anchor.keys] if known else [],
        "threshold": known.anchor.threshold if known else 0,
        "announced": [key.id for key in known.announced.keys] if known and known.announced else [],
        "entries": {table.issuer or "shipped": len(table.entries) for table in standing.index(now).tables},
        "overrides": [
            {"entry": each.entry, "by": each.by, "reason": each.reason, "expires": each.expires} for each in overrides
        ],
        "faults": list(standing.faults()),
        "hits": _hits(site),
    }


def _hits(site: Site) -> list[dict[str, Any]]:
    from mcpg.cli.kit.holdings import held  # noqa: PLC0415 - slow to import
    from mcpg_revocations.index import check  # noqa: PLC0415 - likewise

    index, found = site.revocations.index(site.now), []
    for each in held(site):
        verdict = check(each.subject, index)
        if verdict.entries:
            first = verdict.entries[0]
            hit = {"plugin": each.reference, "held": each.how, "action": first.action, "entry": first.id}
            found.append(hit | {"reason": first.reason, "fixed_in": first.fixed_in})
    return found


def _expiry(document: dict[str, Any]) -> str:
    from mcpg.cli.kit.list_files import when  # noqa: PLC0415 - slow to import

    if document["expires"] is None:
        return "never"
    return f"{when(document['expires'])}, dead at {when(document['dead_at'])}"


def _draw(console: Console, document: dict[str, Any]) -> None:
    from mcpg.cli.kit.list_files import when  # noqa: PLC0415 - slow to import

    told = f": {document['reason']}" if document["reason"] else ""
    say(console, f"{document['state']}{told}")
    whose = f"{document['threshold']} of {len(document['anchor'])} keys" if document["anchor"] else "the program's own"
    lines = [
        ("list", f"version {document['version']} of {document['issuer'] or 'the program'} ({document['source']})"),
        *[("digest", document["digest"])] * bool(document["digest"]),
        *[("issued", when(document["issued"]))] * bool(document["issued"]),
        ("expires", _expiry(document)),
        *[("confirmed", when(document["checked"]))] * bool(document["checked"]),
        ("believed", whose),
        *[("key", key) for key in document["anchor"]],
        *[("next key", key) for key in document["announced"]],
        *[("entries", f"{count} of {name}") for name, count in document["entries"].items()],
        *[("override", f"{each['entry']} until {when(each['expires'])}, by {each['by']}: {each['reason']}")
          for each in document["overrides"]],
        *[("fault", fault) for fault in document["faults"]],
    ]  # fmt: skip
    for name, text in lines:
        say(console, f"  {name:<10} {text}")
    rows = [(each["action"], each["held"], each["plugin"], each["reason"]) for each in document["hits"]]
    if rows:
        table(console, ("action", "held", "plugin", "why"), rows)
