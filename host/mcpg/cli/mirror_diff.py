"""`mcpg plugin mirror diff`: what lies between two bundles. It verifies no publisher and opens no connection."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg_mirror.inventory import Inventory

__all__ = ["diff"]

BUNDLE = click.Path(path_type=Path)


@click.command(cls=Verb)
@click.argument("one", type=BUNDLE)
@click.argument("other", type=BUNDLE)
@json_option
def diff(one: Path, other: Path, *, as_json: bool) -> None:
    """Say what lies between two bundles.

    Only their inventories are read, each checked against its own signature. Exit code 0 whatever lies between them.
    """
    document = asyncio.run(asyncio.to_thread(_diff, one, other))
    show(document, lambda console: _draw(console, document), as_json=as_json)


def _diff(one: Path, other: Path) -> dict[str, Any]:
    from mcpg_mirror.comparing import compare  # noqa: PLC0415 - slow to import

    return compare(_inventory(one), _inventory(other))


def _inventory(path: Path) -> Inventory:
    from mcpg_mirror.reading import open_bundle  # noqa: PLC0415 - slow to import

    bundle = open_bundle(path)
    bundle.files.close()
    return bundle.inventory


def _draw(console: Console, document: dict[str, Any]) -> None:
    if document["same"]:
        say(console, f"the same bundle: {document['one']}")
        return
    say(console, f"from {document['one']}\nto   {document['other']}")
    for sign, kind in (("+", "added"), ("-", "removed")):
        for name in document[kind]:
            say(console, f"{sign} {name}")
    for each in document["moved"]:
        say(console, f"! {each['name']}: {each['from']} became {each['to']}")
    for name in document["signatures"]:
        say(console, f"~ {name}: other signatures")
    listed = document["revocations"]
    say(console, f"  revocations  version {listed['from']} to {listed['to']}")
    say(console, f"  new          {document['new_blobs']} blobs, {document['new_bytes']} bytes")
