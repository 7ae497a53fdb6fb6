"""Checks of arguments: nothing is fetched, nothing runs away, nothing of a value is repeated."""

from __future__ import annotations

import json
import socket
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.contract.problems import ConfigError
from mcpg.gateway.schema_graph import MAX_SUBSCHEMAS
from mcpg.gateway.schema_patterns import LONGEST, LONGEST_FANCY
from mcpg.gateway.schemas import MAX_BYTES, MAX_DEPTH, MOST_FAULTS, compile_check, defaults_of
from mcpg.protocol.frames import MAX_DEPTH as MAX_VALUE_DEPTH

SECRET = "s3kret-value"


def nested(levels):
    schema = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubling(levels):
    """Each definition refers to the next one twice."""
    schema = {f"a{level}": {"allOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(levels)}
    return {"$defs": {**schema, f"a{levels}": {"type": "object"}}, "$ref": "#/$defs/a0"}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://schemas.example/x.json"},
        {"$ref": "http://127.0.0.1/x.json"},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"a": {"$ref": "other.json#/x"}}},
        {"type": "dance"},
        True,
        "object",
        [],
        {"pattern": "("},
        {"properties": 7},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"$dynamicAnchor": "me", "anyOf": [{"$dynamicRef": "#me"}]},
        {"$ref": "#/$defs/absent"},
        {"$id": "https://schemas.example/a", "$ref": "b"},
        {"pattern": "(a{1,100}){1,100}{1,100}"},
        {"pattern": "a" * 5000},
        {"patternProperties": {"^(?=a)": True}},
        {"$schema": "https://schemas.example/own"},
        {"$schema": "http://json-schema.org/draft-03/schema#"},
        {"properties": {"a": {"$schema": "https://schemas.example/own"}}},
        {"enum": ["x" * (MAX_BYTES + 1)]},
        {"anyOf": [{"const": number} for number in range(MAX_SUBSCHEMAS + 1)]},
        doubling(24),
        nested(MAX_DEPTH),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_where_it_stands(schema):
    with pytest.raises(ConfigError) as refused:
        compile_check(schema, "tools.x: input")
    assert refused.value.where == "tools.x: input"
    assert "\n" not in refused.value.message


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


@pytest.mark.parametrize("pattern", [r"^(a+)+$(?=x)", r"^(?:(a|a)*)*\1$", r"(x+x+)+y(?!z)", r"(?=(a+))\1b"])
@pytest.mark.parametrize("length", [120, LONGEST_FANCY, 100_000])
def test_a_pattern_that_would_run_for_ever_is_a_fault(pattern, length):
    assert compile_check({"type": "string", "pattern": pattern}, "x")("a" * (length // 2) + "x" * (length // 2) + "!")


def test_a_pattern_sees_no_text_beyond_its_length():
    check = compile_check({"properties": {"a": {"pattern": "^x*$"}}}, "x")
    assert check({"a": "x" * LONGEST, "b": "y" * 1_000_000}) == []
    assert check({"a": "x" * (LONGEST + 1)}) == [f"/a: the value is longer than {LONGEST} characters"]
    assert check({"a": "xy"}) == ['/a: the value does not match "^x*$"']


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07"])
def test_patterns_of_older_drafts_are_guarded_too(draft):
    schema = {"$schema": f"http://json-schema.org/{draft}/schema#", "items": {"pattern": "^(?=x)"}}
    check = compile_check(schema, "x")
    assert check(["x", "x" * LONGEST_FANCY, 5]) == []
    assert len(check(["y"])) == 1
    assert len(check(["x" * (LONGEST_FANCY + 1)])) == 1


def test_a_value_whose_check_would_take_too_long_is_not_checked():
    """Two alternatives that both go down the same way double the work at each level."""
    branch = {"properties": {"a": {"$ref": "#"}}, "patternProperties": {"^b": {"$ref": "#"}}}
    check = compile_check({"oneOf": [branch, {**branch, "required": ["never"]}]}, "x")
    deep = {}
    for _ in range(60):
        deep = {"a": deep}
    assert check({"a": {"a": {}}}) == []
    assert check(deep) == ["the value is too large or too deep for the alternatives and patterns of its schema"]
    wide = compile_check({"items": {"allOf": [{"minimum": number} for number in range(1000)]}}, "x")
    assert wide([5000] * 1000) == []
    assert "too large" in wide([5000] * 50_000)[0]
    dear = compile_check({"items": {"pattern": "[ab]*a[ab]{50}c"}}, "x")
    assert "too large" in dear(["ab" * 4000] * 100)[0]


def test_a_value_with_too_many_faults_is_told_so_at_once():
    """The validator spells out all faults, those of every alternative too, even if one reads ten of them."""
    many = ["the value is not valid, and has too many parts to say where"]
    check = compile_check({"items": {"type": "string"}}, "x")
    assert len(check([1] * 4000)) == MOST_FAULTS
    assert check([1] * 500_000) == many
    words = compile_check({"items": {"enum": [f"word{number}" for number in range(4000)]}}, "x")
    assert len(words(["no"] * 50)) == MOST_FAULTS
    assert words(["no"] * 5000) == many
    large = compile_check({"properties": {"a": {"type": "integer"}}}, "x")
    assert large({"a": "x", "b": "y" * 1_000_000}) == ['/a: the value is not of type "integer"']


def test_a_tree_may_be_as_deep_as_a_message():
    check = compile_check({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}, "type": "object"}, "x")
    value = {}
    for _ in range(MAX_VALUE_DEPTH - 2):
        value = {"left": value, "right": {}}
    assert check(value) == []


@pytest.mark.parametrize("dialect", ["2020-12/schema", "2019-09/schema"])
def test_a_dialect_is_used_where_it_is_named(dialect):
    schema = {"$schema": f"https://json-schema.org/draft/{dialect}", "items": [{"type": "null"}]}
    if dialect.startswith("2020"):
        with pytest.raises(ConfigError):
            compile_check(schema, "x")
    else:
        assert compile_check(schema, "x")([5])


def test_an_unknown_dialect_is_named():
    with pytest.raises(ConfigError) as refused:
        compile_check({"$schema": "https://schemas.example/own\n" + "x" * 5000}, "x")
    assert "dialect `https://schemas.example/own?xxx" in refused.value.message
    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    ("schema", "bad"),
    [
        ({"$defs": {"a b": {"type": "null"}}, "items": {"$ref": "#/$defs/a%20b"}}, [1]),
        ({"$defs": {"a": {"$anchor": "n", "type": "null"}}, "items": {"$ref": "#n"}}, [1]),
        ({"$defs": {"a": {"$id": "n", "type": "null"}}, "items": {"$ref": "n"}}, [1]),
        ({"$id": "https://x.example/y", "$defs": {"a": {"type": "null"}}, "items": {"$ref": "y#/$defs/a"}}, [1]),
        (
            {
                "$defs": {"a": {"$id": "z", "$defs": {"b": {"type": "null"}}, "$ref": "#/$defs/b"}},
                "items": {"$ref": "z"},
            },
            [1],
        ),
        ({"x-more": {"a": {"type": "null"}}, "items": {"$ref": "#/x-more/a"}}, [1]),
        ({"prefixItems": [{"type": "null"}, {"$ref": "#/prefixItems/0"}]}, [None, 1]),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"type": 5}),
        (
            {
                "type": "object",
                "id": "a-name",
                "properties": {"a": {"$ref": "#/$defs/a"}},
                "$defs": {"a": {"type": "null"}},
            },
            {"a": 1},
        ),
    ],
)
def test_references_within_a_schema_hold(schema, bad):
    assert len(compile_check(schema, "x")(bad)) == 1


