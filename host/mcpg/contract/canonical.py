"""Canonical JSON (RFC 8785) for the values that we write ourselves, and digests over it. It does not format floats.

Ledger records and digests hold no floats and only ASCII keys, by rule; within that domain sorted UTF-8 keys and the
encoder's string escapes are exactly RFC 8785, which a property test proves against an independent implementation.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

__all__ = ["MAX_INTEGER", "canonical", "digest_of", "digest_text"]

MAX_INTEGER = 2**53 - 1
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """Return RFC 8785 bytes of `value`; `TypeError` on a float, an integer beyond 2^53-1 or a non-ASCII key."""
    _check(value)
    return _encode(value)


def digest_of(value: Any) -> str:
    """Return `sha256:<hex>` over the canonical form of `value`."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def digest_text(text: str | bytes) -> str:
    """Return `sha256:<hex>` over the exact text."""
    return "sha256:" + hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def _check(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise TypeError(f"key `{key}` is not ASCII text")
            if type(item) is not str:  # most values are: a call for each would take as long as the encoding
                _check(item)
    elif kind is list or kind is tuple:
        for item in value:
            if type(item) is not str:
                _check(item)
    else:
        _check_plain(value, kind)


def _check_plain(value: Any, kind: type) -> None:
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise TypeError(f"integer `{value}` is beyond 2^53-1")
    elif kind is not str and kind is not bool and value is not None:
        raise TypeError(f"`{kind.__name__}` has no canonical form here")
