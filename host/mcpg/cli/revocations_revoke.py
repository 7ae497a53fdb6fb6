"""`mcpg revocations revoke`: the next list out of the last one. It publishes nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, show
from mcpg.cli.revocations_sign import FILE, draw, signed_and_saved, signer_options
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_revocations.lists import Entry, NextKeys
    from mcpg_revocations.publishing import Change

__all__ = ["KINDS", "entry_options", "make_entry", "revoke"]

KINDS = ("manifest", "wasm", "key", "identity", "publisher", "plugin", "vulnerability")
DAY = 86_400


def entry_options(command: Any) -> Any:
    """Add the options that make an entry."""
    for option in (
        click.option("--fixed-in", default="", help="The first version that is well again."),
        click.option("--ref", "refs", multiple=True, help="Where to read more: a CVE, a GHSA, an address."),
        click.option("--reason", default="", help="Why, in one line."),
        click.option(
            "--action",
            type=click.Choice(["kill", "block", "warn"]),
            default="block",
            show_default=True,
            help="Stop what runs, let nothing load anew, or only warn.",
        ),
        click.option("--id", "entry_id", default="", help="The entry's id; else one out of list version and match."),
        click.option("--identity-issuer", default="", help="The issuer that goes with identity=."),
        click.option("--versions", default="", help="The versions that go with plugin=, such as `<1.2.1`, or *."),
        click.option(
            "--match",
            metavar="KIND=VALUE",
            help=f"What is revoked: one of {', '.join(KINDS)}, and its value.",
        ),
    ):
        command = option(command)
    return command


@click.command(cls=Verb)
@click.argument("file", type=FILE)
@entry_options
@click.option("--entries", type=FILE, help="A JSON file of further entries, as `mcpg revocations add` writes it.")
@click.option("--remove", multiple=True, help="The id of an entry that is taken back.")
@click.option("--emergency", is_flag=True, help="Make a list that one signature carries, and that only adds.")
@click.option("--issuer", default="", help="Whose list it is, for a first one: FILE is not there yet.")
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help="How long the list is fresh.")
@click.option(
    "--grace-days", type=click.IntRange(0, 90), default=14, show_default=True, help="How long it is stale after that."
)
@click.option(
    "--next-key", "next_keys", type=FILE, multiple=True, help="A public key that signs from the next list on."
)
@click.option("--next-threshold", type=click.IntRange(1, 16), help="How many of the next keys must sign; else 2, or 1.")
@click.option("--version", "number", type=click.IntRange(1), help="The list's version, to jump ahead.")
@signer_options
@json_option
def revoke(file: Path, *, as_json: bool, **given: Any) -> None:
    """Make the next list of FILE, as a publisher, and sign it.

    FILE becomes the next list: all entries of the last one, less --remove, and the new ones. Without an entry it only
    renews the list. One person makes it with one key, the others add theirs with `mcpg revocations sign`. To change
    the keys give --next-key for each, and have the list signed by old and new keys.
    """
    from mcpg.cli.kit.list_files import load_file  # noqa: PLC0415 - slow to import
    from mcpg_revocations.publishing import next_list, start  # noqa: PLC0415 - likewise

    published = load_file(file) if file.exists() or not given["issuer"] else None
    number = given["number"] or (published.last.version + 1 if published else 1)
    listed = next_list(published, _change(given, number), int(time.time()))
    drafted = published.then(listed) if published else start(listed)
    signers = tuple(given[name] for name in ("keys", "password_file", "command", "public_key"))
    document = asyncio.run(signed_and_saved(file, drafted, signers))
    show(document, lambda console: draw(console, document), as_json=as_json)


def make_entry(given: dict[str, Any], default: str) -> Entry | None:
    """Return the entry that options describe, or none if they name no match; `ConfigError` for a wrong one."""
    from mcpg_revocations.lists import Entry  # noqa: PLC0415 - slow to import

    if not given["match"]:
        return None
    kind, equals, value = given["match"].partition("=")
    if kind not in KINDS or not equals or not value:
        raise click.UsageError(f"--match is KIND=VALUE, and KIND one of {', '.join(KINDS)}")
    marks = {kind: value, "versions": given["versions"], "issuer": given["identity_issuer"]}
    try:
        return Entry(
            id=given["entry_id"] or f"{default}-{kind}",
            action=given["action"],
            reason=given["reason"] or "no reason given",
            refs=given["refs"],
            fixed_in=given["fixed_in"],
            since=int(time.time()),
            **{name: text for name, text in marks.items() if text},
        )
    except ValueError as error:
        raise ConfigError(str(error), where="the entry", remedy="mend the options", code="bad-revocations") from error


def _change(given: dict[str, Any], number: int) -> Change:
    from mcpg_revocations.publishing import Change  # noqa: PLC0415 - slow to import

    entry = make_entry(given, f"R{number}")
    return Change(
        add=(*([entry] if entry else []), *_more(given["entries"])),
        remove=given["remove"],
        issuer=given["issuer"],
        life=given["days"] * DAY,
        grace=given["grace_days"] * DAY,
        emergency=given["emergency"],
        keys=_next(given["next_keys"], given["next_threshold"]),
        version=given["number"],
    )


def _more(path: Path | None) -> tuple[Entry, ...]:
    from mcpg.cli.kit.list_files import read_text  # noqa: PLC0415 - slow to import
    from mcpg_revocations.lists import MAX_LIST, Additions, decode  # noqa: PLC0415 - likewise

    if path is None:
        return ()
    try:
        return decode(Additions, read_text(path), MAX_LIST).entries
    except ValueError as error:
        remedy = 'write {"schema":1,"entries":[...]}'
        raise ConfigError(str(error), where=f"`{path}`", remedy=remedy, code="bad-revocations") from error


def _next(paths: tuple[Path, ...], threshold: int | None) -> NextKeys | None:
    from mcpg.cli.revocations_verify import anchor_of  # noqa: PLC0415 - slow to import
    from mcpg_revocations.lists import NextKeys  # noqa: PLC0415 - likewise

    if not paths:
        return None
    anchor = anchor_of(paths, threshold)
    return NextKeys(next=tuple(key.pem for key in anchor.keys), threshold=anchor.threshold)
