"""Headers: folding within bounds, the sentinel's way round, and parameters that are mirrored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.protocol.headers import MAX_HEADERS, decode_value, encode_value, fold
from mcpg.protocol.mirrors import check_mirrors, mirrors_of, mirrors_to_send, with_sound_mirrors
from mcpg.protocol.refusals import Rejected

texts = st.text(st.characters(exclude_categories=["Cs"]))
SCHEMA = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "count": {"type": "integer", "x-mcp-header": "Count"},
        "deep": {"type": "object", "properties": {"dry": {"type": "boolean", "x-mcp-header": "Dry-Run"}}},
        "plain": {"type": "string", "default": {"x-mcp-header": "data, not schema"}},
    },
}
MIRRORS = mirrors_of(SCHEMA)


@settings(deadline=None, max_examples=100)
@given(texts)
def test_any_text_survives_the_sentinel(text: str) -> None:
    encoded = encode_value(text)
    assert encoded.isascii()
    assert not any(sign in encoded for sign in "\r\n\0")
    assert decode_value(encoded.strip(" \t")) == text


@pytest.mark.parametrize(
    "value", ["=?base64?YQ?=", "=?base64?YR==?=", "=?base64?Y Q==?=", "=?base64?/w==?=", "=?base64?ä?=", "ä", "a\nb"]
)
def test_a_broken_sentinel_stands_for_nothing(value: str) -> None:
    assert decode_value(value) is None


def test_the_sentinels_markers_are_case_sensitive() -> None:
    assert decode_value("=?BASE64?YQ==?=") == "=?BASE64?YQ==?="


def test_folding() -> None:
    headers = fold([(b"X-A", b" 1 "), (b"x-a", b"\t2"), (b"Cookie", b"a=1"), (b"cookie", b"b=2"), (b"host", b"h")])
    assert headers == {"x-a": "1, 2", "cookie": "a=1; b=2", "host": "h"}
    assert not headers.repeated
    assert fold([(b"mcp-name", b"a"), (b"Mcp-Name", b"a")]).repeated == "mcp-name"
    with pytest.raises(Rejected, match="more than once"):
        fold([(b"authorization", b"a"), (b"Authorization", b"a")])
    for lines in ([(b"a", b"b")] * (MAX_HEADERS + 1), [(b"a", b"b" * 40_000)]):
        with pytest.raises(Rejected) as caught:
            fold(lines)
        assert caught.value.status == 431


@pytest.mark.parametrize(
    ("arguments", "headers", "good"),
    [
        ({}, {}, True),
        ({"region": "eu"}, {"region": "eu"}, True),
        ({"region": "eu"}, {"region": "EU"}, False),
        ({"region": "eu"}, {}, False),
        ({"region": None}, {}, True),
        ({"region": None}, {"region": "eu"}, False),
        ({}, {"region": "eu"}, False),
        ({"region": "ä"}, {"region": "=?base64?w6Q=?="}, True),
        ({"region": "ä"}, {"region": "ä"}, False),
        ({"region": "=?base64?YQ==?="}, {"region": "=?base64?YQ==?="}, False),
        ({"count": 42}, {"count": "42"}, True),
        ({"count": 42}, {"count": "42.0"}, True),
        ({"count": 42.0}, {"count": "42"}, True),
        ({"count": 42}, {"count": "4.2e1"}, False),
        ({"count": 42}, {"count": "42.5"}, False),
        ({"count": 2**60 + 1}, {"count": str(2**60)}, False),
        ({"count": -0.0}, {"count": "0"}, True),
        ({"count": True}, {"count": "1"}, False),
        ({"deep": {"dry": True}}, {"dry-run": "true"}, True),
        ({"deep": {"dry": True}}, {"dry-run": "True"}, False),
        ({"deep": 5}, {"dry-run": "true"}, False),
        ({"count": [1]}, {}, True),
        ({"count": [1]}, {"count": "1"}, False),
        ({"plain": "x"}, {"unknown": "x"}, True),
        ("no object", {}, True),
    ],
)
def test_headers_and_arguments_agree(arguments: Any, headers: dict[str, str], good: bool) -> None:  # noqa: FBT001 - a parameter
    sent = {f"mcp-param-{name}": value for name, value in headers.items()}
    if good:
        check_mirrors(MIRRORS, arguments, sent)
        return
    with pytest.raises(Rejected) as caught:
        check_mirrors(MIRRORS, arguments, sent)
    assert (caught.value.code, caught.value.status) == (-32020, 400)


@settings(deadline=None, max_examples=60)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "region": st.none() | texts,
            "count": st.integers(-(2**70), 2**70),
            "deep": st.fixed_dictionaries({}, optional={"dry": st.booleans()}),
        },
    )
)
def test_what_a_client_sends_is_what_a_server_accepts(arguments: dict[str, Any]) -> None:
    check_mirrors(MIRRORS, arguments, mirrors_to_send(MIRRORS, arguments))


def _annotated(**schema: Any) -> dict[str, Any]:
    return {"type": "object", **schema}


FLAG = {"type": "string", "x-mcp-header": "A"}


@pytest.mark.parametrize(
    "schema",
    [
        _annotated(**{"x-mcp-header": "A"}),
        _annotated(properties={"a": {"type": "number", "x-mcp-header": "A"}}),
        _annotated(properties={"a": {"x-mcp-header": "A"}}),
        _annotated(properties={"a": {"type": ["string"], "x-mcp-header": "A"}}),
        _annotated(properties={"a": {"type": "string", "x-mcp-header": "no token"}}),
        _annotated(properties={"a": {"type": "string", "x-mcp-header": ""}}),
        _annotated(properties={"a": {"type": "string", "x-mcp-header": 5}}),
        _annotated(properties={"a": FLAG, "b": {"type": "string", "x-mcp-header": "a"}}),
        _annotated(properties={"a": {"type": "array", "items": FLAG}}),
        _annotated(properties={"a": {"type": "array", "items": [FLAG]}}),
        _annotated(properties={"a": {"type": "array", "prefixItems": [FLAG]}}),
        _annotated(anyOf=[{"properties": {"a": FLAG}}]),
        _annotated(**{"$defs": {"a": FLAG}}),
        _annotated(**{"not": {"properties": {"a": FLAG}}}),
    ],
)
def test_a_tool_with_a_bad_annotation_mirrors_nothing(schema: dict[str, Any]) -> None:
    assert mirrors_of(schema) is None
    check_mirrors(None, {"a": "x"}, {"mcp-param-a": "y"})
    assert mirrors_to_send(None, {"a": "x"}) == {}
    before = json.dumps(schema)
    shown = with_sound_mirrors(schema)
    assert "x-mcp-header" not in json.dumps(shown)
    assert (mirrors_of(shown), json.dumps(schema)) == ((), before)
    assert shown.keys() == schema.keys() - {"x-mcp-header"}


def test_a_tool_with_good_annotations_is_shown_as_it_is() -> None:
    schema = _annotated(properties={"a": FLAG, "x-mcp-header": {"type": "string", "default": {"x-mcp-header": 5}}})
    assert with_sound_mirrors(schema) is schema
    assert with_sound_mirrors(7) == 7


def test_a_schema_without_annotations_mirrors_nothing() -> None:
    assert mirrors_of({"type": "object"}) == ()
    assert mirrors_of(None) == ()
