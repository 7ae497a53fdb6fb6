"""`mcpg keys rotate`: a proof, signed by both keys, that a new key stands in for an old one. It changes no policy."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.keys_opening import open_key, password_option
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg_registry.trust.keys import PrivateKey, PublicKey
    from mcpg_registry.trust.rotation import Rotation

__all__ = ["rotate"]

_FILE = click.Path(path_type=Path, dir_okay=False)


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Return the seconds since 1970 of a date, or of a time with its zone; without one it is UTC."""
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"`{value[:40]}` is no date such as 2026-12-01 or 2026-12-01T08:00:00Z") from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the options say."""

    old: Path | None
    new: Path
    prefix: str | None
    start: int | None
    until: int | None
    finish: Path | None
    password_file: Path | None
    new_password_file: Path | None


@click.command(cls=Verb)
@click.option("--old", type=_FILE, help="The private key that hands over.")
@click.option(
    "--new", type=_FILE, required=True, help="The key that takes over: NEW.key, or NEW.pub if it is not here."
)
@click.option("--prefix", help="The repositories that it is about, such as ghcr.io/acme.")
@click.option(
    "--from", "start", callback=_moment, metavar="TIME", help="When the new key begins to count; now, if not said."
)
@click.option(
    "--until", callback=_moment, metavar="TIME", help="When the old key ends to count for what is not locked yet."
)
@click.option("--finish", type=_FILE, help="A proof made with NEW.pub, for the new key to sign.")
@click.option("--out", type=_FILE, required=True, help="The proof's file, which must not be there yet.")
@password_option
@click.option("--new-password-file", type=_FILE, help="Likewise for the new key, if its password is another.")
@json_option
def rotate(out: Path, *, as_json: bool, **options: Any) -> None:
    """Let an old key prove that a new one stands in for it.

    Both keys sign. If the new private key is elsewhere, make the proof with NEW.pub, and let its owner --finish it. Who
    trusts the old key lists the proof under `trust.rotations`, and needs to trust no new key by hand.
    """
    from mcpg.cli.keys_pair import described_rotation  # noqa: PLC0415 - slow to import
    from mcpg_registry.keyfiles import create  # noqa: PLC0415 - likewise

    wish = _Wish(**options)
    proof = _finished(wish, wish.finish) if wish.finish is not None else _begun(wish)
    create(out, proof.text(), mode=0o644)
    document = described_rotation(proof) | {"file": str(out)}
    show(document, lambda console: _draw(console, document), as_json=as_json)


def _draw(console: Console, document: dict[str, Any]) -> None:
    say(console, f"{document['file']}: from {document['from']} on, for {document['prefix']}")
    say(console, f"  old  {document['old']}" + (f" (until {document['until']})" if document["until"] else ""))
    say(console, f"  new  {document['new']}")
    if document["signed_by_new"]:
        say(console, "  next: publish it; who trusts the old key lists it under `trust.rotations`")
    else:
        say(console, f"  next: mcpg keys rotate --finish {document['file']} --new NEW.key --out FILE")


def _begun(wish: _Wish) -> Rotation:
    """Return the proof signed by the old key, and by the new one if it is here."""
    if wish.old is None or wish.prefix is None:
        raise click.UsageError("give --old, --new and --prefix; or --finish and --new")
    from mcpg_registry.trust.rotation import Handover, parse_rotation, rotation_of  # noqa: PLC0415 - slow to import

    old = open_key(wish.old, wish.password_file)
    private, public = _new_key(wish)
    start = int(time.time()) if wish.start is None else wish.start
    try:
        handover = Handover(wish.prefix.rstrip("/"), old.public.id, public, start, wish.until)
    except ValueError as error:
        raise ConfigError(str(error), where="the rotation", remedy="mend --prefix, the times, or the keys") from None
    data = handover.signed_bytes()
    signers = [old] if private is None else [old, private]
    proof = rotation_of(handover, {key.public.id: key.sign(data) for key in signers})
    return proof if private is None else parse_rotation(proof.text())


def _finished(wish: _Wish, file: Path) -> Rotation:
    """Return the proof in `file` with the new key's signature added; the old one's is kept as it is."""
    if wish.old is not None or wish.prefix is not None or wish.start is not None or wish.until is not None:
        raise click.UsageError("--finish changes nothing in the proof; leave --old, --prefix, --from and --until out")
    from mcpg_registry.keyfiles import read_text  # noqa: PLC0415 - slow to import
    from mcpg_registry.trust.rotation import finished, read_rotation  # noqa: PLC0415 - likewise

    private, public = _new_key(wish)
    if private is None:
        raise click.UsageError(f"--finish wants the private key of `{public.id}`")
    try:
        return finished(read_rotation(read_text(file).encode()), private)
    except ValueError as error:
        remedy = "give the private key that the proof names as new"
        raise ConfigError(
            f"cannot be finished: {error}", where=f"`{file}`", remedy=remedy, code="bad-key-file"
        ) from None


def _new_key(wish: _Wish) -> tuple[PrivateKey | None, PublicKey]:
    from mcpg_registry.keyfiles import read_public_keys, read_text  # noqa: PLC0415 - slow to import

    if "PRIVATE KEY-----" in read_text(wish.new):
        private = open_key(wish.new, wish.new_password_file or wish.password_file)
        return private, private.public
    found = read_public_keys(wish.new)
    if len(found) != 1:
        raise ConfigError("holds more than one key", where=f"`{wish.new}`", remedy="give the one that takes over")
    return None, found[0]
