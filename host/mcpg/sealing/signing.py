"""Ed25519 keys of this gateway: sign and verify (RFC 8032). It gives no opinion on whose key to trust."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mcpg.contract.problems import ConfigError
from mcpg.sealing.files import private_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SigningKey", "VerifyKey", "load_signing_key"]

PREFIX = "ed25519:"


class VerifyKey:
    """The public half of a key; its text form is `ed25519:<base64url of 32 bytes>`."""

    __slots__ = ("_key", "key_id", "text")

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self.text = PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        self.key_id = hashlib.sha256(raw).hexdigest()[:16]
        """The first 16 hex digits of the SHA-256 of the raw key: a name for it, not a proof."""

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Read the text form; raises `ValueError`."""
        body = text.strip().removeprefix(PREFIX)
        try:
            key = cls(base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True))
        except (binascii.Error, ValueError):
            raise ValueError("not an Ed25519 public key of the form `ed25519:<base64url>`") from None
        if key.text != PREFIX + body:
            raise ValueError("not an Ed25519 public key in its one canonical form")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether `signature` is this key's over `message`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key; it shows itself to nobody: no `repr`, no text, only `to_pem` for its own file."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = VerifyKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a new random key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """Read a PKCS #8 PEM without a passphrase; raises `ValueError`, which says nothing of the content."""
        try:
            key = load_pem_private_key(pem, password=None)
        except Exception:  # noqa: BLE001 - the parser's errors are many and may quote the key
            raise ValueError("not an Ed25519 private key in PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 private key in PEM")  # noqa: TRY004 - a wrong value, not a wrong type
        return cls(key)

    def to_pem(self) -> bytes:
        """Return the PKCS #8 PEM for a private file."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of signature over `message`."""
        return self._key.sign(message)


def load_signing_key(path: Path) -> SigningKey:
    """Return the key in the private file `path`, made there at the first start; raises `ConfigError`."""
    pem = private_file(path, lambda: SigningKey.generate().to_pem())
    try:
        return SigningKey.from_pem(pem)
    except ValueError as error:
        raise ConfigError(str(error), where=str(path), remedy="restore the key file from a backup") from None
