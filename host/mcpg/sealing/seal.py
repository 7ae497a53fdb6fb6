"""Seals small payloads into url-safe tokens that only this gateway can read or make. It remembers no token.

1. A token is `base64url(version || key id || 24 random bytes || ciphertext and tag)`, without padding.
2. Each purpose has its own key (HKDF), and each token its own: HMAC-SHA256 of the purpose's key over the first 12
   random bytes; the other 12 are the nonce of AES-256-GCM. So random nonces never run out, however many are made.
3. Version, key id, purpose and `bind` are associated data: a token opens only for what it was sealed for.
4. The expiry stands inside the ciphertext and is checked after the tag.
5. Whatever is wrong, the error is the same. That a token opens does not say that it was not used before: a caller that
   needs once-only must spend an id in storage.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import secrets
import time
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mcpg.contract.problems import McpgError
from mcpg.sealing.derive import derive_key
from mcpg.sealing.keys import KEY_ID_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.sealing.keys import SealKey, SealKeys

__all__ = ["Sealer", "Unsealed"]

VERSION = b"\x01"
HALF = 12
RANDOM = 2 * HALF
TAG = 16
CLOCK = 8
HEADER = len(VERSION) + KEY_ID_BYTES
SMALLEST = HEADER + RANDOM + CLOCK + TAG
MAX_TOKEN = 256 * 1024


class Unsealed(McpgError):  # noqa: N818 - names state facts
    """The token is not one that we sealed for this purpose and binding, or its time is over; which, it does not say."""

    code = "unsealed"

    def __init__(self) -> None:
        super().__init__("the token is not valid here, or its time is over")


class Sealer:
    """Seals with the current key, opens with all of them; `clock` gives seconds since 1970. Safe between threads."""

    __slots__ = ("_clock", "_current", "_derived", "_keys")

    def __init__(self, keys: SealKeys, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._derived: dict[tuple[bytes, str], bytes] = {}
        self.replace_keys(keys)

    def replace_keys(self, keys: SealKeys) -> None:
        """Use `keys` from now on, after a rotation."""
        self._keys = {key.key_id: key for key in keys.all}
        self._current = keys.current
        self._derived = {}

    def seal(self, purpose: str, payload: bytes, *, bind: bytes, ttl: float) -> str:
        """Return a token for `payload` that opens for `ttl` seconds, for the same `purpose` and `bind` only.

        `purpose` is one of the few names in our own code, never a value of a user. Raises `ValueError` when `ttl` is
        not positive and finite or the payload is too large.
        """
        if not 0 < ttl < math.inf:
            raise ValueError("a token must live for a positive, finite time")
        if len(payload) > MAX_TOKEN // 4 * 3 - SMALLEST:
            raise ValueError("the payload is too large for a token")
        header = VERSION + self._current.key_id
        random = secrets.token_bytes(RANDOM)
        expires = min(int((self._clock() + ttl) * 1000), 2 ** (8 * CLOCK) - 1).to_bytes(CLOCK, "big")
        cipher = self._cipher(self._current, purpose, random)
        sealed = cipher.encrypt(random[HALF:], expires + payload, _associated(header, purpose, bind))
        return base64.urlsafe_b64encode(header + random + sealed).rstrip(b"=").decode()

    def open(self, purpose: str, token: str, *, bind: bytes) -> bytes:
        """Return the payload of a token sealed for `purpose` and `bind`; raises `Unsealed` for every other token."""
        raw = _decode(token)
        header, random, sealed = raw[:HEADER], raw[HEADER : HEADER + RANDOM], raw[HEADER + RANDOM :]
        key = self._keys.get(header[len(VERSION) :])
        if len(raw) < SMALLEST or not header.startswith(VERSION) or key is None:
            raise Unsealed
        try:
            cipher = self._cipher(key, purpose, random)
            plain = cipher.decrypt(random[HALF:], sealed, _associated(header, purpose, bind))
        except InvalidTag:
            raise Unsealed from None
        if int.from_bytes(plain[:CLOCK], "big") <= int(self._clock() * 1000):
            raise Unsealed
        return plain[CLOCK:]

    def _cipher(self, key: SealKey, purpose: str, random: bytes) -> AESGCM:
        derived = self._derived.get((key.key_id, purpose))
        if derived is None:
            derived = derive_key(key.secret, "seal", purpose)
            self._derived[key.key_id, purpose] = derived
        return AESGCM(hmac.digest(derived, random[:HALF], "sha256"))


def _associated(header: bytes, purpose: str, bind: bytes) -> bytes:
    name = purpose.encode()
    return header + len(name).to_bytes(4, "big") + name + bind


def _decode(token: str) -> bytes:
    """Decode the one spelling of a token; the lax spellings of base64 would make one token many."""
    if len(token) > MAX_TOKEN or not token.isascii():
        raise Unsealed
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise Unsealed from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise Unsealed
    return raw
