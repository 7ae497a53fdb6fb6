"""Rotation proofs: an old key hands over to a new one. It trusts no key: who follows a proof knows the old one.

A proof is a DSSE envelope of payload type `application/vnd.mcpg.key-rotation.v1+json` with two signatures: the old
key's, which makes it a proof, and the new key's, which shows that its owner holds it. The payload, compact and sorted:

    {"_type": "https://mcpg.dev/key-rotation/v1", "prefix": "ghcr.io/acme", "old": "sha256:<id>", "new": "<SPKI PEM>",
     "from": <seconds since 1970>, "until": <seconds since 1970, or null>}

From `from` on the new key counts where the old one does, for repositories under `prefix`; after `until` the old one no
longer counts for what is not locked yet. What a chain of proofs amounts to is in `succession`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mcpg_registry.digests import Digest, parse_digest
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.trust.dsse import Envelope, Signature, parse_envelope, pre_auth_encoding
from mcpg_registry.trust.keys import PublicKey, load_public_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.trust.keys import PrivateKey

__all__ = ["ROTATION", "Handover", "Rotation", "finished", "parse_rotation", "read_rotation", "rotation_of"]

ROTATION = "application/vnd.mcpg.key-rotation.v1+json"
TYPE = "https://mcpg.dev/key-rotation/v1"
MAX_PROOF = 16 * 1024
MAX_SECONDS = 1 << 40
_PREFIX = re.compile(r"[a-z0-9.:_\[\]-]+(/[a-z0-9._-]+)*", re.ASCII)
_FIELDS = {"_type", "prefix", "old", "new", "from", "until"}


@dataclass(frozen=True, slots=True)
class Handover:
    """What a proof says: for `prefix`, `new` stands in for the key `old` from `start`; `old` counts up to `until`."""

    prefix: str
    old: Digest
    new: PublicKey
    start: int
    until: int | None = None

    def __post_init__(self) -> None:
        if _PREFIX.fullmatch(self.prefix) is None:
            raise ValueError(f"`{self.prefix[:200]}` is no prefix of repositories, such as ghcr.io/acme")
        if self.new.id == self.old:
            raise ValueError(f"the rotation hands key `{self.old}` over to itself")
        for when in (self.start, self.start if self.until is None else self.until):
            if not 0 <= when < MAX_SECONDS:
                raise ValueError("a time of the rotation is no plausible number of seconds since 1970")

    def payload(self) -> bytes:
        """Return what both keys sign."""
        return compact(
            {
                "_type": TYPE,
                "prefix": self.prefix,
                "old": self.old,
                "new": self.new.pem,
                "from": self.start,
                "until": self.until,
            }
        )

    def signed_bytes(self) -> bytes:
        """Return the bytes that a signature of either key covers."""
        return pre_auth_encoding(ROTATION, self.payload())


@dataclass(frozen=True, slots=True)
class Rotation:
    """A proof that was read; `succession` verifies the signatures of both keys before it follows one."""

    handover: Handover
    envelope: Envelope = field(repr=False)

    @property
    def prefix(self) -> str:
        """The repositories that it speaks of."""
        return self.handover.prefix

    @property
    def old(self) -> Digest:
        """The id of the key that hands over."""
        return self.handover.old

    @property
    def new(self) -> PublicKey:
        """The key that takes over."""
        return self.handover.new

    def signed_by(self, key: PublicKey) -> bool:
        """Whether `key` has validly signed this proof."""
        data = self.envelope.signed_bytes()
        return any(each.key_id == key.id and key.verifies(each.sig, data) for each in self.envelope.signatures)

    def text(self) -> bytes:
        """Return the proof as it stands in its file: the same bytes for the same proof."""
        return compact(self.envelope.document()) + b"\n"


def rotation_of(handover: Handover, signatures: Mapping[Digest, bytes]) -> Rotation:
    """Return the proof made of what keys (by id) have signed over `handover.signed_bytes()`; it verifies nothing."""
    signed = tuple(Signature(sig, key_id) for key_id, sig in sorted(signatures.items()))
    return Rotation(handover, Envelope(ROTATION, handover.payload(), signed))


def finished(begun: Rotation, key: PrivateKey) -> Rotation:
    """Return a proof that lacked the new key's signature with it; `ValueError` if `key` is not the new key."""
    if begun.new != key.public:
        raise ValueError(f"it hands over to key `{begun.new.id}`, found key `{key.public.id}`")
    kept = tuple(each for each in begun.envelope.signatures if each.key_id == begun.old)
    if len(kept) != 1:
        raise ValueError(f"the old key `{begun.old}` has not signed it")
    added = Signature(key.sign(begun.envelope.signed_bytes()), key.public.id)
    return Rotation(begun.handover, replace(begun.envelope, signatures=(*kept, added)))


def read_rotation(text: bytes) -> Rotation:
    """Return the proof in `text`, finished or not: no signature is verified; `ValueError` when it is none."""
    envelope = parse_envelope(parse_object(text, MAX_PROOF))
    if envelope.payload_type != ROTATION:
        raise ValueError(f"found payload type `{envelope.payload_type}`, wanted `{ROTATION}`")
    return Rotation(_handover(parse_object(envelope.payload, MAX_PROOF)), envelope)


def parse_rotation(text: bytes) -> Rotation:
    """Return the proof in `text`; `ValueError` when it is none, or when the new key has not signed it."""
    rotation = read_rotation(text)
    if not rotation.signed_by(rotation.new):
        raise ValueError(
            f"the new key `{rotation.new.id}` has not signed the rotation; finish it with `mcpg keys rotate`"
        )
    return rotation


def _handover(document: dict[str, Any]) -> Handover:
    if document.keys() != _FIELDS or document["_type"] != TYPE:
        raise ValueError(f"a rotation has the fields {', '.join(sorted(_FIELDS))} and the type `{TYPE}`")
    prefix, new, start, until = (document[name] for name in ("prefix", "new", "from", "until"))
    if not isinstance(prefix, str) or not isinstance(new, str):
        raise ValueError("prefix and new of a rotation are texts")  # noqa: TRY004 - the data is wrong, not the caller
    if type(start) is not int or not (until is None or type(until) is int):
        raise ValueError("from and until of a rotation are numbers of seconds")
    keys = load_public_keys(new)
    if len(keys) != 1:
        raise ValueError("a rotation names exactly one new key")
    return Handover(prefix, parse_digest(document["old"]), keys[0], start, until)
