"""Component types as plain values, read once from wasmtime. It does not convert values; `lower` and `lift` do.

wasmtime answers every question about a type with a call into C; a `Shape` asks once. A hostile component can declare
types that unfold to millions of nodes, so reading stops at a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wasmtime import component as wc

from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FunctionShape", "Shape", "function_shape"]

MAX_NODES: Final = 2048

_PLAIN: Final[dict[type, str]] = {
    wc.Bool: "bool",
    wc.U8: "u8",
    wc.U16: "u16",
    wc.U32: "u32",
    wc.U64: "u64",
    wc.Char: "char",
    wc.S8: "s8",
    wc.S16: "s16",
    wc.S32: "s32",
    wc.S64: "s64",
    wc.F32: "f32",
    wc.F64: "f64",
    wc.String: "string",
    wc.OwnType: "own",
    wc.BorrowType: "borrow",
    wc.FutureType: "future",
    wc.StreamType: "stream",
    wc.ErrorContext: "error-context",
}

_COMPOUND: Final[dict[type, tuple[str, Callable[[Any], Iterable[tuple[str, Any]]]]]] = {
    wc.RecordType: ("record", lambda ty: ty.fields),
    wc.VariantType: ("variant", lambda ty: ty.cases),
    wc.TupleType: ("tuple", lambda ty: ((str(i), part) for i, part in enumerate(ty.elements))),
    wc.ListType: ("list", lambda ty: [("element", ty.element)]),
    wc.OptionType: ("option", lambda ty: [("some", ty.payload)]),
    wc.ResultType: ("result", lambda ty: [("ok", ty.ok), ("err", ty.err)]),
    wc.EnumType: ("enum", lambda ty: ((name, None) for name in ty.names)),
    wc.FlagsType: ("flags", lambda ty: ((name, None) for name in ty.names)),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One type: its kind and its parts by name (fields, cases, elements; `None` for a case without a payload)."""

    kind: str
    parts: tuple[tuple[str, Shape | None], ...] = ()

    def __str__(self) -> str:
        """The type as WIT would spell it without names, such as `list<record{code: string, message: string}>`."""
        match self.kind:
            case "record":
                return "record{" + ", ".join(f"{name}: {part}" for name, part in self.parts) + "}"
            case "variant" | "enum" | "flags":
                cases = ", ".join(name if part is None else f"{name}({part})" for name, part in self.parts)
                return f"{self.kind}{{{cases}}}"
            case "list" | "tuple" | "option":
                return f"{self.kind}<{', '.join(str(part) for _, part in self.parts)}>"
            case "result":
                return f"result<{', '.join('_' if part is None else str(part) for _, part in self.parts)}>"
            case _:
                return self.kind


@dataclass(frozen=True, slots=True)
class FunctionShape:
    """One function type: parameters by name, and its result if it has one."""

    parameters: tuple[tuple[str, Shape], ...]
    result: Shape | None

    def __str__(self) -> str:
        """The type as WIT would spell it, such as `func(config: string) -> result<_, string>`."""
        arrow = "" if self.result is None else f" -> {self.result}"
        return f"func({', '.join(f'{name}: {shape}' for name, shape in self.parameters)}){arrow}"


class _Reader:
    """Reads types until the bound is met."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def read(self, ty: Any) -> Shape:
        self.left -= 1
        if self.left < 0:
            raise PluginRefused(f"a function's type has more than {MAX_NODES} parts", code="type-too-large")
        kind = _PLAIN.get(type(ty))
        if kind is not None:
            return Shape(kind)
        kind, parts = _COMPOUND.get(type(ty), ("unknown", lambda _: ()))
        return Shape(kind, self._parts(parts(ty)))

    def _parts(self, parts: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Shape | None], ...]:
        return tuple((name, None if part is None else self.read(part)) for name, part in parts)


def function_shape(ty: wc.FuncType) -> FunctionShape:
    """Return the shape of a wasmtime function type; raises `PluginRefused` when it is too large to be read."""
    reader = _Reader()
    parameters = tuple((name, reader.read(part)) for name, part in ty.params)
    result = ty.result
    return FunctionShape(parameters, None if result is None else reader.read(result))
