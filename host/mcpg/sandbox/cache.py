"""Compiled components on disk, each bound by a MAC to its digest, engine and settings. It never compiles.

A compiled form is native code: loading one that somebody else wrote would be running it. So nothing is handed to the
engine before its HMAC-SHA256 under this installation's random key has been checked, over the very bytes in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import platform
import secrets
import tempfile
from pathlib import Path
from typing import Final

from mcpg.contract.problems import ConfigError
from mcpg.sandbox.engine import ENGINE_VERSION, SETTINGS

__all__ = ["CompileCache"]

_MAGIC: Final = b"MCPGC\0\0\1"
_MAC: Final = 32
_KEY: Final = 32
_SUFFIX: Final = ".cwasm"
_log = logging.getLogger(__name__)


class CompileCache:
    """A bounded directory of compiled forms. Every method blocks on the disk: call them in a thread.

    Several processes may share the directory: files appear by an atomic rename and are never changed.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        self._directory = directory
        self._limit = limit
        self._key: bytes | None = None

    def read(self, digest: str) -> bytes | None:
        """Return the verified compiled form of a component's digest, or `None` when there is none that can be used."""
        try:
            return self._verified(digest, self._path(digest))
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("the compiled form of `%s` cannot be read (%s): compiling again", digest, error.strerror)
            return None

    def _verified(self, digest: str, path: Path) -> bytes | None:
        text = path.read_bytes()
        mac, body = text[len(_MAGIC) : len(_MAGIC) + _MAC], memoryview(text)[len(_MAGIC) + _MAC :]
        if not text.startswith(_MAGIC) or not hmac.compare_digest(mac, self._mac(digest, body)):
            _log.warning("the compiled form of `%s` has a wrong MAC: removed, compiling again", digest)
            path.unlink(missing_ok=True)
            return None
        os.utime(path)
        return bytes(body)

    def write(self, digest: str, body: bytes | bytearray) -> None:
        """Keep the compiled form of a digest, and remove what was longest unused while the directory is too large.

        A full or read-only disk only costs the next start its time; it is logged.
        """
        try:
            mac = self._mac(digest, memoryview(body))
            _replace(self._path(digest), (_MAGIC, mac, body))
            self._shrink()
        except OSError as error:
            _log.warning("the compiled form of `%s` cannot be kept (%s)", digest, error.strerror)

    def forget(self, digest: str) -> None:
        """Remove the compiled form of a digest, because the engine would not have it."""
        self._path(digest).unlink(missing_ok=True)

    def _context(self, digest: str) -> bytes:
        return json.dumps([digest, ENGINE_VERSION, SETTINGS, platform.machine()], sort_keys=True).encode()

    def _path(self, digest: str) -> Path:
        return self._directory / (hashlib.sha256(self._context(digest)).hexdigest() + _SUFFIX)

    def _mac(self, digest: str, body: memoryview) -> bytes:
        context = self._context(digest)
        mac = hmac.new(self._secret(), len(context).to_bytes(8, "big") + context, hashlib.sha256)
        mac.update(body)
        return mac.digest()

    def _secret(self) -> bytes:
        if self._key is None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._key = _installation_key(self._directory / "key")
        return self._key

    def _shrink(self) -> None:
        found = []
        for path in self._directory.glob("*" + _SUFFIX):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            found.append((facts.st_mtime_ns, facts.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found)[:-1]:
            if total <= self._limit:
                break
            path.unlink(missing_ok=True)
            total -= size


def _installation_key(path: Path) -> bytes:
    """Return the key in `path`, made now if there is none; of two processes that make it at once, one wins for both."""
    for _ in range(3):
        key = _read_key(path)
        if key is not None:
            return key
        fresh = secrets.token_bytes(_KEY)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(fresh)
                file.flush()
                os.fsync(file.fileno())
            Path(path).hardlink_to(name)
        except FileExistsError:
            continue
        finally:
            Path(name).unlink(missing_ok=True)
        return fresh
    raise ConfigError(
        f"the key of the compile cache `{path}` cannot be made", remedy="remove the directory, it is only a cache"
    )


def _read_key(path: Path) -> bytes | None:
    """Return the key if only its owner can read it; remove one that others could know, so that a new one is made."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(file.fileno())
        key = file.read(_KEY + 1)
    if len(key) == _KEY and not facts.st_mode & 0o077 and facts.st_uid == os.geteuid():
        return key
    _log.warning("the key of the compile cache `%s` could be known to others: making a new one", path)
    path.unlink(missing_ok=True)
    return None


def _replace(path: Path, parts: tuple[bytes | bytearray, ...]) -> None:
    """Write a file that is either all there or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
