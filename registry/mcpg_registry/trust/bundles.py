"""Sigstore bundles v0.3 that hold a DSSE envelope and name a public key. It trusts no key and reads no certificate.

Source: sigstore protobuf-specs, `sigstore_bundle.proto`, in its JSON form.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcpg_registry.digests import Digest
from mcpg_registry.media import BUNDLE, MAX_SIGNATURE
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.trust.dsse import Envelope, decode_base64, parse_envelope
from mcpg_registry.trust.keys import hint_of

__all__ = ["Bundle", "parse_bundle"]

_HINT = 32
_FIELDS = {"mediaType", "verificationMaterial", "dsseEnvelope"}
_MATERIAL = {"publicKey", "tlogEntries", "timestampVerificationData"}


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


def parse_bundle(text: bytes) -> Bundle:
    """Return the bundle in `text`; `ValueError` when it is no key-signed DSSE bundle of version 0.3."""
    document = parse_object(text, MAX_SIGNATURE)
    if document.get("mediaType") != BUNDLE:
        raise ValueError(f"the bundle's media type is not `{BUNDLE}`")
    if "messageSignature" in document:
        raise ValueError("the bundle signs a message, not a DSSE envelope")
    if document.keys() != _FIELDS:
        raise ValueError("the bundle has a field too many or too few")
    material = document["verificationMaterial"]
    if not isinstance(material, dict) or not material.keys() <= _MATERIAL:
        raise ValueError("the bundle names no public key; keyless signatures are not verified here yet")
    hint = material.get("publicKey")
    if not isinstance(hint, dict) or hint.keys() != {"hint"}:
        raise ValueError("the bundle's public key has no hint")
    raw = decode_base64(hint["hint"], "hint")
    if len(raw) != _HINT:
        raise ValueError("the hint is no SHA-256 of a public key")
    envelope = parse_envelope(document["dsseEnvelope"])
    if len(envelope.signatures) != 1:
        raise ValueError("the envelope of a bundle has exactly one signature")
    return Bundle(envelope, Digest("sha256:" + raw.hex()))
