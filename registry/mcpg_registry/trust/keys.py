"""Ed25519 keys as PEM, their ids and hints. It stores no key and reads no file.

Public keys are SPKI, private keys PKCS#8, as openssl and cosign write them. A key's id is `sha256:<hex>` over the SPKI
DER; its hint in a sigstore bundle is base64 of the same 32 bytes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mcpg_registry.digests import Digest, hex_of
from mcpg_registry.trust.sealed_pem import sealed_pem

__all__ = ["PrivateKey", "PublicKey", "hint_of", "is_sealed", "load_public_keys", "pem_of"]

MAX_PEM = 64 * 1024
_END = "-----END PUBLIC KEY-----"
_BEGIN = "-----BEGIN PUBLIC KEY-----"
_COSIGN = ("ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; two are equal when their ids are."""

    id: Digest
    pem: str = field(compare=False)
    _key: Ed25519PublicKey = field(compare=False, repr=False)

    def raw(self) -> bytes:
        """Return the 32 bytes of the key itself."""
        return self._key.public_bytes_raw()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's pure Ed25519 signature (RFC 8032) over `data`."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """A private key; its text form never shows it."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = _public(key.public_key())

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.id})"

    @classmethod
    def generate(cls) -> PrivateKey:
        """Return a fresh key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: str, password: bytes | None = None) -> PrivateKey:
        """Return the key in PKCS#8 PEM; `ValueError` when it is no Ed25519 key or the password does not open it."""
        if any(kind in pem for kind in _COSIGN):
            raise ValueError(
                "the key is in cosign's own form; make one with `mcpg keys generate`, which cosign can import"
            )
        try:
            key = load_pem_private_key(pem.encode(), password)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("no PKCS#8 PEM private key, or one that another password opens") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("no Ed25519 key; make one with `openssl genpkey -algorithm ed25519`")  # noqa: TRY004 - of text
        return cls(key)

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of a pure Ed25519 signature over `data`: the same each time."""
        return self._key.sign(data)

    def pem(self, password: bytes | None = None) -> str:
        """Return the key as PKCS#8 PEM, encrypted when a password is given (not twice the same then)."""
        if password is not None:
            return sealed_pem(self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), password)
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def load_public_keys(text: str) -> tuple[PublicKey, ...]:
    """Return the Ed25519 keys in a PEM text, in order; `ValueError` for none, one twice, or another kind."""
    if len(text) > MAX_PEM:
        raise ValueError(f"more than {MAX_PEM} characters of PEM")
    keys: list[PublicKey] = []
    for block in text.split(_END)[:-1]:
        before, begin, body = block.rpartition(_BEGIN)
        if not begin or before.strip():
            raise ValueError("text stands between the PEM keys")
        try:
            key = load_pem_public_key(f"{_BEGIN}{body}{_END}\n".encode())
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("no SPKI PEM public key") from None
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(f"a public key is no Ed25519 key but {type(key).__name__.strip('_')}")  # noqa: TRY004 - of text
        keys.append(_public(key))
    if not keys or text.rpartition(_END)[2].strip():
        raise ValueError("wanted one or more SPKI PEM public keys and nothing else")
    if len(set(keys)) != len(keys):
        raise ValueError("a public key stands there twice")
    return tuple(keys)


def is_sealed(pem: str) -> bool:
    """Whether `pem` is a private key that a password protects."""
    return "-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem


def pem_of(text: bytes) -> str:
    """Return the PEM of a public key in `text`, which is PEM or base64 of its DER; `ValueError` when it is neither."""
    if len(text) > MAX_PEM:
        raise ValueError(f"more than {MAX_PEM} bytes")
    written = text.decode("ascii", "replace")
    if _BEGIN in written:
        return written
    try:
        der = base64.b64decode("".join(written.split()), validate=True)
    except ValueError:
        raise ValueError("neither PEM nor base64") from None
    return f"{_BEGIN}\n{base64.b64encode(der).decode()}\n{_END}\n"


def hint_of(key_id: Digest) -> str:
    """Return the hint that sigstore bundles carry for a key: base64 of SHA-256 over its SPKI DER."""
    return base64.b64encode(bytes.fromhex(hex_of(key_id))).decode()


def _public(key: Ed25519PublicKey) -> PublicKey:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(Digest("sha256:" + hashlib.sha256(der).hexdigest()), pem, key)
