"""Checks of arguments: nothing is fetched, nothing runs away, nothing of a value is repeated."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import ConfigError
from mcpg.gateway.schemas import MAX_DEPTH, MOST_FAULTS, compile_check, defaults_of
from mcpg.protocol.frames import MAX_DEPTH as MAX_VALUE_DEPTH

SECRET = "s3kret-value"


def nested(levels):
    schema = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://schemas.example/x.json"},
        {"$ref": "http://127.0.0.1/x.json"},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"a": {"$ref": "other.json#/x"}}},
        {"type": "dance"},
        {"pattern": "("},
        {"properties": 7},
        nested(MAX_DEPTH),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_where_it_stands(schema):
    with pytest.raises(ConfigError) as refused:
        compile_check(schema, "tools.x: input")
    assert refused.value.where == "tools.x: input"
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}]
)
def test_a_schema_that_refers_to_itself_ends(schema):
    assert isinstance(compile_check(schema, "x")({}), list)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, SECRET),
        ({"const": "x"}, SECRET),
        ({"enum": ["a", "b"]}, SECRET),
        ({"pattern": "^a$"}, SECRET),
        ({"format": "date"}, SECRET),
        ({"maxLength": 2}, SECRET),
        ({"additionalProperties": False}, {SECRET: 1}),
        ({"additionalProperties": {"type": "integer"}}, {SECRET + "\n": SECRET}),
        ({"propertyNames": {"maxLength": 2}}, {SECRET: 1}),
        ({"propertyNames": {"pattern": "^a$"}}, {SECRET: 1}),
        ({"dependentRequired": {"a": ["b"]}}, {"a": SECRET}),
        ({"unevaluatedProperties": False}, {SECRET: 1}),
        ({"contains": {"const": 1}}, [SECRET]),
        ({"uniqueItems": True}, [SECRET, SECRET]),
        ({"not": {"type": "string"}}, SECRET),
        ({"oneOf": [{"type": "integer"}, {"type": "null"}]}, SECRET),
    ],
)
def test_a_fault_names_the_rule_and_never_the_value(schema, value):
    faults = compile_check(schema, "x")(value)
    assert faults or schema == {"format": "date"}
    assert SECRET not in json.dumps(faults)


def test_faults_are_few_and_short():
    check = compile_check({"additionalProperties": {"type": "integer"}}, "x")
    faults = check({f"{'k' * 5000}{i}": "x" for i in range(100)})
    assert len(faults) == MOST_FAULTS
    assert max(map(len, faults)) <= 500


@pytest.mark.parametrize("pattern", [r"^(a+)+$(?=x)", r"^(?:(a|a)*)*\1$", r"(x+x+)+y(?!z)"])
def test_a_pattern_that_would_run_for_ever_is_a_fault(pattern):
    assert compile_check({"type": "string", "pattern": pattern}, "x")("a" * 60 + "x" * 60 + "!")


def test_the_deepest_value_that_comes_in_is_checked_by_the_deepest_schema():
    schema = {"items": {"$ref": "#"}, "type": "array"}
    for _ in range(20):
        schema = {"allOf": [schema], "type": "array"}
    value = []
    for _ in range(MAX_VALUE_DEPTH - 1):
        value = [value]
    assert compile_check(schema, "x")(value) == []
    assert compile_check(schema, "x")([*value, 7])


def test_defaults_are_those_of_the_schemas_own_properties():
    assert defaults_of({"properties": {"a": {"default": 1}, "b": {}, "c": True}}) == {"a": 1}
    assert defaults_of({"properties": 7}) == defaults_of({}) == {}


words = st.text(string.ascii_letters, min_size=12, max_size=24)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
schemas = st.sampled_from(
    [
        {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "array", "items": {"type": "null"}}]},
        {"type": "array", "items": {"enum": [1, 2]}, "maxItems": 1},
        {"propertyNames": {"maxLength": 1}, "unevaluatedProperties": {"type": "boolean"}},
    ]
)


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)


@given(schemas, values)
def test_no_text_of_any_value_stands_in_its_faults(schema, value):
    faults = json.dumps(compile_check(schema, "x")(value))
    assert not [text for text in texts_in(value) if text in faults]
