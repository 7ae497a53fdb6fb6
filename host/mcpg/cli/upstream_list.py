"""`mcpg upstream list`: every upstream, how a running gateway finds it, and what waits. It asks no upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, config_option, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.definitions import Standing
    from mcpg.config import Loaded

__all__ = ["list_upstreams"]


@click.command("list", cls=Verb)
@config_option
@json_option
def list_upstreams(config_path: str, *, as_json: bool) -> None:
    """List the upstreams of the file, and how they are.

    How they are is what a running gateway says over `server.admin`; without one it is not known. What was offered and
    approved is read from the state folder.
    """
    from mcpg.cli.kit.admin import ask_admin  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.definitions import standings  # noqa: PLC0415 - likewise
    from mcpg.config import load  # noqa: PLC0415 - likewise

    loaded = load(config_path)
    running, why = ask_admin(loaded, "upstreams")
    live = running if isinstance(running, dict) else {}
    rows = [_row(loaded, standing, live.get(standing.name)) for standing in standings(loaded)]
    document = {"online": not why, "why_not": why, "upstreams": rows}
    show(document, lambda console: _draw(console, document), as_json=as_json)


def _row(loaded: Loaded, standing: Standing, live: Any) -> dict[str, Any]:
    upstream = loaded.config.upstreams[standing.name]
    told = live if isinstance(live, dict) else {}
    return {
        "name": standing.name,
        "transport": "stdio" if upstream.stdio is not None else f"http ({upstream.http.transport})",  # type: ignore[union-attr]
        "state": str(told.get("state", "")),
        "version": str(told.get("version", "")),
        "last_error": str(told.get("last_error", "")),
        "lock": str(standing.rules.lock),
        "seen": standing.pinned is not None,
        **standing.counts(),
    }


def _draw(console: Console, document: dict[str, Any]) -> None:
    columns = ("upstream", "transport", "state", "MCP", "definitions", "waiting", "last error")
    rows = []
    for each in document["upstreams"]:
        waiting = each["changed"] + each["new"]
        shown = f"{waiting} ({each['held']} held back)" if waiting else "-"
        count = str(each["definitions"]) if each["seen"] else "never seen"
        state = each["state"] or "not known"
        rows.append((each["name"], each["transport"], state, each["version"], count, shown, each["last_error"][:80]))
    table(console, columns, rows)
    if document["why_not"]:
        say(console, f"how they are is not known: {document['why_not']}")
