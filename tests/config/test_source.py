"""YAML as we read it: JSON is a part of it, nothing is guessed, places are right."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.config.findings import ConfigErrors, show_path
from mcpg.config.source import Mark, read_source

_TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xD7FF, exclude_categories=("Cc", "Cf", "Zl", "Zp")), max_size=12
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(-1e9, 1e9).filter(lambda x: "e" not in repr(x))
    | _TEXT
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXT.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abc"), _VALUES, min_size=1))
def test_json_is_read_as_json(value: dict[str, Any]) -> None:
    assert read_source(json.dumps(value, ensure_ascii=False), "x").data == value


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(ConfigErrors):
        assert read_source(text, "x").data is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y"), ("true", True), ("TRUE", True),
        ("False", False), ("null", None), ("~", None), ("", None), ("nil", "nil"), ("012", 12), ("0o14", "0o14"),
        ("0x1F", "0x1F"), ("1_000", "1_000"), ("-7", -7), ("+7", 7), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0),
        (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"), ("12:30:45", "12:30:45"), ("2026-11-21", "2026-11-21"),
        ("'12'", "12"), ('"true"', "true"), ("1.2.3", "1.2.3"), ("|\n  a\n  b\n", "a\nb\n"),
    ],
)  # fmt: skip
def test_nothing_is_guessed(text: str, value: object) -> None:
    found = read_source(f"a: {text}", "x").data["a"]
    assert (type(found), found) == (type(value), value)


def test_places_are_those_of_the_text() -> None:
    source = read_source("a:\n  - b: 1\n    c: [x,\n y]\n", "f")
    assert source.mark(("a",), key=True) == Mark(1, 1)
    assert source.mark(("a", 0, "c")) == Mark(3, 8)
    assert source.mark(("a", 0, "c", 1)) == Mark(4, 2)
    assert source.mark(("a", 0, "missing")) == Mark(2, 5)
    assert source.finding(("a", 0, "c", 1), "m").where == "f:4:2"


def test_an_alias_is_its_anchor_and_its_errors_stand_where_it_is_used() -> None:
    source = read_source("a: &x {b: 1}\nc: *x\n", "f")
    assert source.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert source.mark(("c", "b")) == Mark(2, 1)


def test_a_byte_order_mark_is_no_key() -> None:
    assert read_source(b"\xef\xbb\xbfa: 1", "f").data == {"a": 1}


def test_paths_are_shown_as_people_write_them() -> None:
    assert show_path(("a", 0, 1, "b", "c")) == "a[0][1].b.c"
