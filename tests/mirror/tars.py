"""Layouts in tars, whole ones and broken ones. It tests nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry.tar_headers import END, make_header, padding

if TYPE_CHECKING:
    from collections.abc import Mapping


def member(name: str, data: bytes) -> bytes:
    return make_header(name, len(data)) + data + bytes(padding(len(data)))


def tar_of(files: Mapping[str, bytes]) -> bytes:
    first = [name for name in ("oci-layout", "index.json") if name in files]
    names = [*first, *(name for name in sorted(files) if name not in first)]
    return b"".join(member(name, files[name]) for name in names) + END


def patched(header: bytes, at: int, data: bytes) -> bytes:
    """A header with other bytes at one place, and a checksum that fits them."""
    block = bytearray(header)
    block[at : at + len(data)] = data
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
