"""`mcpg upstream show`: what an upstream offered when it was last seen, all or some of it. It asks no upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, config_option, json_option, say, show, table
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from mcpg.cli.kit.definitions import Standing
    from mcpg.gateway.pinning_lock import Key

__all__ = ["keys_of", "kind_options", "show_upstream"]

_OPTIONS = (
    click.option("--tool", "tools", multiple=True, metavar="TOOL", help="A tool, by the upstream's own name."),
    click.option("--prompt", "prompts", multiple=True, metavar="PROMPT", help="A prompt, likewise."),
    click.option("--resource", "resources", multiple=True, metavar="URI", help="A resource, by its URI."),
    click.option("--template", "templates", multiple=True, metavar="URI", help="A resource template, likewise."),
    click.option("--instructions", is_flag=True, help="What the server says of its use as a whole."),
)


def keys_of(chosen: dict[str, Any]) -> list[Key]:
    """Return the definitions that the options name, by kind and name."""
    instructions: list[Key] = [("instructions", "server")] if chosen.pop("instructions") else []
    return instructions + [(field.removesuffix("s"), name) for field, names in chosen.items() for name in names]


def kind_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name definitions of each kind."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("show", cls=Verb)
@click.argument("name")
@kind_options
@config_option
@json_option
def show_upstream(name: str, config_path: str, *, as_json: bool, **chosen: Any) -> None:
    """Show what NAME offered when it was last seen.

    With --tool and the like the whole definition is shown, every character of it that a terminal would not draw
    written out.
    """
    from mcpg.cli.kit.definitions import standings  # noqa: PLC0415 - slow to import
    from mcpg.config import load  # noqa: PLC0415 - likewise

    standing = standings(load(config_path), name)[0]
    keys = keys_of(chosen)
    for key in keys:
        if key not in standing.seen.digests:
            remedy = f"see `mcpg upstream show {name}`"
            raise ConfigError(f"offered no {key[0]} `{key[1]}`", where=f"upstream `{name}`", remedy=remedy)
    document = _document(standing, keys)
    show(document, lambda console: _draw(console, document, keys), as_json=as_json)


def _document(standing: Standing, keys: list[Key]) -> dict[str, Any]:
    seen, pinned = standing.seen.digests, standing.pinned or {}
    rows = []
    for key in keys or sorted({*seen, *pinned}):
        digest = seen.get(key, "")
        row = {"kind": key[0], "name": key[1], "state": standing.state(key), "digest": digest}
        rows.append(row | ({"definition": standing.definition(digest)} if keys else {}))
    held = {"lock": str(standing.rules.lock), "changed": standing.rules.changed, "new": standing.rules.new}
    return {"upstream": standing.name, "seen_at": standing.seen.at, **held, "definitions": rows}


def _draw(console: Console, document: dict[str, Any], keys: list[Key]) -> None:
    from mcpg.cli.kit.visible import lines_of, visible  # noqa: PLC0415 - only where it is drawn

    if keys:
        for row in document["definitions"]:
            say(console, f"{row['kind']} {visible(row['name'])} ({row['state']}, {row['digest'][:19]})")
            for line in lines_of(row["definition"]):
                say(console, f"  {line}")
        return
    if not document["definitions"]:
        say(console, f"`{document['upstream']}` has not been seen yet: start the gateway once")
    rows = [(r["state"], r["kind"], visible(r["name"]), r["digest"][7:19]) for r in document["definitions"]]
    if rows:
        table(console, ("state", "kind", "name", "sha256"), rows)
