"""Signed JWTs by which a client proves to an authorization server who it is (RFC 7523). It verifies and sends none.

The algorithms are those that servers commonly name: ES256 (P-256), RS256 (RSA of 2048 bits and more), EdDSA (Ed25519).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AssertionKey"]

MIN_RSA_BITS = 2048
P256_BYTES = 32


class AssertionKey:
    """A private key for assertions; `algorithm` is the one that it signs with. It shows itself to nobody."""

    __slots__ = ("_key", "algorithm")

    def __init__(self, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> None:
        self._key = key
        self.algorithm = _algorithm(key)

    @classmethod
    def from_pem(cls, pem: bytes, algorithm: str = "") -> AssertionKey:
        """Read a PKCS #8 (or SEC 1, PKCS #1) PEM without a passphrase; `algorithm` must be the key's own, if given.

        Raises `ValueError`, which says nothing of the content.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except Exception:  # noqa: BLE001 - the parser's errors are many and may quote the key
            raise ValueError("not a private key in PEM without a passphrase") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise ValueError("not a key for ES256, RS256 or EdDSA")  # noqa: TRY004 - a wrong value, not a wrong type
        made = cls(key)
        if algorithm and algorithm != made.algorithm:
            raise ValueError(f"a key for {made.algorithm}, not for {algorithm}")
        return made

    def jwt(self, claims: Mapping[str, Any], *, key_id: str = "") -> str:
        """Return the compact serialisation of `claims`, signed (RFC 7519)."""
        header = {"alg": self.algorithm, "typ": "JWT", **({"kid": key_id} if key_id else {})}
        signed = f"{_part(header)}.{_part(claims)}"
        return f"{signed}.{_text(self._sign(signed.encode()))}"

    def _sign(self, message: bytes) -> bytes:
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), SHA256())
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(SHA256())))  # JWS wants both numbers side by side
        return r.to_bytes(P256_BYTES, "big") + s.to_bytes(P256_BYTES, "big")


def _algorithm(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:
            raise ValueError(f"an RSA key of fewer than {MIN_RSA_BITS} bits")
        return "RS256"
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("a key on another curve than P-256")  # noqa: TRY004 - a wrong value, not a wrong type
    return "ES256"


def _part(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
