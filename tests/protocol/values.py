"""Strategies of values that are nearly what they should be: known members, some of them junk, some missing."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mcpg.protocol.kinds import BLOCKS, KINDS, SAMPLING_BLOCKS, Member

FUZZ = int(os.environ.get("MCPG_FUZZ", "1"))
"""How many times more examples to try than a quick run does."""

light = settings(max_examples=20 * FUZZ, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(max_size=6) | st.sampled_from(["a", "https://x.example/a", "object", "file:///a"])
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | texts
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "a", "uri"]), inner, max_size=2)
    ),
    max_leaves=4,
)
objects = st.dictionaries(texts, junk, max_size=2)

properties = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "number", "integer", "boolean", "array", "object", ["string", "null"]])},
        optional={
            "title": texts | junk,
            "default": junk | texts,
            "enum": st.lists(texts, max_size=2) | junk,
            "enumNames": st.lists(texts, max_size=2) | junk,
            "oneOf": st.lists(st.fixed_dictionaries({"const": texts, "title": texts}), max_size=2) | junk,
            "items": st.fixed_dictionaries({"type": st.just("string"), "enum": st.lists(texts, max_size=2)})
            | st.fixed_dictionaries({"anyOf": st.lists(st.fixed_dictionaries({"const": texts, "title": texts}))})
            | junk,
            "format": st.sampled_from(["email", "uuid"]) | junk,
            "minLength": st.integers(0, 3) | junk,
            "maximum": st.integers(0, 3) | junk,
            "minItems": st.integers(0, 3) | junk,
            "anyOf": junk,
        },
    ),
    st.fixed_dictionaries({"anyOf": st.just([{"type": "string"}, {"type": "null"}]), "default": st.none()}),
    junk,
)
forms = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("abc"), properties, max_size=3)},
    optional={"required": st.lists(st.sampled_from("abc"), max_size=2) | junk, "$schema": texts | junk},
)
schemas = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "object", "array"])},
    optional={
        "properties": st.dictionaries(texts, st.booleans() | objects, max_size=2) | junk,
        "required": st.lists(texts, max_size=1) | junk,
        "$schema": texts | junk,
    },
)

_LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "str": texts,
    "num": st.integers(0, 9) | st.floats(0, 9),
    "int": st.integers(0, 9) | st.just(3.0),
    "bool": st.booleans(),
    "obj": objects,
    "objects": st.dictionaries(texts, objects, max_size=2),
    "any": junk,
    "id": texts | st.integers(0, 9),
    "failed": st.booleans() | junk,
    "share": st.floats(0, 1) | st.integers(-1, 2),
    "ttl": st.integers(-1, 9),
    "values": st.lists(texts, max_size=3),
    "filled": st.dictionaries(texts, scalars | st.lists(texts, max_size=2), max_size=3),
    "structured": junk,
    "execution": st.just({"taskSupport": "optional"}) | objects,
    "input schema": schemas,
    "output schema": schemas,
    "web address": texts,
    "scope": st.sampled_from(["public", "private"]),
    "role": st.sampled_from(["user", "assistant"]),
    "theme": st.sampled_from(["light", "dark"]),
    "choice": st.sampled_from(["auto", "required", "none"]),
    "context": st.sampled_from(["none", "thisServer", "allServers"]),
    "action": st.sampled_from(["accept", "decline", "cancel"]),
    "level": st.sampled_from(["info", "error"]),
    "form mode": st.just("form"),
    "url mode": st.just("url"),
    "never": junk,
}


def values(kind: str) -> st.SearchStrategy[Any]:
    """Values of a kind of `kinds`, now and then spoiled."""
    if kind.startswith("["):
        return st.lists(values(kind.strip("[!]")), max_size=3)
    if kind == "block":
        return st.one_of([_block(name) for name in BLOCKS])
    if kind == "sampling content":
        one = st.one_of([_block(name) for name in SAMPLING_BLOCKS])
        return one | st.lists(one, max_size=3)
    if kind == "either contents":
        return values("contents")
    return _LEAVES[kind] if kind in _LEAVES else _object(KINDS[kind])


def _object(members: dict[str, Member]) -> st.SearchStrategy[Any]:
    required = {name: _member(member) for name, member in members.items() if member.required}
    optional = {name: _member(member) for name, member in members.items() if not member.required}
    return st.fixed_dictionaries(required, optional=optional | {"vendor": junk})


def _member(member: Member) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: values(member.type) | values(member.type) | values(member.type) | junk)


def _block(name: str) -> st.SearchStrategy[Any]:
    return values(f"block {name}").map(lambda block: {"type": name, **block} if isinstance(block, dict) else block)
