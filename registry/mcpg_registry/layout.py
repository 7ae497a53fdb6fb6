"""Reads an OCI image layout, in a directory or wherever its files are. It trusts nothing in it and writes nothing.

No name from the layout becomes a path: a blob's name is made of hex digits that the digest grammar has passed. Every
blob is read up to its promised size and hashed. In a directory no link is followed. All methods block; call them off
the event loop. They raise `ValueError` for what is wrong with the data and `OSError` for the disk. Source: OCI image
layout spec 1.1.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mcpg_registry import media
from mcpg_registry.claims import referrer_from
from mcpg_registry.digests import Checker, hex_of
from mcpg_registry.manifests import parse_index, parse_manifest
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from mcpg_registry.claims import Referrer
    from mcpg_registry.digests import Digest
    from mcpg_registry.manifests import Descriptor

__all__ = ["LAYOUT_VERSION", "Layout", "LayoutFiles", "fallback_tag", "read_file", "read_followed"]

LAYOUT_VERSION = "1.0.0"
MAX_KEPT = 16 * 1024 * 1024
"""Bytes of manifests that a layout keeps in memory: a stranger's index may name gigabytes of them."""
_CHUNK = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class LayoutFiles(Protocol):
    """The files of a layout by name: `oci-layout`, `index.json`, `blobs/sha256/<hex>`."""

    def read(self, name: str, limit: int) -> bytes:
        """Return a file's bytes; `FileNotFoundError`, or `ValueError` for more than `limit` bytes or no file."""
        ...


class _Directory:
    """Files in a directory; names come from this module only."""

    def __init__(self, directory: Path) -> None:
        if not directory.is_dir():
            raise ValueError(f"`{directory.name}` is no directory with an OCI image layout")
        self._directory = directory

    def read(self, name: str, limit: int) -> bytes:
        return read_file(self._directory / name, limit)


class Layout:
    """One layout, its index read and checked once."""

    def __init__(self, files: LayoutFiles | Path) -> None:
        self._files = _Directory(files) if isinstance(files, Path) else files
        marker = parse_object(self._files.read("oci-layout", 1024), 1024)
        if marker.get("imageLayoutVersion") != LAYOUT_VERSION:
            raise ValueError(f"the file oci-layout does not name layout version {LAYOUT_VERSION}")
        self.entries = parse_index(self._files.read("index.json", media.MAX_INDEX), typed=False)
        self._referring: dict[Digest, list[Descriptor]] | None = None
        self._texts: dict[Digest, bytes] = {}
        self._kept = 0
        self._faults: list[str] = []

    def find(self, repository: str, tag: str | None, digest: Digest | None) -> Descriptor:
        """Return the one entry of that name; with tag and digest, both must agree.

        A tag's entry is named `REPOSITORY:TAG` or, where no entry is, as other programs write it: `TAG`. A digest alone
        is found whatever its name.
        """
        names = [f"{repository}:{tag}", tag] if tag else [None]
        found: dict[Digest, Descriptor] = {}
        for wanted in names:
            found = found or {entry.digest: entry for entry in self.entries if _is(entry, wanted, digest)}
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
        try:
            data = self._files.read(f"blobs/sha256/{hex_of(descriptor.digest)}", descriptor.size)
            checker = Checker(descriptor.digest, descriptor.size)
            checker.feed(data)
            checker.finish()
        except FileNotFoundError:
            raise ValueError(f"blob `{descriptor.digest}` is missing") from None
        except ValueError as error:
            raise ValueError(f"blob `{descriptor.digest}`: {error}") from None
        return data

    def referrers(self, subject: Digest) -> tuple[Referrer, ...]:
        """Return the signatures that say they are about `subject`: those in the index, then the fallback tag's.

        What the fallback tag lists must be whole. A broken manifest in the index may be anybody's: it counts as none,
        and is only told when nothing else is found.
        """
        listed = [entry for entry in self._fallback(subject) if entry.media_type == media.MANIFEST]
        entries = (*self._referrers().get(subject, ()), *listed)
        found: dict[Digest, Referrer] = {}
        for entry in entries:
            referrer = referrer_from(self, entry, self._text(entry), subject)
            if referrer is not None:
                found[entry.digest] = referrer
        if not found and self._faults:
            raise ValueError(self._faults[0])
        if len(found) > media.MAX_REFERRERS:
            raise ValueError(f"found {len(found)} signatures, at most {media.MAX_REFERRERS} are allowed")
        return tuple(found.values())

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

    def _text(self, entry: Descriptor) -> bytes:
        """Return a manifest's bytes, read and checked once, unless there are more of them than are kept."""
        text = self._texts.get(entry.digest)
        if text is None:
            text = self.read(entry, media.MAX_MANIFEST)
            if self._kept + len(text) <= MAX_KEPT:
                self._kept += len(text)
                self._texts[entry.digest] = text
        return text

    def _referrers(self) -> dict[Digest, list[Descriptor]]:
        """Return the entries of the index that refer to another manifest, by that other's digest."""
        if self._referring is None:
            self._referring = {}
            for entry in self.entries:
                if entry.media_type != media.MANIFEST:
                    continue
                try:
                    manifest = parse_manifest(self._text(entry))
                except ValueError as fault:
                    self._faults.append(str(fault))
                    continue
                if manifest.subject is not None:
                    self._referring.setdefault(manifest.subject.digest, []).append(entry)
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


def read_followed(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file that an operator names, maybe by a link; else as `read_file`.

    A circle of links is a `ValueError`.
    """
    return read_file(Path(os.path.realpath(path)), limit)


def _named(entry: Descriptor) -> str:
    return entry.annotations.get(media.REF_NAME, "")


def _is(entry: Descriptor, name: str | None, digest: Digest | None) -> bool:
    return (name is None or _named(entry) == name) and digest in {None, entry.digest}
