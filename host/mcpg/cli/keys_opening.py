"""Passwords and private keys, as options, the environment or a person at the terminal give them. It shows none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from mcpg_registry.trust.keys import PrivateKey

__all__ = ["ask_password", "choose_password", "open_key", "password_option"]

password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file whose one line is the key's password; else MCPG_KEY_PASSWORD, else it is asked for.",
)


def open_key(path: Path, password_file: Path | None) -> PrivateKey:
    """Return the private key in a file, asking for its password if it has one; `ConfigError` says why not."""
    from mcpg_registry.keyfiles import read_private_key  # noqa: PLC0415 - slow to import

    return read_private_key(path, lambda: ask_password(path, password_file))


def ask_password(path: Path, password_file: Path | None) -> bytes:
    """Return the password of the encrypted key in `path`; `ConfigError` when there is nobody to ask."""
    return _given(password_file) or _prompt(f"password of {path}", path, confirm=False)


def choose_password(path: Path, password_file: Path | None) -> bytes:
    """Return the password for a key that is about to be made; whoever types it types it twice."""
    return _given(password_file) or _prompt(f"new password of {path}", path, confirm=True)


def _given(password_file: Path | None) -> bytes | None:
    from mcpg_registry.keyfiles import read_password  # noqa: PLC0415 - slow to import

    return read_password(password_file, os.environ)


def _prompt(text: str, path: Path, *, confirm: bool) -> bytes:
    if not sys.stdin.isatty():
        raise ConfigError(
            "there is no password for this key, and no terminal to ask at",
            where=f"`{path}`",
            remedy="give --password-file, or MCPG_KEY_PASSWORD",
            code="bad-key-file",
        )
    answer: str = click.prompt(text, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer.encode()
