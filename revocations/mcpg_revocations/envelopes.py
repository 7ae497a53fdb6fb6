"""Signed lists: DSSE envelopes, the chain that several make, and whose signatures count. It judges no version or time.

A list travels as one envelope, or as `{"lists": [envelope, ...]}`, oldest first, where the last is meant and those
before it let a site that was away catch up: the lists that changed the keys, and the one an emergency list adds to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mcpg_registry.steps import refusal
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.trust.dsse import MAX_SIGNATURES, Envelope, Signature, parse_envelope
from mcpg_registry.trust.keys import load_public_keys
from mcpg_registry.trust.signing import sign_envelope
from mcpg_registry.trust.verification import envelope_signers
from mcpg_revocations.lists import MAX_LIST, Override, RevocationList, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.contract.problems import PluginRefused
    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PrivateKey, PublicKey
    from mcpg_revocations.lists import NextKeys

__all__ = [
    "MAX_CHAIN",
    "MAX_OFFER",
    "OVERRIDE_TYPE",
    "PAYLOAD_TYPE",
    "REMEDY",
    "WHERE",
    "Anchor",
    "chain_text",
    "next_anchor",
    "open_chain",
    "open_override",
    "read_list",
    "refused",
    "sign_list",
    "sign_override",
    "signers_of",
]

PAYLOAD_TYPE = "application/vnd.mcpg.revocations.v1+json"
OVERRIDE_TYPE = "application/vnd.mcpg.revocations.override.v1+json"
WHERE = "the revocation list"
REMEDY = "take the list from its publisher again"
MAX_ENCODED = (MAX_LIST + 2) // 3 * 4
MAX_CHAIN = 16
MAX_OFFER = 24 * 1024 * 1024
"""Bytes of a chain of envelopes: whatever takes a list from outside stops reading there."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Whose list is believed: at least `threshold` distinct keys must have signed it."""

    keys: tuple[PublicKey, ...]
    threshold: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(set(self.keys)):
            raise ValueError(f"the anchor has {len(set(self.keys))} keys and a threshold of {self.threshold}")


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    sig: str
    keyid: str = ""


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    payload: str
    payloadType: str  # noqa: N815 - DSSE's spelling
    signatures: tuple[_Signature, ...]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a chain or an envelope looks like, so that nothing else is ever built from bytes of a stranger."""

    payload: str = ""
    payloadType: str = ""  # noqa: N815 - DSSE's spelling
    signatures: Annotated[tuple[_Signature, ...], msgspec.Meta(max_length=MAX_SIGNATURES)] = ()
    lists: Annotated[tuple[_Wire, ...], msgspec.Meta(max_length=MAX_CHAIN)] = ()


_shape = msgspec.json.Decoder(_Shape)


def refused(message: str, code: str = "revocation-list", *, remedy: str = REMEDY) -> PluginRefused:
    """Return the refusal of a list: step 4."""
    return refusal(4, message, where=WHERE, remedy=remedy, code=code)


def open_chain(text: bytes) -> tuple[Envelope, ...]:
    """Return the envelopes in `text`, oldest first; `PluginRefused` at step 4 when they are none of lists.

    What is too large (`revocation-size`) is not parsed, no payload is, and no signature is checked.
    """
    if len(text) > MAX_OFFER:
        raise refused(f"found {len(text)} bytes, at most {MAX_OFFER} are allowed", "revocation-size")
    try:
        _shape.decode(text)
        document = parse_object(text, MAX_OFFER)
        listed = document["lists"] if document.keys() == {"lists"} else [document]
        if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_CHAIN:
            raise ValueError(f"lists is no list of 1 to {MAX_CHAIN} envelopes")  # noqa: TRY301 - with the others
        return tuple(_envelope(each) for each in listed)
    except msgspec.DecodeError as error:
        raise refused(f"no JSON of an envelope or a chain: {str(error).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise refused(str(error)) from error


def _envelope(document: Any) -> Envelope:
    payload = document.get("payload") if isinstance(document, dict) else None
    if isinstance(payload, str) and len(payload) > MAX_ENCODED:
        raise refused(f"a list has more than {MAX_LIST} bytes", "revocation-size")
    envelope = parse_envelope(document)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"found payload type `{envelope.payload_type}`, wanted `{PAYLOAD_TYPE}`")
    return envelope


def read_list(envelope: Envelope) -> RevocationList:
    """Return the list in an envelope; `PluginRefused` at step 4 when it is not in the grammar."""
    try:
        return decode(RevocationList, envelope.payload, MAX_LIST)
    except ValueError as error:
        raise refused(str(error)) from error


def signers_of(envelope: Envelope, keys: Sequence[PublicKey]) -> frozenset[Digest]:
    """Return which of `keys` have signed: each by the first signature that names it, so that many cost no more."""
    named: dict[str, Signature] = {}
    for signature in envelope.signatures:
        named.setdefault(signature.key_id, signature)
    first = replace(envelope, signatures=tuple(named[key.id] for key in keys if key.id in named))
    return envelope_signers(first, keys)


def next_anchor(keys: NextKeys) -> Anchor:
    """Return the anchor that a list announces; `ValueError` when it is none."""
    return Anchor(load_public_keys("".join(keys.next)), keys.threshold)


def sign_list(revocations: RevocationList, keys: Sequence[PrivateKey]) -> bytes:
    """Return the list in an envelope that each of `keys` has signed: the same bytes each time."""
    return compact(sign_envelope(PAYLOAD_TYPE, encode(revocations), keys).document())


def chain_text(envelopes: Sequence[Envelope]) -> bytes:
    """Return one envelope, or several as a chain, as bytes to publish."""
    documents = [envelope.document() for envelope in envelopes]
    return compact(documents[0] if len(documents) == 1 else {"lists": documents})


def sign_override(override: Override, key: PrivateKey) -> bytes:
    """Return the override in an envelope that a key of the site has signed."""
    return compact(sign_envelope(OVERRIDE_TYPE, encode(override), [key]).document())


def open_override(text: bytes, keys: Sequence[PublicKey], limit: int) -> Override:
    """Return the override in an envelope that one of the site's keys has signed; `ValueError` otherwise."""
    envelope = parse_envelope(parse_object(text, 2 * limit))
    if envelope.payload_type != OVERRIDE_TYPE:
        raise ValueError(f"found payload type `{envelope.payload_type}`, wanted `{OVERRIDE_TYPE}`")
    if not envelope_signers(envelope, keys):
        raise ValueError("no key of the site has signed it")
    return decode(Override, envelope.payload, limit)
