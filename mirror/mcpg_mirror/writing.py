"""Writes a planned bundle: as one tar, as a tar in parts, or as a directory. It plans and signs nothing.

A bundle appears under its name only when it is whole and synced: it is written beside it, then renamed; of parts, the
list of parts comes last. What an interrupted writer has left is swept away by the next. All of it blocks.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Self

from mcpg.contract.problems import ConfigError
from mcpg_mirror.asides import aside_directory, aside_file, sweep, synced_file
from mcpg_mirror.faults import while_reading
from mcpg_registry.digests import Checker, Digest
from mcpg_registry.durable import make_directory, sync_directory, write_whole
from mcpg_registry.tar_headers import BLOCK, END, make_header, padding
from mcpg_registry.tar_sources import MAX_PARTS, Part, Parts, part_name, parts_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mcpg_mirror.planning import Piece, Plan

__all__ = ["MIN_PART", "tar_size", "write_directory", "write_parts", "write_tar"]

MIN_PART = 64 * 1024


def tar_size(plan: Plan) -> int:
    """Return the size in bytes of the tar that `write_tar` makes."""
    return sum(BLOCK + each.size + padding(each.size) for each in plan.pieces) + len(END)


def write_tar(plan: Plan, path: Path, progress: Callable[[int], None]) -> None:
    """Write the plan as the tar `path`, in place of what stood there, whole or in parts."""
    _prepare(path)
    with aside_file(path) as file:
        for chunk in _bytes(plan):
            file.write(chunk)
            progress(len(chunk))
    parts_file(path).unlink(missing_ok=True)
    _drop_parts(path, 0)


def write_parts(plan: Plan, path: Path, size: int, progress: Callable[[int], None]) -> Parts:
    """Write the plan as parts of the tar `path`, each of `size` bytes but the last, and return their list.

    A whole tar of that name is removed last: until the list of parts stands there, the old bundle is the bundle.
    """
    count = -(-tar_size(plan) // max(size, 1))
    if size < MIN_PART or count > MAX_PARTS:
        raise ConfigError(
            f"it would be {count} parts of {size} bytes; wanted at most {MAX_PARTS}, of at least {MIN_PART} bytes",
            where="--max-part-size",
            remedy="choose larger parts",
        )
    _prepare(path)
    parts_file(path).unlink(missing_ok=True)
    with _Rolling(path, size) as out:
        for chunk in _bytes(plan):
            out.write(chunk)
            progress(len(chunk))
        parts = Parts(schema=1, parts=out.finish())
    _drop_parts(path, len(parts.parts))
    write_whole(parts_file(path), parts.text())
    path.unlink(missing_ok=True)
    sync_directory(path.parent)
    return parts


def write_directory(plan: Plan, path: Path, progress: Callable[[int], None]) -> None:
    """Write the plan as a layout in the directory `path`, in place of the layout that stood there, if one did."""
    if path.is_symlink() or (path.exists() and not _is_layout(path)):
        raise ConfigError(
            "something else than a layout stands there",
            where=str(path),
            remedy="name a directory that does not exist yet, or a file that ends in .tar",
        )
    make_directory(path.parent)
    sweep(path)
    with aside_directory(path) as fresh:
        blobs = fresh / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for piece in plan.pieces:
            with synced_file(fresh / piece.name) as file:
                file.write(_read(piece))
            progress(piece.size)
        for folder in (blobs, blobs.parent):
            folder.chmod(0o755)
            sync_directory(folder)


class _Rolling:
    """Bytes that go into one part after the other."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._parts: list[Part] = []
        self._stack = ExitStack()
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._written = 0

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._file is None:
                self._file = self._stack.enter_context(aside_file(part_name(self._path, len(self._parts))))
            piece, view = view[: self._size - self._written], view[self._size - self._written :]
            self._file.write(piece)
            self._hash.update(piece)
            self._written += len(piece)
            if self._written == self._size:
                self._close()

    def finish(self) -> tuple[Part, ...]:
        """Close the last part and return them all."""
        if self._written:
            self._close()
        return tuple(self._parts)

    def _close(self) -> None:
        self._stack.close()
        self._parts.append(Part(size=self._written, digest="sha256:" + self._hash.hexdigest()))
        self._file, self._hash, self._written = None, hashlib.sha256(), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]


def _bytes(plan: Plan) -> Iterator[bytes]:
    for piece in plan.pieces:
        yield make_header(piece.name, piece.size)
        yield _read(piece)
        yield bytes(padding(piece.size))
    yield END


def _read(piece: Piece) -> bytes:
    """Return a file's bytes, checked once more: the shelf may have changed since it was planned."""
    with while_reading(
        f"`{piece.name}`", code="bad-digest", remedy="pull the plugin again, then make the bundle again"
    ):
        data = piece.read()
        if piece.name.startswith("blobs/"):
            checker = Checker(Digest("sha256:" + piece.name.rpartition("/")[2]), piece.size)
            checker.feed(data)
            checker.finish()
    return data


def _prepare(path: Path) -> None:
    if path.is_dir():
        raise ConfigError("it is a directory", where=str(path), remedy="name a file for a tar")
    make_directory(path.parent)
    sweep(path)


def _drop_parts(path: Path, first: int) -> None:
    """Remove the parts of an earlier bundle from number `first` on."""
    pattern = re.compile(re.escape(path.name) + r"\.(\d{3})")
    for other in path.parent.iterdir():
        found = pattern.fullmatch(other.name)
        if found is not None and int(found[1]) >= first:
            other.unlink()


def _is_layout(path: Path) -> bool:
    return path.is_dir() and ((path / "oci-layout").is_file() or not any(path.iterdir()))
