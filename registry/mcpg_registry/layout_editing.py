"""Adds artifacts and signatures to an OCI image layout in a directory, or begins one. It verifies nobody's signature.

Blobs are written and synced first, the index is exchanged last: a reader finds the layout before or after, and what an
interrupted writer leaves is a blob that nothing names. Writers wait for each other, also those of other processes. All
of it blocks. `ValueError` for what is wrong with the layout, `OSError` for the disk.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.durable import Landing, make_directory, write_whole
from mcpg_registry.layout import LAYOUT_VERSION, Layout, fallback_tag, read_file
from mcpg_registry.manifests import Descriptor, describe, parse_index
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mcpg_registry.digests import Digest
    from mcpg_registry.packing import Packed

__all__ = ["add_to_layout", "sign_in_layout"]

_MARKER = "oci-layout"
_INDEX = "index.json"


def add_to_layout(directory: Path, packed: Packed, repository: str, tag: str, *, replace: bool = False) -> None:
    """Put an artifact under `REPOSITORY:TAG`; `ValueError` when another stands there and `replace` is not said.

    One that is replaced stays in the layout under its digest: locks may name it.
    """
    name = f"{repository}:{tag}"
    with _opened(directory) as layout:
        entries = list(layout.entries)
        for place, entry in enumerate(entries):
            if entry.annotations.get(media.REF_NAME) == name and entry.digest != packed.manifest.digest:
                if not replace:
                    raise ValueError(f"`{name}` is there already and is another artifact, `{entry.digest}`")
                entries[place] = _unnamed(entry)
        named = Descriptor(media.MANIFEST, packed.manifest.digest, packed.manifest.size, "", {media.REF_NAME: name})
        _put_blobs(directory, packed.blobs)
        _put_index(directory, [*(entry for entry in entries if not _is(entry, named)), named])


def sign_in_layout(directory: Path, subject: Digest, signatures: Sequence[Packed]) -> None:
    """Attach signatures to the manifest `subject`, as referrers in the index and under the fallback tag."""
    with _opened(directory) as layout:
        tag = fallback_tag(subject)
        tagged = [entry for entry in layout.entries if _ending(entry) == tag]
        listed = [each for entry in tagged for each in parse_index(layout.read(entry, media.MAX_INDEX))]
        known = {entry.digest for entry in listed}
        listed += [each.manifest for each in signatures if each.manifest.digest not in known]
        index = compact(
            {"schemaVersion": 2, "mediaType": media.INDEX, "manifests": [each.document() for each in listed]}
        )
        fallback = describe(media.INDEX, index, **{media.REF_NAME: tag})
        fresh = [each.manifest for each in signatures]
        replaced = {fallback.digest, *(entry.digest for entry in (*tagged, *fresh))}
        for each in signatures:
            _put_blobs(directory, each.blobs)
        _put_blobs(directory, {fallback.digest: index})
        _put_index(directory, [*(e for e in layout.entries if e.digest not in replaced), *fresh, fallback])


@contextmanager
def _opened(directory: Path) -> Iterator[Layout]:
    """Open the layout in `directory`, begun if there is nothing yet, while nobody else writes to it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / _MARKER).exists():
            if any(path.name != _INDEX and not path.name.startswith(".") for path in directory.iterdir()):
                raise ValueError(f"`{directory.name}` holds other files and is no OCI image layout")
            _put_index(directory, [])
            write_whole(directory / _MARKER, compact({"imageLayoutVersion": LAYOUT_VERSION}))
        yield Layout(directory)
    finally:
        os.close(lock)


def _put_blobs(directory: Path, blobs: Mapping[Digest, bytes]) -> None:
    folder = directory / "blobs" / "sha256"
    make_directory(folder)
    with Landing() as landing:
        for digest, data in blobs.items():
            path = folder / hex_of(digest)
            if not _holds(path, digest, len(data)):
                landing.add(path, data)
        landing.land()


def _holds(path: Path, digest: Digest, size: int) -> bool:
    try:
        return digest_bytes(read_file(path, size)) == digest
    except (OSError, ValueError):
        return False


def _put_index(directory: Path, entries: Sequence[Descriptor]) -> None:
    documents = [entry.document() for entry in entries]
    documents.sort(key=lambda entry: (entry.get("annotations", {}).get(media.REF_NAME, "~"), entry["digest"]))
    write_whole(directory / _INDEX, compact({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": documents}))


def _ending(entry: Descriptor) -> str:
    return entry.annotations.get(media.REF_NAME, "").rpartition(":")[2]


def _is(entry: Descriptor, other: Descriptor) -> bool:
    """Whether the new entry says everything that this one says: the same manifest under the same name or none."""
    name = entry.annotations.get(media.REF_NAME)
    return entry.digest == other.digest and name in {None, other.annotations[media.REF_NAME]}


def _unnamed(entry: Descriptor) -> Descriptor:
    annotations = {key: value for key, value in entry.annotations.items() if key != media.REF_NAME}
    return Descriptor(entry.media_type, entry.digest, entry.size, entry.artifact_type, annotations)
