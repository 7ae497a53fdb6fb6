"""What a simulated registry holds: blobs, manifests, tags, uploads. It speaks no HTTP and checks what it is given."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import fallback_tag
from mcpg_registry.packing import pack_signature
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.packing import Packed
    from mcpg_registry.trust.bundles import Bundle

__all__ = ["Contents", "Repository", "referrer_entry"]

EMPTY_INDEX: dict[str, Any] = {"schemaVersion": 2, "mediaType": media.INDEX, "manifests": []}


@dataclass(slots=True)
class Repository:
    """One repository; `manifests` by digest: media type and bytes."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)

    def put_manifest(self, media_type: str, data: bytes, tag: str | None = None) -> str:
        digest = digest_bytes(data)
        self.manifests[digest] = (media_type, data)
        if tag is not None:
            self.tags[tag] = digest
        return digest

    def find(self, reference: str) -> tuple[str, str, bytes] | None:
        """Return digest, media type and bytes of the manifest under a tag or digest."""
        digest = self.tags.get(reference, reference)
        found = self.manifests.get(digest)
        return None if found is None else (digest, *found)

    def referrers(self, subject: str) -> list[dict[str, Any]]:
        """Return the descriptors of the manifests whose subject this is, in order of their digests."""
        entries = (referrer_entry(data, subject) for _, (_, data) in sorted(self.manifests.items()))
        return [entry for entry in entries if entry]


@dataclass(slots=True)
class Contents:
    """All repositories, by name."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    api: bool = True
    """Whether there is a referrers API: without one, `sign` writes the fallback tag as a client would."""

    def repository(self, name: str) -> Repository:
        return self.repositories.setdefault(name, Repository())

    def add(self, name: str, packed: Packed, tag: str | None = None) -> Descriptor:
        """Take an artifact, as if it had been pushed."""
        repository = self.repository(name)
        for digest, data in packed.blobs.items():
            if digest == packed.manifest.digest:
                repository.put_manifest(media.MANIFEST, data, tag)
            else:
                repository.blobs[digest] = data
        return packed.manifest

    def sign(self, name: str, subject: Descriptor, *bundles: Bundle) -> list[Descriptor]:
        """Attach signatures to a manifest that is here, as if they had been pushed."""
        repository = self.repository(name)
        made = [self.add(name, pack_signature(bundle, subject)) for bundle in bundles]
        if not self.api:
            tag = fallback_tag(subject.digest)
            found = repository.find(tag)
            index = json.loads(found[2]) if found else dict(EMPTY_INDEX, manifests=[])
            index["manifests"] += [entry.document() for entry in made]
            repository.put_manifest(media.INDEX, compact(index), tag)
        return made


def referrer_entry(data: bytes, subject: str) -> dict[str, Any] | None:
    """Return how a referrers index lists the manifest in `data`, if it refers to `subject`."""
    document = json.loads(data)
    if (document.get("subject") or {}).get("digest") != subject:
        return None
    entry = {"mediaType": document["mediaType"], "digest": digest_bytes(data), "size": len(data)}
    kind = document.get("artifactType") or document.get("config", {}).get("mediaType", "")
    more = {"annotations": document["annotations"]} if document.get("annotations") else {}
    return entry | {"artifactType": kind} | more
