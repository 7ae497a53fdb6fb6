"""What a bundle holds besides plugins, each packed as an artifact: inventory, revocation list, trust, lock. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcpg_mirror.kinds import MAX_PAPER, NAMES
from mcpg_registry import media
from mcpg_registry.digests import Digest, digest_bytes
from mcpg_registry.manifests import Descriptor, describe, parse_manifest
from mcpg_registry.strict_json import compact
from mcpg_revocations.artifact import pack_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg_registry.claims import Shelf
    from mcpg_registry.layout import Layout

__all__ = ["EMPTY", "Paper", "find_paper", "list_paper", "pack_paper", "read_paper"]

EMPTY = b"{}"


@dataclass(frozen=True, slots=True)
class Paper:
    """A packed paper: the entry for the index, and its blobs in order, manifest first and without the empty config."""

    entry: Descriptor
    blobs: Mapping[Digest, bytes]


def pack_paper(role: str, kind: str, layers: Sequence[tuple[str, bytes]]) -> Paper:
    """Return the paper of artifact type `kind` with these layers (media type, bytes): the same bytes each time."""
    manifest = compact(
        {
            "schemaVersion": 2,
            "mediaType": media.MANIFEST,
            "artifactType": kind,
            "config": describe(media.EMPTY, EMPTY).document(),
            "layers": [describe(layer_type, data).document() for layer_type, data in layers],
        }
    )
    entry = describe(media.MANIFEST, manifest, kind, **{media.REF_NAME: NAMES[role]})
    return Paper(entry, {entry.digest: manifest} | {digest_bytes(data): data for _, data in layers})


def list_paper(text: bytes, version: int) -> Paper:
    """Return the paper of a signed revocation list: the artifact that a feed publishes, under a name of ours."""
    packed = pack_list(text, version)
    found, layer = packed.manifest, digest_bytes(text)
    entry = replace(found, annotations={**found.annotations, media.REF_NAME: NAMES["revocations"]})
    return Paper(entry, {found.digest: packed.blobs[found.digest], layer: text})


def find_paper(layout: Layout, role: str) -> Descriptor:
    """Return the one entry of the index for a paper; `ValueError`."""
    repository, _, tag = NAMES[role].partition(":")
    return layout.find(repository, tag, None)


def read_paper(shelf: Shelf, entry: Descriptor, kind: str) -> tuple[tuple[Descriptor, bytes], ...]:
    """Return the layers of a paper, each read and checked; `ValueError` when it is of another artifact type."""
    manifest = parse_manifest(shelf.read(entry, media.MAX_MANIFEST))
    if manifest.artifact_type != kind:
        raise ValueError(f"found artifact type `{manifest.artifact_type[:120]}`, wanted `{kind}`")
    if manifest.subject is not None or not manifest.layers:
        raise ValueError(f"the artifact `{kind}` refers to another, or has no layer")
    return tuple((layer, shelf.read(layer, MAX_PAPER)) for layer in manifest.layers)
