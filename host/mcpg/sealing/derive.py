"""Derives keys from keys. It stores nothing and draws no randomness."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["derive_key"]


def derive_key(secret: bytes, *purpose: str, length: int = 32) -> bytes:
    """Return a key of `length` bytes for one purpose (HKDF-SHA256, RFC 5869); other purposes give unrelated keys.

    The parts of `purpose` are length-prefixed, so that `("a", "bc")` and `("ab", "c")` differ. `secret` must hold at
    least 16 random bytes; raises `ValueError` otherwise.
    """
    if len(secret) < 16:  # noqa: PLR2004 - RFC 5869 wants as much entropy as the key has strength: 128 bits at least
        raise ValueError("the secret is too short to derive a key from")
    info = b"mcpg" + b"".join(len(part).to_bytes(4, "big") + part for part in (text.encode() for text in purpose))
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)
