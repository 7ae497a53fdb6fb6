"""The bytes of a tar: one file, or parts `m.tar.000`, `m.tar.001`, ... that `m.parts.json` lists. It reads no tar.

Bytes are read by offset, from any thread. No name from `m.parts.json` becomes a path: parts are named after the tar.
All of it blocks. `ValueError` for what is wrong with the data, `FileNotFoundError` for a part that is not there.
"""

from __future__ import annotations

import os
import stat
import weakref
from typing import TYPE_CHECKING, Protocol

import msgspec

from mcpg_registry.digests import Checker, parse_digest
from mcpg_registry.layout import read_file
from mcpg_registry.strict_json import compact, parse_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MAX_PARTS", "Part", "Parts", "Source", "check_part", "open_source", "part_name", "parts_file", "read_parts"]

MAX_PARTS = 1000
MAX_PARTS_FILE = 256 * 1024
CHUNK = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part: its size in bytes and its digest."""

    size: int
    digest: str

    def __post_init__(self) -> None:
        parse_digest(self.digest)
        if self.size < 1:
            raise ValueError("a part is empty")


class Parts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All parts of a tar, in order."""

    schema: int
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if self.schema != 1 or not 1 <= len(self.parts) <= MAX_PARTS:
            raise ValueError(f"wanted schema 1 and 1 to {MAX_PARTS} parts")

    def text(self) -> bytes:
        """Return the list as it stands in its file: the same bytes for the same parts."""
        return msgspec.json.format(compact(msgspec.to_builtins(self)), indent=1) + b"\n"


class Source(Protocol):
    """Bytes by offset, of a known number."""

    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes; `ValueError` when they are not all there."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class _File:
    """One file, held open; a link is not followed."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, _FLAGS)
        self._name = path.name
        self._close = weakref.finalize(self, os.close, self._handle)
        found = os.fstat(self._handle)
        if not stat.S_ISREG(found.st_mode):
            self._close()
            raise ValueError(f"`{path.name[:80]}` is no regular file")
        self.size = found.st_size

    def read_at(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0:
            chunk = os.pread(self._handle, length, offset)
            if not chunk:
                raise ValueError(f"`{self._name[:80]}` ends too early")
            parts.append(chunk)
            offset += len(chunk)
            length -= len(chunk)
        return b"".join(parts)

    def close(self) -> None:
        self._close()


class _Joined:
    """Parts, one behind the other."""

    def __init__(self, files: Sequence[_File]) -> None:
        self._files = files
        self.size = sum(file.size for file in files)

    def read_at(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise ValueError("the parts end too early")
        found: list[bytes] = []
        for file in self._files:
            if length and offset < file.size:
                take = min(length, file.size - offset)
                found.append(file.read_at(offset, take))
                offset, length = offset + take, length - take
            offset = max(0, offset - file.size)
        return b"".join(found)

    def close(self) -> None:
        for file in self._files:
            file.close()


def parts_file(path: Path) -> Path:
    """Return where the list of a tar's parts stands: `m.parts.json` beside `m.tar`."""
    return path.with_name(path.name.removesuffix(".tar") + ".parts.json")


def part_name(path: Path, number: int) -> Path:
    """Return where part `number` of the tar `path` stands, such as `m.tar.003`."""
    return path.with_name(f"{path.name}.{number:03d}")


def read_parts(path: Path) -> Parts | None:
    """Return the list of the parts of the tar `path`; none when the tar is not in parts."""
    if path.is_file() or not parts_file(path).is_file():
        return None
    text = read_file(parts_file(path), MAX_PARTS_FILE)
    parse_object(text, MAX_PARTS_FILE)
    return msgspec.json.decode(text, type=Parts)


def check_part(path: Path, part: Part) -> None:
    """Read a part's file; `ValueError` when its size or digest is another."""
    file = _File(path)
    try:
        checker = Checker(parse_digest(part.digest), part.size)
        for at in range(0, file.size, CHUNK):
            checker.feed(file.read_at(at, min(CHUNK, file.size - at)))
        checker.finish()
    except ValueError as error:
        raise ValueError(f"part `{path.name}`: {error}") from None
    finally:
        file.close()


def open_source(path: Path) -> Source:
    """Return the bytes of the tar `path`, whole or in parts; a part's size is checked, its digest is not."""
    parts = read_parts(path)
    if parts is None:
        return _File(path)
    files: list[_File] = []
    try:
        files += (_open_part(part_name(path, number), part) for number, part in enumerate(parts.parts))
    except BaseException:
        for file in files:
            file.close()
        raise
    return _Joined(files)


def _open_part(path: Path, part: Part) -> _File:
    file = _File(path)
    if file.size != part.size:
        file.close()
        raise ValueError(f"part `{path.name}` has {file.size} bytes, wanted {part.size}")
    return file
