"""`mcpg keys`: API keys for callers, and key pairs that sign plugins and lists. It stores no API key."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import click

from mcpg.cli.lazy import LazyGroup
from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["VERBS", "keys", "new", "new_key"]

PREFIX = "mcpg_"
RANDOM_BYTES = 32
VERBS: dict[str, tuple[str, str]] = {
    "new": ("mcpg.cli.keys:new", "Make an API key and the hash of it that the configuration holds."),
    "generate": ("mcpg.cli.keys_pair:generate", "Make a key pair that signs: NAME.key and NAME.pub."),
    "show": ("mcpg.cli.keys_pair:show_key", "Show what is in a key file or a rotation proof."),
    "rotate": ("mcpg.cli.keys_rotate:rotate", "Let an old key prove that a new one stands in for it."),
}
"""Each verb with where its command stands and its first line of help."""


def new_key() -> tuple[str, str]:
    """Return a new API key (256 random bits) and the hash that `identity-api-key` wants."""
    key = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    return key, "sha256:" + hashlib.sha256(key.encode()).hexdigest()


@click.group(cls=LazyGroup, table=VERBS)
def keys() -> None:
    """Make keys, show and rotate them."""


@click.command(cls=Verb)
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
