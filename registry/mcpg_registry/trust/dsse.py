"""DSSE envelopes: the bytes that are signed, and the shape that carries them. It trusts no key.

Source: secure-systems-lab/dsse, protocol and envelope, version 1.0.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Envelope", "Signature", "decode_base64", "parse_envelope", "pre_auth_encoding"]

MAX_SIGNATURES = 16
MAX_TYPE = 256
_TYPE = re.compile(r"[\x21-\x7e]+", re.ASCII)


def pre_auth_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that a signature covers: type and payload, each behind its length in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; `key_id` says which key to try and is not signed itself."""

    sig: bytes
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, its type and who signed both."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def signed_bytes(self) -> bytes:
        """Return what each signature covers."""
        return pre_auth_encoding(self.payload_type, self.payload)

    def document(self) -> dict[str, Any]:
        """Return the JSON shape of the envelope."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [
                {"sig": base64.b64encode(s.sig).decode()} | ({"keyid": s.key_id} if s.key_id else {})
                for s in self.signatures
            ],
        }


def parse_envelope(document: Any) -> Envelope:
    """Return the envelope in a parsed JSON value; `ValueError` names the field that is wrong."""
    if not isinstance(document, dict) or not {"payload", "payloadType", "signatures"} >= document.keys():
        raise ValueError("a DSSE envelope has payload, payloadType and signatures and nothing else")
    kind = document.get("payloadType")
    if not isinstance(kind, str) or len(kind) > MAX_TYPE or _TYPE.fullmatch(kind) is None:
        raise ValueError("payloadType is no short printable text")
    listed = document.get("signatures")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SIGNATURES:
        raise ValueError(f"signatures is no list of 1 to {MAX_SIGNATURES}")
    return Envelope(kind, decode_base64(document.get("payload"), "payload"), tuple(_signature(item) for item in listed))


def decode_base64(text: Any, field: str) -> bytes:
    """Return the bytes of canonical base64; `ValueError` names `field` when it is anything else."""
    if not isinstance(text, str):
        raise ValueError(f"{field} is no text")  # noqa: TRY004 - the data is wrong, not the caller
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{field} is no base64") from None
    # Decoding has refused whatever is not in the alphabet or after the padding; only the last bits are still free.
    end = base64.b64encode(data[-(len(data) % 3 or 3) :]).decode()
    if not text.endswith(end) or len(text) != (len(data) + 2) // 3 * 4:
        raise ValueError(f"{field} is not in canonical base64")
    return data


def _signature(item: Any) -> Signature:
    if not isinstance(item, dict) or not {"sig", "keyid"} >= item.keys():
        raise ValueError("a signature has sig and keyid and nothing else")
    key_id = item.get("keyid", "")
    if not isinstance(key_id, str) or len(key_id) > MAX_TYPE:
        raise ValueError("keyid is no short text")
    return Signature(decode_base64(item.get("sig"), "sig"), key_id)
