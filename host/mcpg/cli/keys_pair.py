"""`mcpg keys generate` and `mcpg keys show`: key pairs that sign plugins and lists. No private key is ever printed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.keys_opening import choose_password, password_option
from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg_registry.trust.rotation import Rotation

__all__ = ["generate", "show_key"]


@click.command(cls=Verb)
@click.argument("name", type=click.Path(path_type=Path))
@password_option
@click.option("--no-password", is_flag=True, help="Leave the private key unencrypted, readable by its owner only.")
@json_option
def generate(name: Path, password_file: Path | None, *, no_password: bool, as_json: bool) -> None:
    """Make a key pair that signs: NAME.key and NAME.pub.

    The private key is Ed25519 in PKCS#8 PEM, encrypted with its password, and readable by its owner only. Nothing is
    overwritten. The public key is what others are given: `--key NAME.pub`, and the trust policy.
    """
    if no_password and password_file is not None:
        raise click.UsageError("--no-password and --password-file exclude each other")
    if not name.name:
        raise click.UsageError("NAME is a file's name without its ending, such as keys/acme")
    from mcpg_registry.keyfiles import write_pair  # noqa: PLC0415 - slow to import
    from mcpg_registry.trust.keys import PrivateKey, hint_of  # noqa: PLC0415 - likewise

    password = None if no_password else choose_password(name.with_name(name.name + ".key"), password_file)
    key = PrivateKey.generate()
    private, public = write_pair(name, key, password)
    document = {
        "id": key.public.id,
        "hint": hint_of(key.public.id),
        "private": str(private),
        "public": str(public),
        "encrypted": password is not None,
    }
    show(document, lambda console: _draw_pair(console, document), as_json=as_json)


def _draw_pair(console: Console, document: dict[str, Any]) -> None:
    how = "encrypted" if document["encrypted"] else "NOT encrypted"
    say(console, f"id       {document['id']}\nprivate  {document['private']} ({how}; keep it)")
    say(console, f"public   {document['public']} (give it to those who should trust it)")
    say(console, f"sign     mcpg plugin sign REFERENCE --key {document['private']}")


@click.command("show", cls=Verb)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@password_option
@json_option
def show_key(file: Path, password_file: Path | None, *, as_json: bool) -> None:
    """Show what is in a key file or a rotation proof.

    Its kind, id and hint, and whether a private key is encrypted; never the key. Without its password an encrypted key
    does not even tell its id.
    """
    from mcpg_registry.keyfiles import read_text  # noqa: PLC0415 - slow to import

    text = read_text(file)
    if text.lstrip().startswith("{"):
        found = [_rotation(file, text)]
    elif "PRIVATE KEY-----" in text:
        found = [_private(file, text, password_file)]
    else:
        found = _public(file)
    show(found, lambda console: _draw(console, found), as_json=as_json)


def _public(file: Path) -> list[dict[str, Any]]:
    from mcpg_registry.keyfiles import read_public_keys  # noqa: PLC0415 - slow to import
    from mcpg_registry.trust.keys import hint_of  # noqa: PLC0415 - likewise

    return [{"kind": "public", "id": key.id, "hint": hint_of(key.id)} for key in read_public_keys(file)]


def _private(file: Path, text: str, password_file: Path | None) -> dict[str, Any]:
    from mcpg_registry.keyfiles import read_password, read_private_key  # noqa: PLC0415 - slow to import
    from mcpg_registry.trust.keys import hint_of, is_sealed  # noqa: PLC0415 - likewise

    sealed = is_sealed(text)
    password = read_password(password_file, os.environ) if sealed else None
    known = {"kind": "private", "encrypted": sealed, "others_can_read": bool(file.stat().st_mode & 0o077)}
    if sealed and password is None:
        return known | {"id": None, "hint": None}
    key_id = read_private_key(file, lambda: password).public.id
    return known | {"id": key_id, "hint": hint_of(key_id)}


def _rotation(file: Path, text: str) -> dict[str, Any]:
    from mcpg.contract.problems import ConfigError  # noqa: PLC0415 - rarely needed
    from mcpg_registry.trust.rotation import read_rotation  # noqa: PLC0415 - slow to import

    try:
        proof = read_rotation(text.encode())
    except ValueError as error:
        remedy = "name a key file, or a proof made by `mcpg keys rotate`"
        raise ConfigError(f"cannot be used: {error}", where=f"`{file}`", remedy=remedy, code="bad-key-file") from None
    return described_rotation(proof)


def described_rotation(proof: Rotation) -> dict[str, Any]:
    """Return what a proof says as plain values; whether the old key has really signed, its public key would show."""
    handover = proof.handover
    return {
        "kind": "rotation",
        "prefix": handover.prefix,
        "old": handover.old,
        "new": handover.new.id,
        "from": _when(handover.start),
        "until": None if handover.until is None else _when(handover.until),
        "signed_by_new": proof.signed_by(handover.new),
    }


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _draw(console: Console, found: list[dict[str, Any]]) -> None:
    for each in found:
        width = max(map(len, each))
        for name, value in each.items():
            told = value if isinstance(value, str) else {None: "unknown", True: "yes", False: "no"}[value]
            say(console, f"{name.replace('_', ' '):<{width}}  {told}")
