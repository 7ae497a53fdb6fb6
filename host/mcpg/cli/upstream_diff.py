"""`mcpg upstream diff`: what upstreams say now against what was approved, nothing hidden. It approves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import FAILED, Verb, config_option, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.definitions import Standing

__all__ = ["diff"]

MOST_DEFINITIONS = 50


@click.command(cls=Verb)
@click.argument("name", required=False)
@click.option("--full", is_flag=True, help="Leave nothing out, however long it is.")
@config_option
@json_option
def diff(name: str | None, config_path: str, *, full: bool, as_json: bool) -> None:
    """Show how what NAME, or each upstream, says of itself differs from what was approved.

    Characters that a terminal would not draw are written out. Exit code 1 when something differs.
    """
    from mcpg.cli.kit.definitions import standings  # noqa: PLC0415 - slow to import
    from mcpg.config import load  # noqa: PLC0415 - likewise

    found = [_differences(each, full=full) for each in standings(load(config_path), name)]
    show({"upstreams": found}, lambda console: _draw(console, found), as_json=as_json)
    if any(each["differences"] for each in found):
        click.get_current_context().exit(FAILED)


def _differences(standing: Standing, *, full: bool) -> dict[str, Any]:
    from mcpg.cli.kit.visible import MOST_LINES, difference  # noqa: PLC0415 - only here
    from mcpg.gateway.pinning_lock import seen_digest  # noqa: PLC0415 - slow to import

    pinned, most = standing.pinned or {}, 10**9 if full else MOST_LINES
    rows: list[dict[str, Any]] = []
    for key, digest in standing.waiting.items():
        before, after = standing.definition(pinned.get(key)), standing.definition(digest)
        known = key not in pinned or before is not None
        shown = len(rows) < MOST_DEFINITIONS or full
        rows.append(
            {
                "kind": key[0],
                "name": key[1],
                "state": standing.state(key),
                "held": key in standing.finding.held,
                "approved": pinned.get(key, ""),
                "seen": digest,
                "note": "" if known else "only the digest of what was approved is known here",
                "lines": difference(before, after, most=most) if shown else [],
            }
        )
    gone = [{"kind": kind, "name": name} for kind, name in sorted(standing.finding.gone)]
    return {
        "upstream": standing.name,
        "seen": seen_digest(standing.seen.digests),
        "differences": rows,
        "gone": gone,
    }


def _draw(console: Console, found: list[dict[str, Any]]) -> None:
    from mcpg.cli.kit.visible import visible  # noqa: PLC0415 - only where it is drawn

    for each in found:
        name = each["upstream"]
        for row in each["differences"]:
            held = "held back" if row["held"] else "let through"
            say(console, f"{name}: {row['kind']} {visible(row['name'])} {_what(row['state'])}, {held}")
            for line in [row["note"], *row["lines"]] if row["note"] else row["lines"]:
                say(console, f"  {line}")
            if not row["lines"]:
                say(console, f"  not shown: mcpg upstream diff {name} --full")
        if each["gone"]:
            names = ", ".join(f"{gone['kind']} {visible(gone['name'])}" for gone in each["gone"][:10])
            say(console, f"{name}: offers no more: {names}{' and others' * (len(each['gone']) > 10)}")  # noqa: PLR2004 - a line's length
        if each["differences"]:
            say(console, f"to approve exactly this: mcpg upstream approve {name} --all --seen {each['seen'][7:19]}")
        else:
            say(console, f"{name}: nothing waits for approval")


def _what(state: str) -> str:
    return "has changed" if state == "changed" else "is new"
