"""Canonical JSON against an implementation that others wrote."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.canonical import MAX_INTEGER, canonical, digest_of

KEYS = st.text(st.characters(max_codepoint=127), max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=30)
VALUES = st.recursive(LEAVES, lambda each: st.lists(each, max_size=5) | st.dictionaries(KEYS, each, max_size=5))


@given(VALUES)
def test_it_is_rfc_8785(value: object) -> None:
    expected = rfc8785.dumps(value)
    assert canonical(value) == expected
    assert digest_of(value) == "sha256:" + hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize("text", ["\x00\x1f\x7f", '"\\/', "\b\f\n\r\t", "\u2028\u2029\ufeff", "😀é", "</script>"])
def test_the_awkward_texts_are_rfc_8785(text: str) -> None:
    assert canonical({"k": text}) == rfc8785.dumps({"k": text})


@pytest.mark.parametrize("value", [1.0, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, {"é": 1}, {1: 2}, b"", {1}])
def test_what_has_no_canonical_form_here_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
    with pytest.raises(TypeError):
        canonical({"deep": [value]})


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"k": "\ud800"})
