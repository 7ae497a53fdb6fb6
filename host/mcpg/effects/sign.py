"""Driver `sign`: an HMAC under a key that the operator names and the plugin never sees. It verifies nothing.

keys         references such as `secret://env/NAME` that may be signed with; required
algorithms   `hmac-sha256` unless listed otherwise
derive       how many keys are derived, one of the other, before the text is signed: exactly so many; 0 unless said
max_bytes    of the text, 64KiB unless said, at most 1MiB

The number of derived keys is exact, because a derived key is itself a signature, one step earlier: a plugin that could
choose the number would be given its keys.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from mcpg.contract.effects import SignReply, SignRequest
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.contract.verdicts import Case, ok
from mcpg.effects.grants import GrantFields, read_grant, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import EffectContext
    from mcpg.effects.secrets import Keyring

__all__ = ["SignDriver", "SignGrant"]

_MAX_BYTES = 1 << 20
_MAX_AFFIX = 64
_INLINE = 64 * 1024
"""Larger texts are signed in a thread: they would hold up every other call."""


class _Fields(GrantFields, frozen=True):
    keys: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    algorithms: Annotated[tuple[Literal["hmac-sha256", "hmac-sha512"], ...], msgspec.Meta(min_length=1)] = (
        "hmac-sha256",
    )
    derive: Annotated[int, msgspec.Meta(ge=0, le=8)] = 0
    max_bytes: str | int = "64KiB"


@dataclass(frozen=True, slots=True)
class SignGrant:
    """What one use may sign, and with what."""

    keys: frozenset[str]
    algorithms: frozenset[str]
    derive: int
    max_bytes: int
    keyring: Keyring


class SignDriver:
    """Signs short texts with the operator's secrets."""

    name = "sign"
    request = SignRequest

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> SignGrant:
        """Read `keys`, `algorithms`, `derive` and `max_bytes`; raises `ConfigError`."""
        fields = read_grant(_Fields, document, "sign")
        for reference in fields.keys:
            # A credential is issued to its caller with a scheme before it: that is no key.
            if not reference.startswith("secret://") or not keyring.known(reference):
                raise ConfigError(f"`sign.keys`: `{reference}` is not secret://source/name", where="sign.keys")
        most = size(fields.max_bytes, "sign.max_bytes")
        if not 0 < most <= _MAX_BYTES:
            raise ConfigError("`sign.max_bytes` is not between 1 and 1MiB", where="sign.max_bytes")
        return SignGrant(frozenset(fields.keys), frozenset(fields.algorithms), fields.derive, most, keyring)

    def check(self, request: SignRequest, grant: SignGrant) -> None:
        """Return if key, algorithm, derivation and size are granted; raises `EffectDenied` that names the field."""
        if request.key.reference not in grant.keys:
            raise EffectDenied(f"`{request.key.reference}` is not granted (`keys`)")
        if max(len(request.key.prefix), len(request.key.suffix)) > _MAX_AFFIX:
            raise EffectDenied(f"prefix or suffix of the key has more than {_MAX_AFFIX} characters")
        if request.algorithm not in grant.algorithms:
            raise EffectDenied(f"`{request.algorithm}` is not granted (`algorithms`)")
        if len(request.derive) != grant.derive:
            raise EffectDenied(
                f"{len(request.derive)} derived keys are asked for, {grant.derive} are granted (`derive`)"
            )
        length = len(_text(request))
        if length > grant.max_bytes:
            raise EffectDenied(f"the text has {length} bytes, {grant.max_bytes} are granted (`max_bytes`)")

    async def perform(self, request: SignRequest, grant: SignGrant, context: EffectContext) -> Case:
        """Sign the text; answers `ok(SignReply)`."""
        _, key = await grant.keyring.open(request.key, context.caller)
        text = _text(request)
        if len(text) <= _INLINE:
            signature = _signed(request, key.encode(), text)
        else:
            signature = await asyncio.to_thread(_signed, request, key.encode(), text)
        return ok(msgspec.json.encode(SignReply(signature=_coded(signature, request.encoding))).decode())


def _text(request: SignRequest) -> bytes:
    if (request.text is None) == (request.text_base64 is None):
        raise EffectDenied("exactly one of `text` and `text_base64` can be signed")
    if request.text is not None:
        return request.text.encode()
    try:
        return base64.b64decode(request.text_base64 or "", validate=True)
    except (binascii.Error, ValueError):
        raise EffectDenied("`text_base64` is not base64") from None


def _signed(request: SignRequest, key: bytes, text: bytes) -> bytes:
    digest = request.algorithm.removeprefix("hmac-")
    for step in request.derive:
        key = hmac.digest(key, step.encode(), digest)
    return hmac.digest(key, text, digest)


def _coded(signature: bytes, encoding: str) -> str:
    if encoding == "hex":
        return signature.hex()
    if encoding == "base64":
        return base64.b64encode(signature).decode()
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
