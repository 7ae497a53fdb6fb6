"""Lifting: Python values read from wasmtime's component values, by closures made once per type.

Everything read here was written by wasmtime after its own checks of the guest's memory; what is bounded here is how
much of it becomes Python objects. It does not free what it reads; the caller deletes the value as a whole. Bytes
(`list<u8>`) come out as `bytes`; handles of host resources as their number, for which the room must have a context.

Values are read where they lie, through one view of the whole address space: copying each piece out first (ctypes'
`string_at`) takes twice as long. Addresses come from wasmtime only, and closures follow the types that it gave them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, Protocol

from wasmtime import _bindings as c

from mcpg.contract.verdicts import Case
from mcpg.sandbox.layout import ENTRY, SCALARS, VALUE, unpack_one, unpack_three, unpack_two
from mcpg.sandbox.normalise import record_maker
from mcpg.sandbox.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ELEMENT_COST", "AnswerTooLarge", "Lift", "Room", "lifting"]

ELEMENT_COST: Final = 8
"""What one element of a list counts against the output limit, besides its strings."""

_memory: Final = memoryview((ctypes.c_char * (1 << 62)).from_address(0)).cast("B")


class AnswerTooLarge(Exception):  # noqa: N818 - names a fact; the pool makes the error that callers see
    """The answer is larger than the output limit."""


class Room(Protocol):
    """How many bytes of answer are still allowed."""

    left: int
    context: Any
    """The store's context, for handles; nothing else needs it."""


Lift = Callable[[int, Room], Any]
"""`lift(address, room) -> value`, where the value's 32 bytes begin at `address`."""


def lifting(shape: Shape) -> Lift:
    """Return the closure that lifts values of `shape`; `TypeError` for kinds that never cross as answers."""
    if shape.kind in SCALARS:
        return _scalar(shape.kind)
    make = _MAKERS.get(shape.kind)
    if make is None:
        raise TypeError(f"no lifting for `{shape.kind}`")
    return make(shape)


def _spend(room: Room, cost: int) -> None:
    room.left -= cost
    if room.left < 0:
        raise AnswerTooLarge


def _scalar(kind: str) -> Lift:
    get = Struct("<" + SCALARS[kind]).unpack_from
    return lambda at, _: get(_memory, at + 8)[0]


def _char(_: Shape) -> Lift:
    get = Struct("<I").unpack_from
    return lambda at, _: chr(get(_memory, at + 8)[0])


def _string(_: Shape) -> Lift:
    def lift(at: int, room: Room) -> str:
        size, where = unpack_two(_memory, at + 8)
        room.left -= size
        if room.left < 0:
            raise AnswerTooLarge
        return str(_memory[where : where + size], "utf-8") if size else ""

    return lift


def _list(shape: Shape) -> Lift:
    part = shape.parts[0][1]
    if part == Shape("u8"):
        return _bytes
    element = _payload(part)

    def lift(at: int, room: Room) -> list[Any]:
        count, where = unpack_two(_memory, at + 8)
        _spend(room, count * ELEMENT_COST)
        return [element(i, room) for i in range(where, where + count * VALUE, VALUE)]

    return lift


def _bytes(at: int, room: Room) -> bytes:
    """Lift `list<u8>` by taking every 32nd byte, which is some hundred times faster than one value at a time."""
    count, where = unpack_two(_memory, at + 8)
    _spend(room, count)
    return bytes(_memory[where : where + count * VALUE])[8::VALUE] if count else b""


def _handle(_: Shape) -> Lift:
    resource, owned = c.wasmtime_component_resource_any_t, c.wasmtime_component_resource_host_t

    def lift(at: int, room: Room) -> int:
        handle = ctypes.cast(unpack_one(_memory, at + 8)[0], ctypes.POINTER(resource))
        host = ctypes.POINTER(owned)()
        error: Any = c.wasmtime_component_resource_any_to_host(room.context, handle, ctypes.byref(host))
        if error:
            c.wasmtime_error_delete(error)
            raise TypeError("the handle is of another resource")
        number = int(c.wasmtime_component_resource_host_rep(host))
        c.wasmtime_component_resource_host_delete(host)
        return number

    return lift


def _record(shape: Shape) -> Lift:
    make: Callable[[Iterable[Any]], Any] = record_maker(tuple(name for name, _ in shape.parts))
    fields = [(_payload(part), 16 + i * ENTRY) for i, (_, part) in enumerate(shape.parts)]

    def lift(at: int, room: Room) -> Any:
        entries = unpack_two(_memory, at + 8)[1]
        return make([field(entries + offset, room) for field, offset in fields])

    return lift


def _tuple(shape: Shape) -> Lift:
    parts = [(_payload(part), i * VALUE) for i, (_, part) in enumerate(shape.parts)]

    def lift(at: int, room: Room) -> tuple[Any, ...]:
        items = unpack_two(_memory, at + 8)[1]
        return tuple([part(items + offset, room) for part, offset in parts])

    return lift


def _variant(shape: Shape) -> Lift:
    cases = {name.encode(): (name, None if part is None else lifting(part)) for name, part in shape.parts}

    def lift(at: int, room: Room) -> Case:
        size, where, boxed = unpack_three(_memory, at + 8)
        tag, payload = cases[bytes(_memory[where : where + size])]
        return Case(tag, None if payload is None else payload(boxed, room))

    return lift


def _result(shape: Shape) -> Lift:
    parts = dict(shape.parts)
    ok, err = (None if (part := parts[side]) is None else lifting(part) for side in ("ok", "err"))

    def lift(at: int, room: Room) -> Case:
        flag, boxed = unpack_two(_memory, at + 8)
        tag, payload = ("ok", ok) if flag & 1 else ("err", err)
        return Case(tag, None if payload is None else payload(boxed, room))

    return lift


def _option(shape: Shape) -> Lift:
    payload = _payload(shape.parts[0][1])

    def lift(at: int, room: Room) -> Any:
        boxed = unpack_one(_memory, at + 8)[0]
        return payload(boxed, room) if boxed else None

    return lift


def _enum(shape: Shape) -> Lift:
    names = {name.encode(): name for name, _ in shape.parts}

    def lift(at: int, _: Room) -> str:
        size, where = unpack_two(_memory, at + 8)
        return names[bytes(_memory[where : where + size])]

    return lift


def _flags(shape: Shape) -> Lift:
    names = {name.encode(): name for name, _ in shape.parts}

    def lift(at: int, _: Room) -> tuple[str, ...]:
        count, where = unpack_two(_memory, at + 8)
        found = (unpack_two(_memory, where + 16 * i) for i in range(count))
        return tuple([names[bytes(_memory[start : start + size])] for size, start in found])

    return lift


def _payload(part: Shape | None) -> Lift:
    if part is None:
        raise TypeError("a part without a type cannot be lifted")
    return lifting(part)


_MAKERS: Final[dict[str, Callable[[Shape], Lift]]] = {
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
    "borrow": _handle,
}
