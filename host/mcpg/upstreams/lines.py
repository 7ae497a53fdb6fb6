"""Cuts a stream into lines within a bound. It parses nothing."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Line", "LineSplitter"]

HEAD_BYTES = 256


class Line(NamedTuple):
    """A line without its end; of one that is `oversize` only the first bytes, the rest was dropped."""

    text: bytes
    oversize: bool = False


class LineSplitter:
    """Turns chunks into lines, however the chunks are cut; holds at most `limit` bytes."""

    __slots__ = ("_dropping", "_limit", "_parts", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._dropping = False

    def feed(self, chunk: bytes) -> list[Line]:
        """Return the lines that `chunk` completes; an oversize line is returned once, when it passes the limit."""
        lines: list[Line] = []
        pieces = chunk.split(b"\n")
        for piece in pieces[:-1]:
            self._add(piece, lines)
            if not self._dropping:
                lines.append(Line(b"".join(self._parts) if len(self._parts) != 1 else self._parts[0]))
            self._parts, self._size, self._dropping = [], 0, False
        self._add(pieces[-1], lines)
        return lines

    def _add(self, piece: bytes, lines: list[Line]) -> None:
        if self._dropping or not piece:
            return
        self._parts.append(piece)
        self._size += len(piece)
        if self._size > self._limit:
            lines.append(Line(b"".join(self._parts)[:HEAD_BYTES], oversize=True))
            self._parts, self._size, self._dropping = [], 0, True
