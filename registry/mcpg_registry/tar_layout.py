"""Reads the files of an OCI image layout out of a tar, by seeking or as a stream. It unpacks nothing to the disk.

Every member is read by this module: the order of its checks is
 1 the header is whole, its checksum right, the member a regular file with a layout's name, or a layout's folder, which
   is passed over (`tar_headers`)
 2 no name stands there twice, no member is too large, there are not too many
 3 the content is all there, and only zeros stand behind it up to the next block
 4 two zero blocks end the tar, and nothing but zeros follows
Blobs are hashed when they are read, by `layout.Layout` or by `stream_members`. All of it blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from mcpg_registry import media
from mcpg_registry.digests import Checker, Digest
from mcpg_registry.tar_headers import BLOCK, padding, parse_header
from mcpg_registry.tar_sources import CHUNK, open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from mcpg_registry.tar_sources import Source

__all__ = ["MAX_MEMBERS", "Member", "Streamed", "TarFiles", "stream_members"]

MAX_MEMBERS = 10_000
MAX_MEMBER = media.MAX_LAYER
MAX_TAIL = 64 * BLOCK
"""How many zeros may follow the last member: tar programs fill up their last record."""
BLOBS = "blobs/sha256/"


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a tar: where its content begins, and its size in bytes."""

    name: str
    offset: int
    size: int


class _Reader(Protocol):
    """The bytes of a tar from its beginning on."""

    at: int

    def read(self, length: int) -> bytes:
        """Return exactly so many bytes; `ValueError` when there are fewer."""
        ...

    def skip_to(self, offset: int) -> None:
        """Go on to `offset`; `ValueError` when there is none such."""
        ...

    def tail(self) -> bytes:
        """Return what is left, one byte more than the most that may be left."""
        ...


class _Seeking:
    def __init__(self, source: Source) -> None:
        self._source = source
        self.at = 0

    def read(self, length: int) -> bytes:
        if self.at + length > self._source.size:
            raise ValueError("the tar ends too early")
        data = self._source.read_at(self.at, length)
        self.at += length
        return data

    def skip_to(self, offset: int) -> None:
        if offset > self._source.size:
            raise ValueError("the tar ends too early")
        self.at = offset

    def tail(self) -> bytes:
        return self.read(min(self._source.size - self.at, MAX_TAIL + 1))


class _Flowing:
    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.at = 0

    def read(self, length: int) -> bytes:
        data = self._some(length)
        if len(data) != length:
            raise ValueError("the tar ends too early")
        return data

    def skip_to(self, offset: int) -> None:
        while self.at < offset:
            self.read(min(CHUNK, offset - self.at))

    def tail(self) -> bytes:
        return self._some(MAX_TAIL + 1)

    def _some(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0 and (chunk := self._read(length)):
            parts.append(chunk)
            self.at += len(chunk)
            length -= len(chunk)
        return b"".join(parts)


class TarFiles:
    """The files of a layout in a tar, whole or in parts, found by an index of offsets; may be read from any thread."""

    def __init__(self, source: Source) -> None:
        self._source = source
        try:
            self.members: Mapping[str, Member] = {member.name: member for member in _walk(_Seeking(source))}
        except BaseException:
            source.close()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the files in the tar at `path`; `ValueError` when it is none that we read, or `OSError`."""
        return cls(open_source(path))

    def names(self) -> tuple[str, ...]:
        """Return the names of all files, in their order."""
        return tuple(self.members)

    def read(self, name: str, limit: int) -> bytes:
        """Return a file's bytes; `FileNotFoundError`, or `ValueError` for more than `limit` bytes."""
        member = self._member(name)
        if member.size > limit:
            raise ValueError(f"more than {limit} bytes")
        return self._source.read_at(member.offset, member.size)

    def size(self, name: str) -> int:
        """Return a file's size in bytes; `FileNotFoundError`."""
        return self._member(name).size

    def read_at(self, name: str, offset: int, length: int) -> bytes:
        """Return a piece of a file, shorter at its end; `FileNotFoundError`. Nothing is hashed."""
        member = self._member(name)
        length = max(0, min(length, member.size - offset))
        return self._source.read_at(member.offset + offset, length)

    def close(self) -> None:
        """Let go of the tar."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _member(self, name: str) -> Member:
        if name not in self.members:
            raise FileNotFoundError(f"`{name}` is not in the tar")
        return self.members[name]


class Streamed:
    """A file as it comes by in a stream: its chunks, once. A blob is hashed, and refused when its name lies."""

    def __init__(self, member: Member, reader: _Reader) -> None:
        self.name = member.name
        self.size = member.size
        self._reader = reader
        self._end = member.offset + member.size
        hashed = member.name.startswith(BLOBS)
        digest = Digest("sha256:" + member.name.removeprefix(BLOBS))
        self._checker = Checker(digest, member.size) if hashed else None

    def chunks(self) -> Iterator[bytes]:
        """Return what is left of the content; `ValueError` behind the last chunk when the digest is another."""
        while self._reader.at < self._end:
            chunk = self._reader.read(min(CHUNK, self._end - self._reader.at))
            if self._checker is not None:
                self._checker.feed(chunk)
            yield chunk
        if self._checker is not None:
            try:
                self._checker.finish()
            except ValueError as error:
                raise ValueError(f"blob `{self.name.removeprefix(BLOBS)}`: {error}") from None


def stream_members(read: Callable[[int], bytes]) -> Iterator[Streamed]:
    """Return the files of a tar as they come, without seeking; `read(n)` gives at most n bytes, and none at the end.

    What the caller does not read of a file is read here, so that all of it has been hashed when the stream is over.
    """
    reader = _Flowing(read)
    for member in _walk(reader):
        streamed = Streamed(member, reader)
        yield streamed
        for _ in streamed.chunks():
            pass


def _walk(reader: _Reader) -> Iterator[Member]:
    names: set[str] = set()
    while (found := parse_header(reader.read(BLOCK))) is not None:  # 1
        name, size = found
        if name in names:  # 2
            raise ValueError(f"`{name}` stands there twice")
        if size > MAX_MEMBER:
            raise ValueError(f"`{name}` has {size} bytes, at most {MAX_MEMBER} are allowed")
        if len(names) >= MAX_MEMBERS:
            raise ValueError(f"more than {MAX_MEMBERS} files")
        names.add(name)
        if name.endswith("/"):
            continue
        member = Member(name, reader.at, size)
        yield member
        reader.skip_to(member.offset + size)  # 3
        if any(reader.read(padding(size))):
            raise ValueError(f"something stands between `{name}` and the next file")
    if any(reader.read(BLOCK)):  # 4
        raise ValueError("the tar ends with one zero block, wanted two")
    tail = reader.tail()
    if len(tail) > MAX_TAIL or any(tail):
        raise ValueError("something stands behind the end of the tar")
