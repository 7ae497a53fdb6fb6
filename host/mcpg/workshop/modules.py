"""Sections of WebAssembly binaries, as bytes: the manifest put into a component, debugging taken out of a module.

It checks nothing of what it copies. A binary is a preamble of eight bytes and a row of sections: an id, a size
(LEB128), a body; a custom section (id 0) begins with its name. Source: WebAssembly core specification, 5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcpg.contract.manifest import SECTION
from mcpg.workshop.problems import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["with_manifest", "without_debugging"]

_PREAMBLE: Final = 8
_DEBUGGING: Final = ("name", "producers", "linking", "sourceMappingURL", "external_debug_info")


def without_debugging(module: bytes) -> bytes:
    """Return a module without names, line tables and notes on its producers: what it does is the same."""
    return _kept(module, lambda name: not (name in _DEBUGGING or name.startswith((".debug_", "reloc."))))


def with_manifest(component: bytes, manifest: bytes) -> bytes:
    """Return a component with `manifest` as its one section `mcpg:manifest`, at its end."""
    body = _leb(len(SECTION)) + SECTION.encode() + manifest
    return _kept(component, lambda name: name != SECTION) + b"\0" + _leb(len(body)) + body


def _kept(binary: bytes, keep: Callable[[str], bool]) -> bytes:
    parts = [binary[:_PREAMBLE]]
    parts += [binary[start:end] for start, end, name in _sections(binary) if name is None or keep(name)]
    return b"".join(parts)


def _sections(binary: bytes) -> Iterator[tuple[int, int, str | None]]:
    """Give start and end of each outermost section, and the name of custom ones."""
    at = _PREAMBLE
    while at < len(binary):
        start, kind = at, binary[at]
        size, at = _number(binary, at + 1)
        end = at + size
        if end > len(binary):
            raise BuildFailed("the compiler wrote a module that is cut short", remedy="build again")
        name = None
        if kind == 0:
            length, begin = _number(binary, at)
            name = binary[begin : begin + length].decode(errors="replace")
        yield start, end, name
        at = end


def _number(binary: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 35, 7):
        if at >= len(binary):
            break
        byte = binary[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return number, at
    raise BuildFailed("the compiler wrote a module that is cut short", remedy="build again")


def _leb(number: int) -> bytes:
    out = bytearray()
    while number >> 7:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
