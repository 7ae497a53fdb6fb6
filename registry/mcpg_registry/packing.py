"""Packs a component, or a signature of one, as an OCI artifact. It writes no file and does not read the component.

The same input gives the same digest: `created` is given by the caller, who takes it from SOURCE_DATE_EPOCH.
Source: CNCF TAG Runtime "Wasm OCI Artifact Layout" v0; cosign's bundles as OCI 1.1 referrers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.digests import Digest, digest_bytes
from mcpg_registry.manifests import Descriptor, describe
from mcpg_registry.strict_json import compact
from mcpg_registry.trust.statements import Release, parse_statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.trust.bundles import Bundle, KeylessBundle

__all__ = ["API", "Facts", "Packed", "annotations_of", "pack_plugin", "pack_signature"]

API = "1"
_EMPTY = b"{}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an artifact says of its component, all of it taken from the component itself.

    `section` is the digest of the manifest section; `imports` and `exports` are names of interfaces.
    """

    id: str
    version: str
    world: str
    section: Digest
    summary: str = ""
    licence: str = ""
    imports: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    """Further annotations, such as `org.opencontainers.image.source`."""


@dataclass(frozen=True, slots=True)
class Packed:
    """An artifact: the descriptor of its manifest, and all its blobs by digest. `created` in seconds since 1970."""

    manifest: Descriptor
    blobs: Mapping[Digest, bytes]
    created: int
    wasm: Digest | None = None

    def release(self, facts: Facts) -> Release:
        """Return what a release statement about this artifact says."""
        if self.wasm is None:
            raise ValueError("a signature's artifact has no release")
        return Release(facts.id, facts.version, facts.world, self.wasm)


def annotations_of(facts: Facts) -> dict[str, str]:
    """Return the annotations that repeat what the manifest section says: a reader must find exactly these."""
    return {
        media.PLUGIN + "id": facts.id,
        media.PLUGIN + "version": facts.version,
        media.PLUGIN + "world": facts.world,
        media.PLUGIN + "api": API,
        media.PLUGIN + "section": facts.section,
    }


def pack_plugin(wasm: bytes, facts: Facts, *, created: int = 0) -> Packed:
    """Return the artifact of a component; `ValueError` when it is empty or too large."""
    if not 1 <= len(wasm) <= media.MAX_LAYER:
        raise ValueError(f"the component has {len(wasm)} bytes, wanted 1 to {media.MAX_LAYER}")
    when = _rfc3339(created)
    title = facts.id.rpartition("/")[2]
    layer = describe(media.WASM, wasm, **{"org.opencontainers.image.title": f"{title}.wasm"})
    config = compact(
        {
            "created": when,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.digest],
            "component": {"exports": list(facts.exports), "imports": list(facts.imports), "target": facts.world},
        }
    )
    annotations = {
        **facts.more,
        "org.opencontainers.image.created": when,
        "org.opencontainers.image.title": title,
        "org.opencontainers.image.version": facts.version,
        "org.opencontainers.image.description": facts.summary,
        "org.opencontainers.image.licenses": facts.licence,
        **annotations_of(facts),
    }
    manifest = _manifest(describe(media.CONFIG, config), layer, {"annotations": annotations})
    descriptor = describe(media.MANIFEST, manifest)
    blobs = {descriptor.digest: manifest, digest_bytes(config): config, layer.digest: wasm}
    return Packed(descriptor, blobs, created, layer.digest)


def pack_signature(bundle: Bundle | KeylessBundle, subject: Descriptor, *, created: int = 0) -> Packed:
    """Return a signature as a referrer of `subject`, in the shape that cosign writes and finds."""
    text = bundle.text()
    annotations = {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": parse_statement(bundle.envelope.payload).predicate_type,
        "org.opencontainers.image.created": _rfc3339(created),
    }
    bare = Descriptor(subject.media_type, subject.digest, subject.size)
    more = {"artifactType": media.BUNDLE, "subject": bare.document(), "annotations": annotations}
    layer = describe(media.BUNDLE, text)
    manifest = _manifest(describe(media.EMPTY, _EMPTY), layer, more)
    descriptor = describe(media.MANIFEST, manifest, media.BUNDLE, **annotations)
    return Packed(descriptor, {descriptor.digest: manifest, digest_bytes(_EMPTY): _EMPTY, layer.digest: text}, created)


def _manifest(config: Descriptor, layer: Descriptor, more: Mapping[str, object]) -> bytes:
    return compact(
        {
            "schemaVersion": 2,
            "mediaType": media.MANIFEST,
            "config": config.document(),
            "layers": [layer.document()],
            **more,
        }
    )


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
