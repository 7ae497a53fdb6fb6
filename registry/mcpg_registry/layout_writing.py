"""Collects artifacts with their signatures and writes them as an OCI image layout. It signs nothing.

The same artifacts give the same bytes in every file. A layout appears under its name only when it is complete.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.digests import hex_of
from mcpg_registry.layout import LAYOUT_VERSION, fallback_tag
from mcpg_registry.manifests import Descriptor, describe
from mcpg_registry.packing import pack_signature
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.digests import Digest
    from mcpg_registry.packing import Packed
    from mcpg_registry.trust.bundles import Bundle

__all__ = ["LayoutWriter", "put_directory"]


class LayoutWriter:
    """Artifacts on their way into a layout, kept in memory until `files` or `write`."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}
        self._entries: list[Descriptor] = []

    def add(self, packed: Packed, repository: str, tag: str, *, signatures: tuple[Bundle, ...] = ()) -> None:
        """Take an artifact under `REPOSITORY:TAG`, its signatures as referrers and under the fallback tag."""
        self._blobs |= packed.blobs
        name = {media.REF_NAME: f"{repository}:{tag}"}
        self._entries.append(Descriptor(media.MANIFEST, packed.manifest.digest, packed.manifest.size, "", name))
        referrers = []
        for bundle in signatures:
            signature = pack_signature(bundle, packed.manifest, created=packed.created)
            self._blobs |= signature.blobs
            referrers.append(signature.manifest)
        if referrers:
            self._entries += referrers
            self._tag_referrers(packed.manifest.digest, referrers)

    def files(self) -> dict[str, bytes]:
        """Return every file of the layout by its path in the layout."""
        entries = [entry.document() for entry in self._entries]
        entries.sort(key=lambda entry: (entry.get("annotations", {}).get(media.REF_NAME, "~"), entry["digest"]))
        index = {"schemaVersion": 2, "mediaType": media.INDEX, "manifests": entries}
        files = {f"blobs/sha256/{hex_of(digest)}": data for digest, data in sorted(self._blobs.items())}
        return files | {"oci-layout": compact({"imageLayoutVersion": LAYOUT_VERSION}), "index.json": compact(index)}

    def write(self, directory: Path) -> None:
        """Write the layout as `directory`, in place of what stands there."""
        put_directory(directory, self.files())

    def _tag_referrers(self, subject: Digest, referrers: list[Descriptor]) -> None:
        manifests = [referrer.document() for referrer in referrers]
        data = compact({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": manifests})
        entry = describe(media.INDEX, data, **{media.REF_NAME: fallback_tag(subject)})
        self._blobs[entry.digest] = data
        self._entries.append(entry)


def put_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Make `directory` hold exactly `files`: written and synced beside it, then exchanged by renaming.

    A reader finds the old directory, the new one, or for the moment between two renames none; never a mixture.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        for name, data in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        fresh.chmod(0o755)
        _exchange(fresh, directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _exchange(fresh: Path, directory: Path) -> None:
    if not directory.exists():
        fresh.rename(directory)
        return
    old = fresh.with_name(fresh.name + ".old")
    directory.rename(old)
    try:
        fresh.rename(directory)
    except OSError:
        old.rename(directory)
        raise
    shutil.rmtree(old)
