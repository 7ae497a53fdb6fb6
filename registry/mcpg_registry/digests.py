"""Digests: their grammar, and bytes checked against them. It knows sha256 only, on purpose, and does no I/O.

No digest that came from outside may become a path or a URL before `parse_digest` has returned it.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType

__all__ = ["Checker", "Digest", "digest_bytes", "hex_of", "parse_digest"]

Digest = NewType("Digest", str)
"""`sha256:` and 64 lower-case hex digits."""

_GRAMMAR = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def parse_digest(text: object) -> Digest:
    """Return `text` as a digest; `ValueError` when it is anything but `sha256:` and 64 lower-case hex digits."""
    if not isinstance(text, str) or _GRAMMAR.fullmatch(text) is None:
        shown = repr(text)[:100].replace("`", "'")
        raise ValueError(f"`{shown}` is not a digest; wanted sha256: and 64 lower-case hex digits")
    return Digest(text)


def digest_bytes(data: bytes) -> Digest:
    """Return the digest of `data`."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def hex_of(digest: Digest) -> str:
    """Return the hex digits of `digest`."""
    return digest.partition(":")[2]


class Checker:
    """Bytes on their way in, counted and hashed: the first byte too many is refused, before it is kept."""

    __slots__ = ("_digest", "_hash", "_seen", "_size")

    def __init__(self, digest: Digest, size: int) -> None:
        self._digest = digest
        self._size = size
        self._seen = 0
        self._hash = hashlib.sha256()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; `ValueError` as soon as there are more than were promised."""
        self._seen += len(chunk)
        if self._seen > self._size:
            raise ValueError(f"more than the {self._size} bytes that were promised")
        self._hash.update(chunk)

    def finish(self) -> None:
        """Return if size and digest are those promised; `ValueError` that says found and wanted otherwise."""
        if self._seen != self._size:
            raise ValueError(f"found {self._seen} bytes, wanted {self._size}")
        found = "sha256:" + self._hash.hexdigest()
        if found != self._digest:
            raise ValueError(f"found `{found}`, wanted `{self._digest}`")
