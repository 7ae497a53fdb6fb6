"""What the store notes of each plugin that it has: one file for each repository and manifest. It proves nothing.

A receipt says where the bytes are and what was found when they were let in. Whoever loads the plugin proves all of it
again from the bytes, so a changed receipt can hide a plugin and cannot let one in. No name in it becomes a path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, hex_of, parse_digest
from mcpg_registry.manifests import Descriptor, parse_manifest
from mcpg_registry.references import is_named_repository, is_tag
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.digests import Digest
    from mcpg_registry.proving import Proven

__all__ = ["MAX_RECEIPT", "MAX_TAGS", "Facts", "Part", "Receipt", "make_receipt", "parse_receipt", "receipt_name"]

MAX_RECEIPT = 256 * 1024
MAX_TAGS = 64
MAX_BLOBS = 3 + 3 * media.MAX_REFERRERS

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Time = Annotated[int, msgspec.Meta(ge=0)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A descriptor in a receipt; `size` in bytes."""

    media_type: Short
    digest: str
    size: Annotated[int, msgspec.Meta(ge=0, le=media.MAX_LAYER)]
    artifact_type: Annotated[str, msgspec.Meta(max_length=1024)] = ""

    def __post_init__(self) -> None:
        parse_digest(self.digest)

    def descriptor(self) -> Descriptor:
        """Return it as others know it."""
        return Descriptor(self.media_type, parse_digest(self.digest), self.size, self.artifact_type)

    @classmethod
    def of(cls, found: Descriptor) -> Part:
        """Return the part for a descriptor, without its annotations."""
        return cls(media_type=found.media_type, digest=found.digest, size=found.size, artifact_type=found.artifact_type)


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One plugin in the store.

    `repository` is the original name, host included; `tags` those it was found by, with the time; times in seconds
    since 1970; `keys` and `identities` (issuer, identity) have signed; `revocations` is the version of the list that it
    was judged by and `revocations_digest` that list's; `source` is where the bytes came from; `referrers` are the
    signatures' manifests; `blobs` maps every blob that belongs to it to its size; `grants` are the drivers it asks for.
    """

    schema: Literal[1]
    repository: Short
    tags: Annotated[dict[str, Time], msgspec.Meta(max_length=MAX_TAGS)] = {}
    manifest: Part
    layer: Part
    id: Short
    version: Short
    world: Short
    keys: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()
    verified_at: Time
    revocations: Time
    revocations_digest: str = ""
    source: Short
    referrers: Annotated[tuple[Part, ...], msgspec.Meta(max_length=media.MAX_REFERRERS)] = ()
    blobs: Annotated[dict[str, Time], msgspec.Meta(max_length=MAX_BLOBS)]
    grants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_named_repository(self.repository):
            raise ValueError(f"`{self.repository[:200]}` is no repository name")
        if not all(is_tag(tag) for tag in self.tags):
            raise ValueError("a tag of the receipt is none")
        for digest in (*self.blobs, *self.keys, *([self.revocations_digest] if self.revocations_digest else [])):
            parse_digest(digest)
        version_key(self.version)
        if any(self.blobs.get(part.digest) != part.size for part in (self.manifest, self.layer, *self.referrers)):
            raise ValueError("the receipt's blobs are not all that it speaks of")

    @property
    def digest(self) -> Digest:
        """The digest of the plugin's manifest."""
        return parse_digest(self.manifest.digest)

    def text(self) -> bytes:
        """Return the receipt as it stands in its file: the same bytes for the same receipt."""
        return msgspec.json.format(compact(msgspec.to_builtins(self)), indent=1) + b"\n"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt needs to know beyond what is proven: see `Receipt`."""

    verified_at: int
    revocations: int
    source: str
    revocations_digest: str = ""
    grants: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(Receipt)


def parse_receipt(text: bytes) -> Receipt:
    """Return the receipt in `text`; `ValueError` names what is wrong."""
    parse_object(text, MAX_RECEIPT)
    return _decoder.decode(text)


def make_receipt(proven: Proven, facts: Facts) -> Receipt:
    """Return the receipt for a plugin that has passed; `ValueError` when a fact is out of its bounds."""
    claim, signed = proven.claim, proven.signed
    config = parse_manifest(claim.manifest_bytes).config
    blobs: dict[str, int] = {each.digest: each.size for each in (claim.manifest, config, proven.layer)}
    for referrer in claim.referrers:
        blobs |= {each.digest: each.size for each in (referrer.descriptor, referrer.config, referrer.layer)}
    document: Mapping[str, Any] = {
        "schema": 1,
        "repository": claim.repository,
        "tags": {claim.tag: facts.verified_at} if claim.tag else {},
        "manifest": Part.of(claim.manifest),
        "layer": Part.of(proven.layer),
        "id": signed.release.id,
        "version": signed.release.version,
        "world": signed.release.world,
        "keys": tuple(signed.keys),
        "identities": signed.identities,
        "referrers": tuple(Part.of(referrer.descriptor) for referrer in claim.referrers),
        "blobs": blobs,
        **msgspec.structs.asdict(facts),
    }
    return parse_receipt(Receipt(**document).text())


def receipt_name(repository: str, digest: Digest) -> str:
    """Return the name of a receipt's file: only hex digits of digests."""
    return f"{hex_of(parse_digest(digest))}-{hex_of(digest_bytes(repository.encode()))}.json"
