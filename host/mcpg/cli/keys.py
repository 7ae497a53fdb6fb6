"""`mcpg keys`: makes keys and prints them once. It stores none."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import click

from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["keys", "new_key"]

PREFIX = "mcpg_"
RANDOM_BYTES = 32


def new_key() -> tuple[str, str]:
    """Return a new API key (256 random bits) and the hash that `identity-api-key` wants."""
    key = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    return key, "sha256:" + hashlib.sha256(key.encode()).hexdigest()


@click.group()
def keys() -> None:
    """Make keys."""


@keys.command(cls=Verb)
@click.option("--id", "caller", default="", help="The caller's id, for the line to copy.")
@json_option
def new(caller: str, *, as_json: bool) -> None:
    """Make an API key and the hash of it that the configuration holds."""
    key, digest = new_key()
    entry = f'{{id: {caller or "NAME"}, hash: "{digest}"}}'

    def draw(console: Console) -> None:
        say(console, f"key   {key}\nhash  {digest}\n")
        console.print(
            "The key is shown only now: give it to the caller. Under `config.keys` of identity-api-key, write:"
        )
        say(console, f"  - {entry}")

    show({"key": key, "hash": digest}, draw, as_json=as_json)
