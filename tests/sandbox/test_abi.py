from __future__ import annotations

import math
from typing import Any

import pytest
import wasmtime
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from wasmtime import component as wc

from mcpg.contract.verdicts import Case, Charge, Effect, Obligation, Problem
from mcpg.sandbox.calls import GuestStopped, Plan, Scratch, bind
from mcpg.sandbox.engine import new_engine
from mcpg.sandbox.lift import lifting
from mcpg.sandbox.lower import lowering
from mcpg.sandbox.normalise import record_maker
from mcpg.sandbox.shapes import FunctionShape, Shape, function_shape

ENGINE = new_engine()
SCRATCH = Scratch()
ROOM = 1 << 24


class Echo:
    """A component whose function gives back what it gets: so many fields stand before it that it goes by memory."""

    def __init__(self, definitions: str, ty: str, exports: str = "") -> None:
        pads = " ".join(f'(field "p{i}" u8)' for i in range(17))
        text = f"""(component
          (core module $m
            (memory (export "memory") 1)
            (global $top (mut i32) (i32.const 1024))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
              (local.set $at (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
              (global.set $top (i32.add (local.get $at) (local.get 3)))
              (loop $more (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
                (then (drop (memory.grow (i32.const 1))) (br $more))))
              (local.get $at))
            (func (export "f") (param i32) (result i32)
              (global.set $top (i32.const 1024)) (local.get 0)))
          (core instance $i (instantiate $m))
          (alias core export $i "memory" (core memory $mem))
          (alias core export $i "cabi_realloc" (core func $realloc))
          {definitions}
          (type $padded (record {pads} (field "value" {ty})))
          (func $f (param "x" $padded) (result $padded)
            (canon lift (core func $i "f") (memory $mem) (realloc $realloc)))
          (instance $out {exports} (export "padded" (type $padded)) (export "f" (func $f)))
          (export "test:echo/echo" (instance $out)))"""
        native = wc.Component(ENGINE, bytes(wasmtime.wat2wasm(text)))
        self.store = wasmtime.Store(ENGINE)
        self.store.set_epoch_deadline(1 << 40)
        instance = wc.Linker(ENGINE).instantiate(self.store, native)
        outer = native.get_export_index("test:echo/echo")
        inner = native.get_export_index("f", outer)
        assert inner is not None
        function = instance.get_func(self.store, inner)
        assert function is not None
        self.plan = Plan(function_shape(function.type(self.store)))
        self.raw = function._func
        self.call = bind(wasmtime._ffi.wasmtime_store_context(self.store.ptr()), self.raw, self.plan)

    def __call__(self, value: Any) -> Any:
        return self.call(SCRATCH, ((*range(17), value),), ROOM)[-1]


_made: dict[str, Echo] = {}


def echo(ty: str, value: Any, definitions: str = "", exports: str = "") -> Any:
    if ty + definitions not in _made:
        _made[ty + definitions] = Echo(definitions, ty, exports)
    return _made[ty + definitions](value)


def whole(bits: int, *, signed: bool) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else st.integers(0, 2**bits - 1)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES: list[tuple[str, st.SearchStrategy[Any]]] = [
    *[(f"u{bits}", whole(bits, signed=False)) for bits in (8, 16, 32, 64)],
    *[(f"s{bits}", whole(bits, signed=True)) for bits in (8, 16, 32, 64)],
    ("bool", st.booleans()),
    ("float32", st.floats(width=32, allow_nan=False)),
    ("float64", st.floats(allow_nan=False)),
    ("char", st.characters(exclude_categories=["Cs"])),
    ("string", TEXT),
]
PAIR = '(type $pair (record (field "a-b" string) (field "n" u16)))'
SHAPES = '(type $shape (variant (case "none") (case "text" string) (case "both" (tuple u8 (list string)))))'
COLOURS = '(type $colour (enum "red" "dark-green"))'
RIGHTS = '(type $rights (flags "read" "write" "see"))'
NAMED: list[tuple[str, str, str, st.SearchStrategy[Any]]] = [
    ("$pair", PAIR, "pair", st.tuples(TEXT, whole(16, signed=False))),
    (
        "$shape",
        SHAPES,
        "shape",
        st.one_of(
            st.just(Case("none")),
            st.builds(Case, st.just("text"), TEXT),
            st.builds(Case, st.just("both"), st.tuples(whole(8, signed=False), st.lists(TEXT))),
        ),
    ),
    ("$colour", COLOURS, "colour", st.sampled_from(["red", "dark-green"])),
    ("$rights", RIGHTS, "rights", st.sampled_from([(), ("read",), ("read", "see"), ("read", "write", "see")])),
]


