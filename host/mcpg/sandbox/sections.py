"""Finds the manifest section of a component without running or compiling it. It does not read the manifest itself.

A component is a preamble of eight bytes and a row of sections, each an id, a size (LEB128) and a body. A custom
section (id 0) begins with its name. Sections of nested modules and components lie inside bodies and are not looked at.
Source: the component model's binary format.
"""

from __future__ import annotations

from typing import Final

from mcpg.contract.manifest import MAX_MANIFEST, SECTION
from mcpg.contract.problems import PluginRefused

__all__ = ["PREAMBLE", "manifest_section", "require_component"]

PREAMBLE: Final = b"\0asm\x0d\0\x01\0"
_MODULE: Final = b"\0asm\x01\0\0\0"
_MAX_SECTIONS: Final = 65_536
_NAME: Final = SECTION.encode()


def require_component(wasm: bytes) -> None:
    """Return if `wasm` begins as a component does; raises `PluginRefused` otherwise."""
    if wasm[:8] == PREAMBLE:
        return
    if wasm[:8] == _MODULE:
        raise _refused(
            "this is a core module, not a component", "make a component of it with `wasm-tools component new`"
        )
    raise _refused("this is not a WebAssembly component", "check what was built or fetched")


def manifest_section(wasm: bytes) -> bytes:
    """Return the body of the one custom section `mcpg:manifest` of the outermost component; raises `PluginRefused`."""
    require_component(wasm)
    found: bytes | None = None
    at = len(PREAMBLE)
    for _ in range(_MAX_SECTIONS):
        if at == len(wasm):
            break
        kind = wasm[at]
        size, at = _leb(wasm, at + 1, len(wasm))
        end = at + size
        if end > len(wasm):
            raise _refused("the component is cut short", "fetch it again")
        if kind == 0:
            body = _named(wasm, at, end)
            if body is not None:
                if found is not None:
                    raise _refused(f"the component has more than one section `{SECTION}`", "build it anew")
                found = body
        at = end
    else:
        raise _refused(f"the component has more than {_MAX_SECTIONS} sections", "build it anew")
    if found is None:
        raise _refused(f"the component has no section `{SECTION}`", "embed the manifest when building it")
    return found


def _named(wasm: bytes, at: int, end: int) -> bytes | None:
    """Return the body of the custom section at `at` if it has our name."""
    size, at = _leb(wasm, at, end)
    if at + size > end:
        raise _refused("a custom section is cut short", "build the component anew")
    if size != len(_NAME) or wasm[at : at + size] != _NAME:
        return None
    if end - at - size > MAX_MANIFEST:
        raise _refused(f"the manifest has more than {MAX_MANIFEST} bytes", "shorten it")
    return wasm[at + size : end]


def _leb(wasm: bytes, at: int, end: int) -> tuple[int, int]:
    """Return an unsigned 32-bit LEB128 number and where it ends."""
    number = 0
    for shift in range(0, 35, 7):
        if at >= end:
            raise _refused("the component is cut short", "fetch it again")
        byte = wasm[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            if number >> 32:
                break
            return number, at
    raise _refused("the component has a size that is no 32-bit number", "build it anew")


def _refused(message: str, remedy: str) -> PluginRefused:
    return PluginRefused(message, code="bad-component", remedy=remedy)
