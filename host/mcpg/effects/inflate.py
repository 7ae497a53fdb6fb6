"""Undoes gzip and deflate in bounded steps, so that a small body cannot become a large one unseen. Pure."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from mcpg.effects.transport import HttpFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Inflater", "inflater_for"]

_STEP = 64 * 1024
_AUTO = zlib.MAX_WBITS | 32  # gzip or zlib, by header


class Inflater:
    """One compressed body. `feed` yields pieces of at most 64 KiB and stops working when nobody asks for the next."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_AUTO)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` holds; raises `HttpFailed` when it is not gzip or deflate."""
        while chunk:
            try:
                piece = self._zlib.decompress(chunk, _STEP)
            except zlib.error:
                raise HttpFailed("bad-reply", "the compressed body is broken", sent="answered") from None
            if self._zlib.unused_data:
                raise HttpFailed("bad-reply", "bytes follow the compressed body", sent="answered")
            if piece:
                yield piece
            elif self._zlib.unconsumed_tail == chunk:
                return
            chunk = self._zlib.unconsumed_tail

    def finish(self) -> None:
        """Raise `HttpFailed` when the body ended before its compressed form did."""
        if not self._zlib.eof:
            raise HttpFailed("bad-reply", "the compressed body is cut short", sent="answered")


def inflater_for(encoding: str) -> Inflater | None:
    """Return what undoes `encoding`, nothing for identity; raises `HttpFailed` for an encoding we never asked for."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name in {"gzip", "x-gzip", "deflate"}:
        return Inflater()
    raise HttpFailed("bad-reply", "the body has a content encoding that was not asked for", sent="answered")
