"""A revocation list as an OCI artifact, so that every tool that copies artifacts copies it. It fetches and judges none.

An image manifest with the empty config and exactly one layer: the envelope, or chain of envelopes, as it is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.manifests import Descriptor, describe, parse_manifest
from mcpg_registry.packing import Packed
from mcpg_registry.strict_json import compact
from mcpg_revocations.envelopes import MAX_OFFER, PAYLOAD_TYPE

if TYPE_CHECKING:
    from mcpg_registry.manifests import ImageManifest

__all__ = ["LIST_TYPE", "VERSION", "list_layer", "pack_list", "parse_list_manifest"]

LIST_TYPE = PAYLOAD_TYPE
"""Artifact type of the manifest and media type of its layer."""
VERSION = "org.opencontainers.image.version"
_EMPTY = b"{}"


def pack_list(text: bytes, version: int) -> Packed:
    """Return the artifact of a published list: the same bytes each time; `ValueError` when the list is too large."""
    if not 1 <= len(text) <= MAX_OFFER:
        raise ValueError(f"the list has {len(text)} bytes, wanted 1 to {MAX_OFFER}")
    layer, annotations = describe(LIST_TYPE, text), {VERSION: str(version)}
    manifest = compact(
        {
            "schemaVersion": 2,
            "mediaType": media.MANIFEST,
            "artifactType": LIST_TYPE,
            "config": describe(media.EMPTY, _EMPTY).document(),
            "layers": [layer.document()],
            "annotations": annotations,
        }
    )
    descriptor = describe(media.MANIFEST, manifest, LIST_TYPE, **annotations)
    blobs = {descriptor.digest: manifest, digest_bytes(_EMPTY): _EMPTY, layer.digest: text}
    return Packed(descriptor, blobs, created=0)


def parse_list_manifest(data: bytes) -> Descriptor:
    """Return the layer that a list's manifest names; `ValueError` when it is no manifest of a list."""
    return list_layer(parse_manifest(data))


def list_layer(manifest: ImageManifest) -> Descriptor:
    """Return the one layer of a list's manifest; `ValueError` for another kind of artifact."""
    if manifest.artifact_type != LIST_TYPE:
        raise ValueError(f"found artifact type `{manifest.artifact_type[:120]}`, wanted `{LIST_TYPE}`")
    if len(manifest.layers) != 1 or manifest.layers[0].media_type != LIST_TYPE:
        raise ValueError(f"wanted exactly one layer `{LIST_TYPE}`")
    layer = manifest.layers[0]
    if layer.size > MAX_OFFER:
        raise ValueError(f"the list has {layer.size} bytes, at most {MAX_OFFER} are allowed")
    return layer
