"""What a place says of an artifact: its manifest and its signatures, as found. It proves nothing.

A layout, a tar, the store and a registry each give claims; `proving` is the one judge of all of them. Whoever makes a
claim has checked every byte in it against its digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mcpg_registry import media
from mcpg_registry.manifests import parse_manifest, plugin_layer, signature_layer
from mcpg_registry.steps import AGAIN, at_step

if TYPE_CHECKING:
    from mcpg_registry.digests import Digest
    from mcpg_registry.manifests import Descriptor

__all__ = ["Claim", "Referrer", "Shelf", "claim_from", "referrer_from", "signature_of"]


@dataclass(frozen=True, slots=True)
class Referrer:
    """A signature as it lies in a registry: a manifest that refers to the subject, its config and its one layer."""

    descriptor: Descriptor
    manifest_bytes: bytes
    config: Descriptor
    config_bytes: bytes
    layer: Descriptor
    bundle: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """An artifact without its layer; `repository` is the name that the operator wrote, host included, never a mirror's.

    `tag` is the one that it was found by, if any.
    """

    repository: str
    tag: str | None
    manifest: Descriptor
    manifest_bytes: bytes
    config_bytes: bytes
    referrers: tuple[Referrer, ...]

    def bundles(self) -> tuple[bytes, ...]:
        """Return the signatures' texts, each once."""
        return tuple({referrer.layer.digest: referrer.bundle for referrer in self.referrers}.values())


class Shelf(Protocol):
    """A place on this machine that holds artifacts: a layout, a tar, the store. All of it blocks."""

    def find(self, repository: str, tag: str | None, digest: Digest | None) -> Descriptor:
        """Return the manifest's descriptor; `ValueError` when there is not exactly one of that name."""
        ...

    def read(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return a blob's bytes, checked; `ValueError` or `OSError`."""
        ...

    def referrers(self, subject: Digest) -> tuple[Referrer, ...]:
        """Return the signatures that say they are about `subject`; `ValueError` or `OSError`."""
        ...


def claim_from(shelf: Shelf, repository: str, tag: str | None, digest: Digest | None, *, where: str) -> Claim:
    """Return what `shelf` says of an artifact; `PluginRefused` at step 2, 3 or 5."""
    with at_step(2, where=where, remedy=AGAIN, code="bad-digest"):
        entry = shelf.find(repository, tag, digest)
        text = shelf.read(entry, media.MAX_MANIFEST)
    with at_step(3, where=where, remedy=AGAIN, code="bad-shape"):
        manifest = parse_manifest(text)
        plugin_layer(manifest)
        config = shelf.read(manifest.config, media.MAX_CONFIG)
    with at_step(5, where=where, remedy=AGAIN, code="bad-signature"):
        referrers = shelf.referrers(entry.digest)
    return Claim(repository, tag, entry, text, config, referrers)


def referrer_from(shelf: Shelf, entry: Descriptor, text: bytes, subject: Digest) -> Referrer | None:
    """Return the signature whose manifest is `text`; none if it is no signature of `subject`.

    `ValueError` when it is one in a wrong shape, or a part of it is missing or damaged; `OSError`.
    """
    parts = signature_of(text, subject)
    if parts is None:
        return None
    config, layer = parts
    stored = shelf.read(config, media.MAX_CONFIG), shelf.read(layer, media.MAX_SIGNATURE)
    return Referrer(entry, text, config, stored[0], layer, stored[1])


def signature_of(data: bytes, subject: Digest) -> tuple[Descriptor, Descriptor] | None:
    """Return config and layer of a signature's manifest; none if it is no signature of `subject`.

    `ValueError` when it is a signature in a wrong shape.
    """
    manifest = parse_manifest(data)
    layer = signature_layer(manifest, subject)
    if layer is None:
        return None
    if manifest.config.size > media.MAX_CONFIG:
        raise ValueError(f"a signature's config has more than {media.MAX_CONFIG} bytes")
    return manifest.config, layer
