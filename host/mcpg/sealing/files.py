"""Private files of the state directory: created once, never half, readable by nobody else. It knows no key formats."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["private_file", "replace_private_file"]

MAX_BYTES = 64 * 1024


def private_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of `path`; when there is no such file, write what `make` returns, for the owner only.

    Creation is atomic: of several processes one wins and all read what it wrote. Raises `ConfigError` when the file
    can be read by others, is too large or cannot be used; a key that others may have seen is no key.
    """
    try:
        try:
            return _read(path)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, make(), replace=False)
            return _read(path)
    except OSError as error:
        raise _unusable(path, error) from error


def replace_private_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of what `path` holds, atomically and durably; raises `ConfigError`."""
    try:
        _write(path, content, replace=True)
    except OSError as error:
        raise _unusable(path, error) from error


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - it is a descriptor, not a path
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigError("the key file is not a regular file", where=str(path), remedy="remove it")
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise ConfigError("the key file can be read by others", where=str(path), remedy=f"chmod 600 {path}")
        content = file.read(MAX_BYTES + 1)
    if not content or len(content) > MAX_BYTES:
        raise ConfigError("the key file is empty or too large", where=str(path), remedy="restore it from a backup")
    return content


def _write(path: Path, content: bytes, *, replace: bool) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first, and its file is whole


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> ConfigError:
    reason = reason_of(error)
    return ConfigError(f"the key file cannot be used: {reason}", where=str(path), remedy="check the state directory")
