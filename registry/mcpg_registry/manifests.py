"""OCI descriptors, image manifests and indexes: their shapes, checked. It reads no blob and does no I/O.

Source: OCI image spec 1.1. Every function raises `ValueError` that names the field when a document is not in shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg_registry import media
from mcpg_registry.digests import Digest, digest_bytes, parse_digest
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Descriptor",
    "ImageManifest",
    "describe",
    "parse_descriptor",
    "parse_index",
    "parse_manifest",
    "plugin_layer",
    "signature_layer",
]

MAX_ENTRIES = 4096
MAX_ANNOTATIONS = 256


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a blob is and which bytes it must have; `size` in bytes."""

    media_type: str
    digest: Digest
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the JSON shape of the descriptor."""
        document: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.artifact_type:
            document["artifactType"] = self.artifact_type
        if self.annotations:
            document["annotations"] = dict(self.annotations)
        return document


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """An image manifest: its config, layers, and what it refers to, if anything."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None
    artifact_type: str
    annotations: Mapping[str, str]


def describe(media_type: str, data: bytes, artifact_type: str = "", **annotations: str) -> Descriptor:
    """Return the descriptor of `data`."""
    return Descriptor(media_type, digest_bytes(data), len(data), artifact_type, annotations)


def parse_descriptor(value: Any, what: str) -> Descriptor:
    """Return the descriptor in a parsed JSON value; its size is not bounded here."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no descriptor")  # noqa: TRY004 - the data is wrong, not the caller
    kind, size, artifact = value.get("mediaType"), value.get("size"), value.get("artifactType", "")
    if not isinstance(kind, str) or not isinstance(artifact, str):
        raise ValueError(f"{what} has no media type")  # noqa: TRY004 - the data is wrong, not the caller
    if type(size) is not int or size < 0:
        raise ValueError(f"{what} has no size")
    if value.keys() & {"urls", "data"}:
        raise ValueError(f"{what} carries urls or data; wanted a blob by digest alone")
    try:
        digest = parse_digest(value.get("digest"))
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None
    return Descriptor(kind, digest, size, artifact, _annotations(value, what))


def parse_manifest(data: bytes) -> ImageManifest:
    """Return the image manifest in `data`."""
    document = parse_object(data, media.MAX_MANIFEST)
    if type(document.get("schemaVersion")) is not int or document["schemaVersion"] != 2:  # noqa: PLR2004 - the spec's
        raise ValueError("schemaVersion is not 2")
    if document.get("mediaType") != media.MANIFEST:
        raise ValueError(f"found media type `{_shown(document.get('mediaType'))}`, wanted `{media.MANIFEST}`")
    layers = document.get("layers")
    if not isinstance(layers, list) or len(layers) > MAX_ENTRIES or "manifests" in document:
        raise ValueError("the manifest has no list of layers, too many of them, or manifests as an index has")
    artifact = document.get("artifactType", "")
    if not isinstance(artifact, str):
        raise ValueError("artifactType is no text")  # noqa: TRY004 - the data is wrong, not the caller
    subject = document.get("subject")
    return ImageManifest(
        config=parse_descriptor(document.get("config"), "config"),
        layers=tuple(parse_descriptor(layer, f"layer {number}") for number, layer in enumerate(layers)),
        subject=None if subject is None else parse_descriptor(subject, "subject"),
        artifact_type=artifact,
        annotations=_annotations(document, "the manifest"),
    )


def parse_index(data: bytes, *, typed: bool = True) -> tuple[Descriptor, ...]:
    """Return the entries of an image index; `typed` demands its media type, which a layout's index.json may omit."""
    document = parse_object(data, media.MAX_INDEX)
    if type(document.get("schemaVersion")) is not int or document["schemaVersion"] != 2:  # noqa: PLR2004 - the spec's
        raise ValueError("schemaVersion is not 2")
    kind = document.get("mediaType", None if typed else media.INDEX)
    if kind != media.INDEX:
        raise ValueError(f"found media type `{_shown(kind)}`, wanted `{media.INDEX}`")
    entries = document.get("manifests")
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES or "layers" in document:
        raise ValueError(f"the index has no list of manifests, more than {MAX_ENTRIES} of them, or layers")
    return tuple(parse_descriptor(entry, f"manifest {number}") for number, entry in enumerate(entries))


def plugin_layer(manifest: ImageManifest) -> Descriptor:
    """Return the one layer of a plugin's manifest: step 3, with media types, number of layers and sizes."""
    if manifest.config.media_type != media.CONFIG:
        raise ValueError(f"found config `{_shown(manifest.config.media_type)}`, wanted `{media.CONFIG}`")
    if manifest.config.size > media.MAX_CONFIG:
        raise ValueError(f"the config has {manifest.config.size} bytes, at most {media.MAX_CONFIG} are allowed")
    if len(manifest.layers) != 1:
        raise ValueError(f"found {len(manifest.layers)} layers, wanted exactly one")
    layer = manifest.layers[0]
    if layer.media_type != media.WASM:
        raise ValueError(f"found a layer of type `{_shown(layer.media_type)}`, wanted `{media.WASM}`")
    if not 1 <= layer.size <= media.MAX_LAYER:
        raise ValueError(f"the layer has {layer.size} bytes, at most {media.MAX_LAYER} are allowed")
    if manifest.subject is not None:
        raise ValueError("a plugin's manifest refers to no other manifest")
    return layer


def signature_layer(manifest: ImageManifest, subject: Digest) -> Descriptor | None:
    """Return the bundle in a referrer's manifest: none when it is no signature, or its subject is another's."""
    if media.BUNDLE not in {manifest.artifact_type, manifest.config.media_type}:
        return None
    if manifest.subject is None or manifest.subject.digest != subject:
        return None
    if len(manifest.layers) != 1 or manifest.layers[0].media_type != media.BUNDLE:
        raise ValueError(f"a signature's manifest has not exactly one layer `{media.BUNDLE}`")
    if manifest.layers[0].size > media.MAX_SIGNATURE:
        raise ValueError(f"a signature has {manifest.layers[0].size} bytes, at most {media.MAX_SIGNATURE} are allowed")
    return manifest.layers[0]


def _annotations(document: dict[str, Any], what: str) -> dict[str, str]:
    annotations = document.get("annotations")
    if annotations is None:
        return {}
    if not isinstance(annotations, dict) or len(annotations) > MAX_ANNOTATIONS:
        raise ValueError(f"the annotations of {what} are no object, or more than {MAX_ANNOTATIONS}")
    if not all(isinstance(value, str) for value in annotations.values()):
        raise ValueError(f"an annotation of {what} is no text")
    return annotations


def _shown(value: Any) -> str:
    return value[:120] if isinstance(value, str) else type(value).__name__
