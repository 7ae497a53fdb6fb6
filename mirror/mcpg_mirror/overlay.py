"""What a bundle and a site's store hold together, as one shelf: an increment is judged with what it builds on.

A plugin is what the inventory says it is; every byte is checked against its digest wherever it comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.claims import Referrer, referrer_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg_mirror.inventory import Blob, Inventory, Plugin
    from mcpg_mirror.reading import Bundle
    from mcpg_registry.claims import Shelf
    from mcpg_registry.digests import Digest
    from mcpg_registry.manifests import Descriptor

__all__ = ["Overlay"]


class Overlay:
    """A `Shelf`: blobs of the bundle first, then those of `base`, which may be missing."""

    def __init__(self, bundle: Bundle, base: Shelf | None = None) -> None:
        self._layout = bundle.layout
        self._inventory: Inventory = bundle.inventory
        self._here = bundle.inventory.here()
        self._base = base

    def find(self, repository: str, tag: str | None, digest: Digest | None) -> Descriptor:
        """Return the manifest's descriptor as the inventory has it; `ValueError`."""
        for plugin in self._inventory.plugins:
            if (plugin.repository, plugin.tag) == (repository, tag or "") and digest in {None, plugin.manifest.digest}:
                return plugin.manifest.descriptor()
        raise ValueError(f"the bundle has no plugin `{repository}:{tag or ''}`")

    def read(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return a blob's bytes, checked; `ValueError`."""
        if descriptor.digest in self._here or self._base is None:
            return self._layout.read(descriptor, limit)
        return self._base.read(descriptor, limit)

    def referrers(self, subject: Digest) -> tuple[Referrer, ...]:
        """Return the signatures that the inventory lists for `subject`."""
        found: dict[Digest, Referrer] = {}
        for plugin in self._inventory.plugins:
            if plugin.manifest.digest != subject:
                continue
            for each in plugin.signatures:
                entry = each.manifest.descriptor()
                referrer = referrer_from(self, entry, self.read(entry, media.MAX_MANIFEST), subject)
                if referrer is None:
                    raise ValueError(f"`{entry.digest}` is listed as a signature of `{subject}` and is none")
                found[entry.digest] = referrer
        if len(found) > media.MAX_REFERRERS:
            raise ValueError(f"found {len(found)} signatures, at most {media.MAX_REFERRERS} are allowed")
        return tuple(found.values())

    def missing(self, plugin: Plugin) -> Iterator[Blob]:
        """Yield the plugin's blobs that neither the bundle nor the base has."""
        for blob in plugin.blobs():
            if not blob.here and not self._base_has(blob.descriptor()):
                yield blob

    def _base_has(self, descriptor: Descriptor) -> bool:
        if self._base is None:
            return False
        try:
            self._base.read(descriptor, media.MAX_LAYER)
        except (ValueError, OSError):
            return False
        return True
