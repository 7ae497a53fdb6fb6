"""`mcpg revocations sign`: one more signature under a list, so that several people can make a quorum."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from mcpg_revocations.publishing import Published

__all__ = ["sign", "signed_and_saved", "signer_options"]

FILE = click.Path(dir_okay=False, path_type=Path)


def signer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name who signs."""
    for option in (
        click.option("--public-key", type=FILE, help="The public key of --command."),
        click.option("--command", help="A program that signs what it gets on standard input, for a KMS or HSM."),
        click.option(
            "--password-file", type=FILE, help="The file whose one line opens the key; else MCPG_KEY_PASSWORD."
        ),
        click.option("--key", "keys", type=FILE, multiple=True, help="A private key's file."),
    ):
        command = option(command)
    return command


@click.command(cls=Verb)
@click.argument("file", type=FILE)
@signer_options
@json_option
def sign(
    file: Path,
    keys: tuple[Path, ...],
    password_file: Path | None,
    command: str | None,
    public_key: Path | None,
    *,
    as_json: bool,
) -> None:
    """Add a signature to the last list in FILE.

    Read it with `mcpg revocations show` first. A key that has signed before signs anew, and counts once.
    """
    from mcpg.cli.kit.list_files import load_file  # noqa: PLC0415 - slow to import

    published = load_file(file)
    document = asyncio.run(signed_and_saved(file, published, (keys, password_file, command, public_key)))
    show(document, lambda console: draw(console, document), as_json=as_json)


async def signed_and_saved(path: Path, published: Published, given: tuple[Any, ...]) -> dict[str, Any]:
    """Sign the last list with each signer that options name, write the file, and return what it holds now."""
    from mcpg.cli.kit.list_files import describe, save_file  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.signing import open_signers  # noqa: PLC0415 - slow to import
    from mcpg_revocations.publishing import sign_envelope_with  # noqa: PLC0415 - likewise

    signers = await open_signers(*given)
    signed = await sign_envelope_with(published, signers)
    await asyncio.to_thread(save_file, path, signed.text())
    return describe(signed) | {"file": str(path)}


def draw(console: Console, document: dict[str, Any]) -> None:
    """Tell a person what the file holds now, and what comes next."""
    say(console, f"version {document['version']}, {len(document['entries'])} entries, in {document['file']}")
    for key in document["signatures"]:
        say(console, f"  signed by  {key}")
    say(console, f"  next       mcpg revocations verify {document['file']} --key KEY.pub ..., then publish")