def compounds(ty: str, values: st.SearchStrategy[Any]) -> list[tuple[str, st.SearchStrategy[Any]]]:
    elements = st.binary() if ty == "u8" else st.lists(values, max_size=5)
    return [
        (ty, values),
        (f"(list {ty})", elements),
        (f"(option {ty})", st.none() | values),
        (f"(tuple {ty} u8)", st.tuples(values, whole(8, signed=False))),
        (
            f"(result {ty} (error string))",
            st.builds(Case, st.just("ok"), values) | st.builds(Case, st.just("err"), TEXT),
        ),
        (f"(result (error {ty}))", st.just(Case("ok")) | st.builds(Case, st.just("err"), values)),
    ]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf[0])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_plain_types_go_there_and_back(leaf: tuple[str, st.SearchStrategy[Any]], data: st.DataObject) -> None:
    for ty, values in compounds(*leaf):
        value = data.draw(values, label=ty)
        assert echo(ty, value) == value


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named[2])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_named_types_go_there_and_back(
    named: tuple[str, str, str, st.SearchStrategy[Any]], data: st.DataObject
) -> None:
    ty, definition, name, leaf = named
    for wrapped, values in compounds(ty, leaf):
        value = data.draw(values, label=wrapped)
        assert echo(wrapped, value, definition, f'(export "{name}" (type {ty}))') == value


@settings(max_examples=10, deadline=None)
@given(size=st.integers(0, 200_000))
@example(size=4_000_000)
def test_large_arguments_grow_the_arena_and_let_it_shrink_again(size: int) -> None:
    assert echo("string", "é" * size) == "é" * size
    assert SCRATCH.arena.size <= 1 << 20


def test_not_a_number_is_one_number() -> None:
    assert math.isnan(echo("float64", math.nan))


@pytest.mark.parametrize(
    ("ty", "value"), [("u8", True), ("u8", 1.0), ("u8", "1"), ("bool", 1), ("float64", 1), ("u32", None)]
)
def test_a_value_of_another_type_is_refused(ty: str, value: Any) -> None:
    with pytest.raises(TypeError):
        echo(ty, value)


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(Exception, match=r"format|range|0 <="):
        echo("u8", 256)


def test_the_answer_is_bounded_before_it_is_read() -> None:
    assert echo("(list string)", ["a" * 100]) == ["a" * 100]
    bounded = _made["(list string)"]
    with pytest.raises(GuestStopped, match="larger than 50 bytes"):
        bounded.call(SCRATCH, ((*range(17), ["a" * 100]),), 50)
    with pytest.raises(GuestStopped, match="larger than 50 bytes"):
        bounded.call(SCRATCH, ((*range(17), [""] * 100),), 50)
    assert bounded(["b"]) == ["b"]


@pytest.mark.parametrize("kind", [Effect, Problem, Obligation, Charge])
def test_the_contracts_records_come_out_as_its_tuples(kind: Any) -> None:
    value = record_maker(kind._fields)([["a"], 1, 2, 3, 4] if kind is Charge else ["a", "b"])
    assert type(value) is kind


def test_other_records_have_their_fields_as_names() -> None:
    value = record_maker(("a-b", "class"))([1, 2])
    assert (value.a_b, value[1]) == (1, 2)


@pytest.mark.parametrize("kind", ["stream", "future", "error-context", "unknown"])
def test_types_that_never_cross_have_no_plan(kind: str) -> None:
    for make in (lifting, lowering):
        with pytest.raises(TypeError, match=kind):
            make(Shape(kind))  # type: ignore[operator]
    with pytest.raises(TypeError):
        Plan(FunctionShape((("x", Shape(kind)),), None))
