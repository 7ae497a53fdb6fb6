"""One call of one exported function: lower, run, lift, say what went wrong. It chooses no instance and no limit."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from wasmtime import _bindings as c

from mcpg.sandbox.held import holding
from mcpg.sandbox.layout import VALUE
from mcpg.sandbox.lift import AnswerTooLarge, Lift, lifting
from mcpg.sandbox.lower import Arena, ArenaFull, Lower, lowering

if TYPE_CHECKING:
    from mcpg.sandbox.shapes import FunctionShape

__all__ = ["Bound", "GuestStopped", "Plan", "Scratch", "Why", "bind", "stopped"]

Why = Literal["deadline", "trap", "encoding", "oversize"]

_ARENA: Final = 1 << 14
_KEEP: Final = 1 << 20
_LAST_LINE: Final = 200
_TRACE: Final = 16 * 1024
_as_values = ctypes.POINTER(c.wasmtime_component_val_t)
_call = c._wasmtime_component_func_call  # noqa: SLF001 - the typed wrapper around it costs a microsecond
_delete = holding(c._wasmtime_component_val_delete)  # noqa: SLF001 - likewise


class GuestStopped(Exception):  # noqa: N818 - names a fact; the pool makes the error that callers see
    """A call did not end with an answer; the instance is dead. `why` is what stopped it, `detail` one line.

    `trace` is the engine's own account of the frames that it stopped in, bounded; it holds names that the guest chose.
    """

    def __init__(self, why: Why, detail: str, trace: str = "") -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail
        self.trace = trace


class Plan:
    """A function type with its lowering and lifting closures, made once per component."""

    __slots__ = ("lift", "lowers", "shape")

    def __init__(self, shape: FunctionShape) -> None:
        self.shape = shape
        self.lowers: list[tuple[Lower, int]] = [
            (lowering(part), i * VALUE) for i, (_, part) in enumerate(shape.parameters)
        ]
        self.lift: Lift | None = None if shape.result is None else lifting(shape.result)


class Scratch:
    """Memory for the arguments and the answer of one call. One per thread."""

    __slots__ = ("arena", "arguments", "context", "left", "out", "out_address", "out_pointer")

    def __init__(self) -> None:
        self.left = 0
        self.context: Any = None
        self.out = bytearray(VALUE)
        out = c.wasmtime_component_val_t.from_buffer(self.out)
        self.out_address = ctypes.addressof(out)
        self.out_pointer = ctypes.byref(out)
        self.resize(_ARENA)

    def resize(self, size: int) -> Arena:
        """Replace the arena by one of `size` bytes."""
        self.arena = Arena(size)
        self.arguments = ctypes.cast(self.arena.base, _as_values)
        return self.arena


Bound = Callable[[Scratch, tuple[Any, ...], int], Any]
"""`call(scratch, arguments, room) -> answer`; raises `GuestStopped`."""


def bind(context: Any, function: c.wasmtime_component_func_t, plan: Plan) -> Bound:
    """Return the callable for `function` of one instance. Never for two threads at once, as its store is not."""
    pointer = ctypes.byref(function)
    lowers, lift = plan.lowers, plan.lift
    count, start, answers = len(lowers), len(lowers) * VALUE, 0 if lift is None else 1

    def call(scratch: Scratch, arguments: tuple[Any, ...], room: int) -> Any:
        arena = scratch.arena
        while True:
            try:
                top = start
                for (lower, at), value in zip(lowers, arguments, strict=True):
                    top = lower(arena, value, at, top)
                break
            except ArenaFull:
                arena = scratch.resize(arena.size * 4)
        error = _call(pointer, context, scratch.arguments, count, scratch.out_pointer, answers)
        if arena.size > _KEEP:
            scratch.resize(_ARENA)
        if error:
            raise stopped(error)
        if lift is None:
            return None
        scratch.left = room
        try:
            return lift(scratch.out_address, scratch)
        except AnswerTooLarge:
            raise GuestStopped("oversize", f"the answer is larger than {room} bytes") from None
        finally:
            _delete(scratch.out_pointer)
            scratch.out[0] = 0  # a value of kind bool owns nothing: the next failing call must not free this one again

    return call


def stopped(error: Any) -> GuestStopped:
    """Take a C error and return what stopped the guest. The text may hold names that the guest chose, so it is cut."""
    message = c.wasm_byte_vec_t()
    c.wasmtime_error_message(error, ctypes.byref(message))
    text = ctypes.string_at(message.data, message.size).decode(errors="replace") if message.size else ""
    c.wasm_byte_vec_delete(ctypes.byref(message))
    c.wasmtime_error_delete(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason given"
    if last[:1].isdigit() and ": " in last:
        last = last.split(": ", 1)[1]
    detail = "".join(ch if ch.isprintable() else "?" for ch in last)[:_LAST_LINE]
    return GuestStopped(_why(last), detail, text[:_TRACE])


def _why(line: str) -> Why:
    if line.endswith("wasm trap: interrupt"):
        return "deadline"
    if "utf-8" in line.lower() or "utf-16" in line.lower() or "unicode" in line.lower():
        return "encoding"
    if "fuel allocated for hostcalls" in line:
        return "oversize"
    return "trap"
