"""Reads an OCI image layout in a directory. It trusts nothing in it, follows no link and writes nothing.

No name from the layout becomes a path: a blob's path is made of hex digits that the digest grammar has passed. Every
blob is read up to its promised size and hashed. All methods block; call them off the event loop. They raise
`ValueError` for what is wrong with the data and `OSError` for the disk. Source: OCI image layout spec 1.1.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.digests import Checker, hex_of
from mcpg_registry.manifests import parse_index, parse_manifest, signature_layer
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_registry.digests import Digest
    from mcpg_registry.manifests import Descriptor, ImageManifest

__all__ = ["LAYOUT_VERSION", "Layout", "fallback_tag", "read_file"]

LAYOUT_VERSION = "1.0.0"
_CHUNK = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Layout:
    """One layout directory, its index read and checked once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        if not directory.is_dir():
            raise ValueError(f"`{directory.name}` is no directory with an OCI image layout")
        marker = parse_object(read_file(directory / "oci-layout", 1024), 1024)
        if marker.get("imageLayoutVersion") != LAYOUT_VERSION:
            raise ValueError(f"the file oci-layout does not name layout version {LAYOUT_VERSION}")
        self.entries = parse_index(read_file(directory / "index.json", media.MAX_INDEX), typed=False)
        self._manifests: dict[Digest, ImageManifest] = {}
        self._referring: dict[Digest, list[ImageManifest]] | None = None
        self._faults: list[str] = []

    def find(self, repository: str, tag: str | None, digest: Digest | None) -> Descriptor:
        """Return the one entry of that name; with tag and digest, both must agree.

        A tag's entry is named `REPOSITORY:TAG`; a digest alone is found whatever its name.
        """
        found = {entry.digest: entry for entry in self.entries if _is(entry, repository, tag, digest)}
        name = repository + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
        if len(found) != 1:
            raise ValueError(f"the layout's index has {len(found)} entries for `{name}`, wanted exactly one")
        entry = next(iter(found.values()))
        if entry.media_type != media.MANIFEST:
            raise ValueError(f"found `{entry.media_type[:120]}` for `{name}`, wanted `{media.MANIFEST}`")
        return entry

    def read(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return the bytes of a blob, whose size and digest are those of `descriptor`."""
        if descriptor.size > limit:
            raise ValueError(f"`{descriptor.digest}` has {descriptor.size} bytes, at most {limit} are allowed")
        path = self._directory / "blobs" / "sha256" / hex_of(descriptor.digest)
        try:
            data = read_file(path, descriptor.size)
            checker = Checker(descriptor.digest, descriptor.size)
            checker.feed(data)
            checker.finish()
        except FileNotFoundError:
            raise ValueError(f"blob `{descriptor.digest}` is missing") from None
        except ValueError as error:
            raise ValueError(f"blob `{descriptor.digest}`: {error}") from None
        return data

    def signatures(self, subject: Digest) -> tuple[bytes, ...]:
        """Return the bundles that say they are about `subject`: referrers in the index, then the fallback tag's.

        What the fallback tag lists must be whole. A broken manifest in the index may be anybody's: it counts as none,
        and is only told when nothing else is found.
        """
        listed = [self._manifest(entry) for entry in self._fallback(subject) if entry.media_type == media.MANIFEST]
        manifests = (*self._referrers().get(subject, ()), *listed)
        layers: dict[Digest, Descriptor] = {}
        for manifest in manifests:
            layer = signature_layer(manifest, subject)
            if layer is not None:
                self.read(manifest.config, media.MAX_CONFIG)
                layers[layer.digest] = layer
        if not layers and self._faults:
            raise ValueError(self._faults[0])
        if len(layers) > media.MAX_REFERRERS:
            raise ValueError(f"found {len(layers)} signatures, at most {media.MAX_REFERRERS} are allowed")
        return tuple(self.read(layer, media.MAX_SIGNATURE) for layer in layers.values())

    def reachable(self) -> frozenset[Digest]:
        """Return every blob that the index leads to, each read and checked."""
        seen: dict[Digest, Descriptor] = {}
        waiting = list(self.entries)
        while waiting:
            entry = waiting.pop()
            if entry.digest in seen:
                continue
            seen[entry.digest] = entry
            data = self.read(entry, media.MAX_LAYER)
            if entry.media_type == media.INDEX:
                waiting += parse_index(data)
            elif entry.media_type == media.MANIFEST:
                manifest = parse_manifest(data)
                waiting += [manifest.config, *manifest.layers]
        return frozenset(seen)

    def _manifest(self, entry: Descriptor) -> ImageManifest:
        """Return a manifest, read and checked once."""
        if entry.digest not in self._manifests:
            self._manifests[entry.digest] = parse_manifest(self.read(entry, media.MAX_MANIFEST))
        return self._manifests[entry.digest]

    def _referrers(self) -> dict[Digest, list[ImageManifest]]:
        """Return the manifests of the index that refer to another, by that other's digest."""
        if self._referring is None:
            self._referring = {}
            for entry in self.entries:
                if entry.media_type != media.MANIFEST:
                    continue
                try:
                    manifest = self._manifest(entry)
                except ValueError as fault:
                    self._faults.append(str(fault))
                    continue
                if manifest.subject is not None:
                    self._referring.setdefault(manifest.subject.digest, []).append(manifest)
        return self._referring

    def _fallback(self, subject: Digest) -> tuple[Descriptor, ...]:
        name = fallback_tag(subject)
        tagged = [entry for entry in self.entries if _named(entry).rpartition(":")[2] == name]
        result: list[Descriptor] = []
        for entry in tagged:
            if entry.media_type != media.INDEX:
                raise ValueError(f"the fallback tag `{name}` names no image index")
            result += parse_index(self.read(entry, media.MAX_INDEX))
        if len(result) > media.MAX_REFERRERS:
            raise ValueError(
                f"the fallback tag lists {len(result)} referrers, at most {media.MAX_REFERRERS} are allowed"
            )
        return tuple(result)


def fallback_tag(subject: Digest) -> str:
    """Return the tag under which referrers of `subject` are listed where there is no referrers API."""
    return f"sha256-{hex_of(subject)}"


def read_file(path: Path, limit: int) -> bytes:
    """Return a regular file's bytes; `ValueError` over `limit` bytes, for a link, and for anything but a file."""
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        if path.is_symlink():
            raise ValueError(f"`{path.name[:80]}` is a link; links are not followed") from error
        raise
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"`{path.name[:80]}` is no regular file")
        parts: list[bytes] = []
        left = limit + 1
        while left > 0 and (chunk := file.read(min(left, _CHUNK))):
            parts.append(chunk)
            left -= len(chunk)
    if left == 0:
        raise ValueError(f"more than {limit} bytes")
    return b"".join(parts)


def _named(entry: Descriptor) -> str:
    return entry.annotations.get(media.REF_NAME, "")


def _is(entry: Descriptor, repository: str, tag: str | None, digest: Digest | None) -> bool:
    if tag is not None and _named(entry) != f"{repository}:{tag}":
        return False
    return digest is None or entry.digest == digest
