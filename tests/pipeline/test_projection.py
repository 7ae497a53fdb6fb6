"""Reads: a plugin is given what its manifest names and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.pipeline.projection import compile_reads

CALLER = {"id": "ana", "groups": ["a"], "attributes": {"mail": "a@b.c", "city": "Ulm"}}
RUN = {"id": "r1", "now": 7, "seed": "00"}


@pytest.mark.parametrize(
    ("reads", "shown"),
    [
        ([], {}),
        (["/action/name"], {}),
        (["/caller/id"], {"id": "ana"}),
        (["/caller/id", "/caller/absent"], {"id": "ana"}),
        (["/caller/attributes/city"], {"attributes": {"city": "Ulm"}}),
        (["/caller/attributes/city", "/caller/attributes"], {"attributes": CALLER["attributes"]}),
        (["/caller/attributes", "/caller/attributes/city"], {"attributes": CALLER["attributes"]}),
        (["/caller"], CALLER),
        (["/caller/groups/0"], {}),
        (["/caller/id", "/run/now"], {"id": "ana", "run": {"now": 7}}),
        (["/run"], {"run": RUN}),
    ],
)
def test_what_is_read_is_given_and_nothing_else(reads, shown):
    assert compile_reads(reads).project("caller", CALLER, RUN) == shown


def test_a_document_cannot_smuggle_the_facts_of_a_run():
    assert "run" not in compile_reads(["/caller"]).project("caller", {"id": "x", "run": {"now": 1}}, RUN)


def test_escaped_names_are_read_by_their_real_name():
    assert compile_reads(["/caller/a~1b/c~0d"]).project("caller", {"a/b": {"c~d": 1, "e": 2}}) == {"a/b": {"c~d": 1}}


names = st.text("abc", min_size=1, max_size=2)
documents = st.recursive(st.integers(), lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=12)


@given(st.dictionaries(names, documents, max_size=4), st.lists(st.lists(names, min_size=1, max_size=3), max_size=4))
def test_every_value_shown_stands_under_a_pointer_that_is_read(document, paths):
    reads = compile_reads([f"/call/{'/'.join(path)}" for path in paths])
    shown = reads.project("call", document)
    assert json.loads(reads.text("call", document)) == shown
    for path, value in _leaves(shown):
        assert _at(document, path) == value
        assert any(path[: len(read)] == tuple(read) for read in paths) or value == {}


def _leaves(value, path=()):
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    elif path:
        yield path, value


def _at(document, path):
    for name in path:
        document = document[name]
    return document if not isinstance(document, dict) else {}
