"""`mcpg revocations verify`: the rules for a list, run without taking it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg_revocations.envelopes import Anchor
    from mcpg_revocations.rules import Known

__all__ = ["anchor_of", "verify"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("file", type=FILE)
@click.option("--key", "keys", type=FILE, multiple=True, help="A publisher's public key; else what this site believes.")
@click.option("--threshold", type=click.IntRange(1), help="How many of the keys must have signed; else 2, or all of 1.")
@click.option("--at-least", type=click.IntRange(0), default=0, help="The version that must not be fallen below.")
@site_options()
@json_option
def verify(
    file: Path, keys: tuple[Path, ...], threshold: int | None, at_least: int, chosen: Chosen, *, as_json: bool
) -> None:
    """Say whether the list in FILE would be taken.

    With --key it is judged as the first list that somebody sees who believes these keys; without, as the next list of
    this site. Nothing is changed. Exit code 3, and the rule, when it would be refused.
    """
    from mcpg.cli.kit.list_files import read_text, when  # noqa: PLC0415 - slow to import
    from mcpg_revocations.envelopes import refused  # noqa: PLC0415 - likewise
    from mcpg_revocations.rules import Known, accept_chain  # noqa: PLC0415 - likewise

    now = int(time.time())
    known = Known(anchor_of(keys, threshold)) if keys else _of_site(chosen)
    found = accept_chain(known, read_text(file), now=now)
    if found.version < at_least:
        raise refused(f"found version {found.version}, wanted at least {at_least}", "revocation-rollback")
    document: dict[str, Any] = {
        "version": found.version,
        "digest": found.digest,
        "issuer": found.held.issuer if found.held else "",
        "expires": found.held.expires if found.held else None,
        "emergency": bool(found.held and found.held.emergency),
        "entries": len(found.held.entries) if found.held else 0,
        "news": found is not known,
    }

    def draw(console: Console) -> None:
        kind = "emergency list" if document["emergency"] else "list"
        say(console, f"good: {kind} version {found.version} of {document['issuer']}, {document['entries']} entries")
        say(console, f"  digest   {found.digest}\n  expires  {when(document['expires'])}")

    show(document, draw, as_json=as_json)


def anchor_of(paths: tuple[Path, ...], threshold: int | None) -> Anchor:
    """Return the anchor that options name; `ConfigError` when they make none."""
    from mcpg_registry.keyfiles import read_public_keys  # noqa: PLC0415 - slow to import
    from mcpg_revocations.envelopes import Anchor  # noqa: PLC0415 - likewise

    keys = {key.id: key for path in paths for key in read_public_keys(path)}
    try:
        return Anchor(tuple(keys.values()), threshold or min(2, len(keys)))
    except ValueError as error:
        raise ConfigError(str(error), where="--threshold", remedy="give more keys, or a lower threshold") from error


def _of_site(chosen: Chosen) -> Known:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import

    known = open_site(chosen).revocations.known()
    if known is None:
        raise ConfigError(
            "this site believes no publisher of lists",
            where="revocations",
            remedy="give --key, or configure `revocations.anchor`",
            code="no-revocation-anchor",
        )
    return known
