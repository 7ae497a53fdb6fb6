"""Key files: pairs made once and never overwritten, keys and passwords read. It judges no trust; all of it blocks.

`NAME.key` is the private key, PKCS#8 PEM, encrypted unless said otherwise, readable by its owner only. `NAME.pub` is
the public key, SPKI PEM, as cosign and openssl read it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.layout import read_followed
from mcpg_registry.trust.keys import MAX_PEM, PrivateKey, is_sealed, load_public_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mcpg_registry.trust.keys import PublicKey

__all__ = ["PASSWORD", "create", "read_password", "read_private_key", "read_public_keys", "read_text", "write_pair"]

PASSWORD = "MCPG_KEY_PASSWORD"  # noqa: S105 - the variable's name
MAX_PASSWORD = 1024
PRIVATE, PUBLIC = ".key", ".pub"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def write_pair(stem: Path, key: PrivateKey, password: bytes | None) -> tuple[Path, Path]:
    """Write `STEM.key` (0600) and `STEM.pub` (0644) and return their paths; `ConfigError` if one is there already."""
    private, public = stem.with_name(stem.name + PRIVATE), stem.with_name(stem.name + PUBLIC)
    if public.exists() or public.is_symlink():
        raise _taken(public)
    create(private, key.pem(password).encode(), mode=0o600)
    try:
        create(public, key.public.pem.encode(), mode=0o644)
    except BaseException:
        private.unlink(missing_ok=True)
        raise
    return private, public


def create(path: Path, data: bytes, *, mode: int) -> None:
    """Make a file that was not there, whole and synced; `ConfigError` if it was, or cannot be written."""
    with _told(path, "cannot be written", "choose a folder that you may write to"):
        try:
            handle = os.open(path, _NEW, mode)
        except FileExistsError:
            raise _taken(path) from None
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, mode)
                file.write(data)
                file.flush()
                os.fsync(handle)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def read_private_key(path: Path, password: Callable[[], bytes | None]) -> PrivateKey:
    """Return the private key in a file; `password` is asked only if it is encrypted. `ConfigError` never shows it."""
    text = read_text(path)
    with _told(path, "cannot be used", "give an Ed25519 private key in PKCS#8 PEM, and its password if it has one"):
        return PrivateKey.from_pem(text, password() if is_sealed(text) else None)


def read_public_keys(path: Path) -> tuple[PublicKey, ...]:
    """Return the public keys in a file, in order; `ConfigError` when there is none or anything else."""
    text = read_text(path)
    with _told(path, "cannot be used", "give the public key, the file that ends in .pub"):
        if "PRIVATE KEY-----" in text:
            raise ValueError("it is a private key")
        return load_public_keys(text)


def read_password(file: Path | None, environ: Mapping[str, str]) -> bytes | None:
    """Return the password in `file` (its one line) or in `MCPG_KEY_PASSWORD`; none if neither is given."""
    if file is None:
        return environ[PASSWORD].encode() if environ.get(PASSWORD) else None
    with _told(file, "cannot be used", "give a file whose one line is the password"):
        password = read_followed(file, MAX_PASSWORD).removesuffix(b"\n").removesuffix(b"\r")
        if not password or b"\n" in password:
            raise ValueError("it does not hold exactly one line")
        return password


def read_text(path: Path) -> str:
    """Return the text of a small key file; `ConfigError` says why not."""
    with _told(path, "cannot be read", "name a key file"):
        return read_followed(path, MAX_PEM).decode()


@contextmanager
def _told(path: Path, what: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        raise ConfigError(f"{what}: {reason}", where=f"`{path}`", remedy=remedy, code="bad-key-file") from None
    except ValueError as error:
        reason = "no UTF-8 text" if isinstance(error, UnicodeError) else str(error)
        raise ConfigError(f"{what}: {reason}", where=f"`{path}`", remedy=remedy, code="bad-key-file") from None


def _taken(path: Path) -> ConfigError:
    return ConfigError(
        "it is there already, and no key is ever overwritten",
        where=f"`{path}`",
        remedy="choose another name, or move the old file away",
        code="bad-key-file",
    )
