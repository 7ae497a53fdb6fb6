"""Sigstore bundles v0.3 that hold a DSSE envelope: signed by a named key, or keyless. It trusts and verifies nothing.

Source: sigstore protobuf-specs, `sigstore_bundle.proto`, in its JSON form.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg_registry.digests import Digest
from mcpg_registry.media import BUNDLE, MAX_SIGNATURE
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.trust.dsse import Envelope, decode_base64, parse_envelope
from mcpg_registry.trust.keys import hint_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Bundle", "KeylessBundle", "claimed_keys", "parse_bundle", "read_bundle"]

_HINT = 32
_FIELDS = {"mediaType", "verificationMaterial", "dsseEnvelope"}
_WITNESSES = {"tlogEntries", "timestampVerificationData"}


@dataclass(frozen=True, slots=True)
class Bundle:
    """One envelope with one signature, and the id of the key that is said to have made it."""

    envelope: Envelope
    key_id: Digest

    def text(self) -> bytes:
        """Return the bundle as JSON: the same bytes for the same bundle."""
        return compact(
            {
                "mediaType": BUNDLE,
                "verificationMaterial": {"publicKey": {"hint": hint_of(self.key_id)}},
                "dsseEnvelope": self.envelope.document(),
            }
        )


@dataclass(frozen=True, slots=True)
class KeylessBundle:
    """One envelope with one signature, a certificate, and what log and time stamp authority say; nothing is proven."""

    envelope: Envelope
    _text: bytes = field(repr=False)

    def text(self) -> bytes:
        """Return the bundle as it was found."""
        return self._text


def read_bundle(text: bytes) -> Bundle | KeylessBundle:
    """Return the bundle in `text`; `ValueError` when it is no DSSE bundle v0.3 with a key hint or a certificate."""
    document = parse_object(text, MAX_SIGNATURE)
    if document.get("mediaType") != BUNDLE:
        raise ValueError(f"the bundle's media type is not `{BUNDLE}`")
    if "messageSignature" in document:
        raise ValueError("the bundle signs a message, not a DSSE envelope")
    if document.keys() != _FIELDS:
        raise ValueError("the bundle has a field too many or too few")
    material = document["verificationMaterial"]
    if not isinstance(material, dict) or not material.keys() <= _WITNESSES | {"publicKey", "certificate"}:
        raise ValueError("the bundle's verification material has fields that are not known")
    if ("publicKey" in material) == ("certificate" in material):
        raise ValueError("the bundle has no hint of a public key and no certificate, or both")
    key_id = _key_id(material["publicKey"]) if "publicKey" in material else None
    envelope = parse_envelope(document["dsseEnvelope"])
    if len(envelope.signatures) != 1:
        raise ValueError("the envelope of a bundle has exactly one signature")
    if key_id is not None:
        return Bundle(envelope, key_id)
    _check_certificate(material["certificate"])
    return KeylessBundle(envelope, text)


def parse_bundle(text: bytes) -> Bundle:
    """Return the key-signed bundle in `text`; `ValueError` for any other."""
    bundle = read_bundle(text)
    if not isinstance(bundle, Bundle):
        raise ValueError("the bundle is keyless: it holds a certificate and names no public key")  # noqa: TRY004 - of text
    return bundle


def claimed_keys(candidates: Iterable[bytes]) -> tuple[Digest, ...]:
    """Return the ids of the keys that `candidates` name, each once: nothing proves that these keys have signed."""
    found: dict[Digest, None] = {}
    for text in candidates:
        with suppress(ValueError):
            found[parse_bundle(text).key_id] = None
    return tuple(found)


def _key_id(hint: Any) -> Digest:
    if not isinstance(hint, dict) or hint.keys() != {"hint"}:
        raise ValueError("the bundle's public key has no hint")
    raw = decode_base64(hint["hint"], "hint")
    if len(raw) != _HINT:
        raise ValueError("the hint is no SHA-256 of a public key")
    return Digest("sha256:" + raw.hex())


def _check_certificate(certificate: Any) -> None:
    if not isinstance(certificate, dict) or certificate.keys() != {"rawBytes"}:
        raise ValueError("the certificate of a keyless bundle has rawBytes and nothing else")
    decode_base64(certificate["rawBytes"], "rawBytes")
