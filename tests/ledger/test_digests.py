"""Keyed digests against the standard library's HMAC."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.ledger.digests import KeyedDigest


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_keyed_digest_is_hmac_sha256(key: bytes, text: bytes) -> None:
    assert KeyedDigest(key)(text) == "hmac-sha256:" + hmac.new(key, text, hashlib.sha256).hexdigest()


def test_texts_do_not_leak_into_one_another() -> None:
    digest = KeyedDigest(b"k" * 32)
    assert digest("a") == digest(b"a")
    assert digest("a") != digest("b")
    assert digest("a") == digest("a")


def test_a_key_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a block"):
        KeyedDigest(b"k" * 65)