def test_nothing_is_fetched(tmp_path):
    """Every way to name a document elsewhere is refused, and a server that listens hears nothing."""
    (tmp_path / "s.json").write_text('{"type": "null"}')
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        here = f"http://127.0.0.1:{server.getsockname()[1]}/s.json"
        for address in (here, (tmp_path / "s.json").as_uri(), str(tmp_path / "s.json"), "s.json", f"{here}#/a"):
            for schema in (
                {"$ref": address},
                {"$dynamicRef": address},
                {"$recursiveRef": address},
                {"$id": here + "/x", "$ref": address},
                {"$schema": address},
                {"items": {"$defs": {"a": {"anyOf": [{"$ref": address}]}}}},
            ):
                with pytest.raises(ConfigError):
                    compile_check(schema, "x")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_formats_are_annotations():
    for dialect in ("http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"):
        assert compile_check({"$schema": dialect, "format": "date"}, "x")("no date") == []


def test_the_schema_itself_is_not_changed():
    schema = {"properties": {"a": {"pattern": "^x$"}}}
    compile_check(schema, "x")
    assert schema == {"properties": {"a": {"pattern": "^x$"}}}


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


KEYWORDS = sorted(
    {
        *(
            "$schema",
            "$id",
            "id",
            "$ref",
            "$dynamicRef",
            "$recursiveRef",
            "$anchor",
            "$dynamicAnchor",
            "$defs",
            "items",
        ),
        *("prefixItems", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "allOf"),
        *("anyOf", "oneOf", "not", "if", "then", "dependentSchemas", "propertyNames", "contains", "enum", "required"),
        *("pattern", "type", "uniqueItems", "dependencies", "minimum", "x-more"),
    }
)
words_of_schemas = st.sampled_from(
    [
        *(
            "#",
            "#/$defs/a",
            "#a",
            "a",
            "x:y",
            "http://[",
            "#/%zz",
            "#/items/0",
            "object",
            "string",
            "^a+$",
            "(?=a)",
            "(",
        ),
        *("", "http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"),
    ]
)
wild = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | words_of_schemas,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "^a"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYWORDS), wild, max_size=5), st.lists(values, min_size=1, max_size=3))
def test_any_schema_is_a_check_or_refused_and_any_value_is_checked(schema, instances):
    try:
        check = compile_check(schema, "x")
    except ConfigError as refused:
        said = [refused.message]
    else:
        said = [fault for value in instances for fault in check(value)]
    assert not [line for line in said if "\n" in line or len(line) > 600]
