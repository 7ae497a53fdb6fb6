"""Canonical JSON against an independent implementation of RFC 8785."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.canonical import MAX_INTEGER, canonical, digest_of, digest_text

_ASCII = st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=8)
_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_LEAVES = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | _TEXT
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ASCII, inner, max_size=4), max_leaves=20
)


@given(_VALUES)
def test_it_is_rfc_8785_within_its_domain(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(st.dictionaries(_ASCII, _LEAVES, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert digest_of(value) == digest_of(dict(reversed(value.items())))


def test_tuples_are_lists() -> None:
    assert canonical((1, ("a",))) == b'[1,["a"]]'


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, {"ä": 1}, {1: 2}, b"x", {1}, [{"a": [0.5]}]]
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_digests_name_their_function() -> None:
    assert digest_of({}) == "sha256:" + hashlib.sha256(b"{}").hexdigest()
    assert digest_text("ä") == digest_text("ä".encode()) == "sha256:" + hashlib.sha256("ä".encode()).hexdigest()
