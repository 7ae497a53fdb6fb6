"""Lowering: Python values written as wasmtime's component values, by closures made once per type.

Arguments are laid out in one arena that Python owns; the C API only reads and clones them, so nothing here is freed.
Bytes are taken for `list<u8>`. It does not know what a document is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from mcpg.sandbox.layout import ENTRY, KINDS, SCALARS, VALUE, pack_one, pack_pair, pack_three, pack_two

if TYPE_CHECKING:
    from mcpg.sandbox.shapes import Shape

__all__ = ["Arena", "ArenaFull", "Lower", "lowering"]


class ArenaFull(Exception):  # noqa: N818 - not a failure: the caller grows the arena and starts again
    """The arguments do not fit."""


class Arena:
    """Bytes at a fixed address for the arguments of one call. Not for two threads."""

    __slots__ = ("base", "buffer", "size")

    def __init__(self, size: int) -> None:
        self.buffer = bytearray(size)
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.buffer))
        self.size = size

    def own(self, handle: Any) -> int:
        """Return the address of a new handle; only host functions give handles, and their arena says how."""
        raise TypeError(f"no handle can be made of `{handle}` here")


Lower = Callable[[Arena, Any, int, int], int]
"""`lower(arena, value, at, top) -> top`: writes the value's 32 bytes at `at`, and what they point to from `top` on."""

_names: Final[dict[str, tuple[Any, int]]] = {}


def lowering(shape: Shape) -> Lower:
    """Return the closure that lowers values of `shape`; `TypeError` for kinds that never cross as arguments."""
    if shape.kind in SCALARS:
        return _scalar(shape.kind)
    make = _MAKERS.get(shape.kind)
    if make is None:
        raise TypeError(f"no lowering for `{shape.kind}`")
    return make(shape)


def _name(text: str) -> tuple[int, int]:
    """Return size and address of a name of a case or field, which then lives as long as the process."""
    if text not in _names:
        raw = text.encode()
        _names[text] = (ctypes.create_string_buffer(raw, len(raw) or 1), len(raw))
    buffer, size = _names[text]
    return size, ctypes.addressof(buffer)


def _scalar(kind: str) -> Lower:
    letter = SCALARS[kind]
    code, put = KINDS[kind], Struct("<B7x" + letter).pack_into
    wanted: type = {"?": bool, "f": float, "d": float}.get(letter, int)

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        if type(value) is not wanted:
            raise TypeError(f"`{kind}` wanted, not {type(value).__name__}")
        put(arena.buffer, at, code, value)
        return top

    return lower


def _char(_: Shape) -> Lower:
    code, put = KINDS["char"], Struct("<B7xI").pack_into

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        put(arena.buffer, at, code, ord(value))
        return top

    return lower


def _string(_: Shape) -> Lower:
    code = KINDS["string"]

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        raw = value.encode()
        size = len(raw)
        end = top + size
        if end > arena.size:
            raise ArenaFull
        arena.buffer[top:end] = raw
        pack_two(arena.buffer, at, code, size, arena.base + top)
        return (end + 7) & -8

    return lower


def _list(shape: Shape) -> Lower:
    part = _part(shape, 0)
    if part.kind == "u8":
        return _bytes
    code, element = KINDS["list"], lowering(part)

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        to = top
        pack_two(arena.buffer, at, code, len(value), arena.base + top)
        top += VALUE * len(value)
        if top > arena.size:
            raise ArenaFull
        for item in value:
            top = element(arena, item, to, top)
            to += VALUE
        return top

    return lower


def _bytes(arena: Arena, value: Any, at: int, top: int) -> int:
    """Lower `bytes` by writing every 32nd byte of the list; what lies between is not read."""
    count = len(value)
    end = top + VALUE * count
    if end > arena.size:
        raise ArenaFull
    pack_two(arena.buffer, at, KINDS["list"], count, arena.base + top)
    arena.buffer[top:end:VALUE] = bytes((KINDS["u8"],)) * count
    arena.buffer[top + 8 : end : VALUE] = bytes(value)
    return end


def _handle(_: Shape) -> Lower:
    code = KINDS["resource"]

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        pack_one(arena.buffer, at, code, arena.own(value))
        return top

    return lower


def _record(shape: Shape) -> Lower:
    code = KINDS["record"]
    fields = [(*_name(name), lowering(_part(shape, i))) for i, (name, _) in enumerate(shape.parts)]
    width = ENTRY * len(fields)

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        to = top
        pack_two(arena.buffer, at, code, len(fields), arena.base + top)
        top += width
        if top > arena.size:
            raise ArenaFull
        for (size, where, field), item in zip(fields, value, strict=True):
            pack_pair(arena.buffer, to, size, where)
            top = field(arena, item, to + 16, top)
            to += ENTRY
        return top

    return lower


def _tuple(shape: Shape) -> Lower:
    code = KINDS["tuple"]
    items = [lowering(_part(shape, i)) for i in range(len(shape.parts))]

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        to = top
        pack_two(arena.buffer, at, code, len(items), arena.base + top)
        top += VALUE * len(items)
        if top > arena.size:
            raise ArenaFull
        for item, each in zip(items, value, strict=True):
            top = item(arena, each, to, top)
            to += VALUE
        return top

    return lower


def _boxed(arena: Arena, payload: Lower, value: Any, top: int) -> int:
    """Lower a payload to the next free place."""
    if top + VALUE > arena.size:
        raise ArenaFull
    return payload(arena, value, top, top + VALUE)


def _variant(shape: Shape) -> Lower:
    code = KINDS["variant"]
    cases = {name: (*_name(name), None if part is None else lowering(part)) for name, part in shape.parts}

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        size, where, payload = cases[value[0]]
        pack_three(arena.buffer, at, code, size, where, 0 if payload is None else arena.base + top)
        return top if payload is None else _boxed(arena, payload, value[1], top)

    return lower


def _result(shape: Shape) -> Lower:
    code = KINDS["result"]
    sides = {name: (name == "ok", None if part is None else lowering(part)) for name, part in shape.parts}

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        flag, payload = sides[value[0]]
        pack_two(arena.buffer, at, code, flag, 0 if payload is None else arena.base + top)
        return top if payload is None else _boxed(arena, payload, value[1], top)

    return lower


def _option(shape: Shape) -> Lower:
    code, payload = KINDS["option"], lowering(_part(shape, 0))

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        pack_one(arena.buffer, at, code, 0 if value is None else arena.base + top)
        return top if value is None else _boxed(arena, payload, value, top)

    return lower


def _enum(shape: Shape) -> Lower:
    code, names = KINDS["enum"], {name: _name(name) for name, _ in shape.parts}

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        pack_two(arena.buffer, at, code, *names[value])
        return top

    return lower


def _flags(shape: Shape) -> Lower:
    code, names = KINDS["flags"], {name: _name(name) for name, _ in shape.parts}

    def lower(arena: Arena, value: Any, at: int, top: int) -> int:
        pack_two(arena.buffer, at, code, len(value), arena.base + top)
        end = top + 16 * len(value)
        if end > arena.size:
            raise ArenaFull
        for i, flag in enumerate(value):
            pack_pair(arena.buffer, top + 16 * i, *names[flag])
        return end

    return lower


def _part(shape: Shape, index: int) -> Shape:
    part = shape.parts[index][1]
    if part is None:
        raise TypeError(f"`{shape.kind}` lacks a type at `{shape.parts[index][0]}`")
    return part


_MAKERS: Final[dict[str, Callable[[Shape], Lower]]] = {
    "char": _char,
    "string": _string,
    "list": _list,
    "record": _record,
    "tuple": _tuple,
    "variant": _variant,
    "result": _result,
    "option": _option,
    "enum": _enum,
    "flags": _flags,
    "own": _handle,
}
