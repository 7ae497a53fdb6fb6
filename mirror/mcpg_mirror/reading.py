"""Opens a bundle: a layout in a directory, a tar, or a tar in parts, with its papers. It verifies no publisher.

What is checked here: the shape of the tar or directory, the index, the inventory's signature and grammar, that the
index is the one that the inventory binds, and that exactly the blobs are there that should be. Blobs are hashed when
they are read, and all of them by `hash_all`. All of it blocks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mcpg.contract.problems import ConfigError
from mcpg_mirror.faults import Incomplete, while_reading
from mcpg_mirror.inventory import open_inventory
from mcpg_mirror.kinds import INVENTORY, LOCK, NAMES, TRUST
from mcpg_mirror.papers import EMPTY, find_paper, read_paper
from mcpg_mirror.planning import index_digest, index_text
from mcpg_registry import media
from mcpg_registry.digests import Checker, Digest, digest_bytes, hex_of, parse_digest
from mcpg_registry.layout import Layout, read_file
from mcpg_registry.locking import parse_lock
from mcpg_registry.manifests import parse_index, parse_manifest
from mcpg_registry.tar_headers import is_layout_name
from mcpg_registry.tar_layout import MAX_MEMBER, MAX_MEMBERS, TarFiles
from mcpg_registry.tar_sources import CHUNK, check_part, part_name, parts_file, read_parts
from mcpg_revocations.artifact import LIST_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mcpg_mirror.inventory import Inventory
    from mcpg_registry.locking import Lock
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.trust.keys import PublicKey

__all__ = ["Bundle", "BundleFiles", "check_parts", "hash_all", "open_bundle", "open_files"]

BLOBS = "blobs/sha256/"


class BundleFiles(Protocol):
    """The files of a bundle by name, from any thread."""

    def names(self) -> Sequence[str]:
        """Return the names of all files."""
        ...

    def size(self, name: str) -> int:
        """Return a file's size in bytes; `FileNotFoundError`."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """Return a file's bytes; `FileNotFoundError`, or `ValueError` for more than `limit` bytes."""
        ...

    def read_at(self, name: str, offset: int, length: int) -> bytes:
        """Return a piece of a file, shorter at its end. Nothing is hashed."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle. `signer` is who signed the inventory, if anybody; `revocations` the list's bytes as signed."""

    name: str
    files: BundleFiles
    layout: Layout
    inventory: Inventory
    signer: Digest | None
    revocations: bytes
    lock: Lock

    def where(self) -> str:
        """Return how errors call it."""
        return f"bundle `{self.name}`"


class _Directory:
    """A layout's files in a directory, which may hold nothing else."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._sizes = dict(_scan(directory, ""))
        if len(self._sizes) > MAX_MEMBERS:
            raise ValueError(f"more than {MAX_MEMBERS} files")

    def names(self) -> Sequence[str]:
        return tuple(self._sizes)

    def size(self, name: str) -> int:
        if name not in self._sizes:
            raise FileNotFoundError(f"`{name}` is not in the directory")
        return self._sizes[name]

    def read(self, name: str, limit: int) -> bytes:
        return read_file(self._directory / name, limit)

    def read_at(self, name: str, offset: int, length: int) -> bytes:
        handle = os.open(self._directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.pread(handle, length, offset)
        finally:
            os.close(handle)

    def close(self) -> None:
        pass


def open_files(path: Path) -> BundleFiles:
    """Return the files at `path`; `PluginRefused` when they are no layout's, `Incomplete` when parts are missing."""
    where = f"bundle `{path}`"
    with while_reading(where):
        if path.is_dir():
            return _Directory(path)
        parts, there = read_parts(path), path.exists()
    if parts is None and not there:
        message = "there is no such file or directory, and no list of parts"
        raise ConfigError(message, where=where, remedy=f"name a bundle, or bring `{parts_file(path).name}`")
    if parts is not None:
        absent = [each.name for number in range(len(parts.parts)) if not (each := part_name(path, number)).exists()]
        if absent:
            raise Incomplete(
                f"{len(absent)} of {len(parts.parts)} parts are not there: {', '.join(absent[:20])}",
                code="missing-part",
                where=where,
                remedy="bring them and say the same again",
            )
    with while_reading(where):
        return TarFiles.open(path)


def open_bundle(path: Path, operators: Sequence[PublicKey] = ()) -> Bundle:
    """Return the bundle at `path`; `PluginRefused` when it is none, broken, or not signed as `operators` wants."""
    files = open_files(path)
    try:
        return _opened(path, files, operators)
    except BaseException:
        files.close()
        raise


def _opened(path: Path, files: BundleFiles, operators: Sequence[PublicKey]) -> Bundle:
    where = f"bundle `{path}`"
    with while_reading(where):
        layout = Layout(files)
    with while_reading(where, code="bad-inventory"):
        layers = read_paper(layout, find_paper(layout, "inventory"), INVENTORY)
        if len(layers) != 1:
            raise ValueError("the inventory has more than one layer")
    inventory, signer = open_inventory(layers[0][0].media_type, layers[0][1], operators, where=where)
    _check_index(files, layout.entries, inventory, where)
    with while_reading(where):
        papers = {role: find_paper(layout, role) for role in NAMES if role != "inventory"}
        found = {role: paper.digest for role, paper in papers.items()}
        if found != inventory.papers:
            raise ValueError("the papers in the index are not those of the inventory")
        (_, revocations), *more = read_paper(layout, papers["revocations"], LIST_TYPE)
        if more or digest_bytes(revocations) != inventory.revocations.digest:
            raise ValueError("the revocation list is not the one of the inventory")
        lock = parse_lock(read_paper(layout, papers["lock"], LOCK)[0][1])
        read_paper(layout, papers["trust"], TRUST)  # for people: it only has to be there
        _check_blobs(files, layout, inventory)
    return Bundle(str(path), files, layout, inventory, signer, revocations, lock)


def hash_all(files: BundleFiles, progress: Callable[[int], None], *, where: str) -> None:
    """Read every blob and compare it with its name; `PluginRefused` names the first that is another."""
    for name in files.names():
        if not name.startswith(BLOBS):
            continue
        digest, size = Digest("sha256:" + name.removeprefix(BLOBS)), files.size(name)
        with while_reading(where, code="bad-digest"):
            checker = Checker(digest, size)
            try:
                for at in range(0, size, CHUNK):
                    chunk = files.read_at(name, at, min(CHUNK, size - at))
                    checker.feed(chunk)
                    progress(len(chunk))
                checker.finish()
            except ValueError as error:
                raise ValueError(f"blob `{digest}`: {error}") from None


def check_parts(path: Path, *, where: str) -> None:
    """Read every part of a tar in parts; `PluginRefused` names the first that is damaged. A whole tar has none."""
    if path.is_dir() or (parts := read_parts(path)) is None:
        return
    for number, part in enumerate(parts.parts):
        with while_reading(where, code="bad-digest", remedy=f"copy `{part_name(path, number).name}` again"):
            check_part(part_name(path, number), part)


def _check_index(files: BundleFiles, entries: Sequence[Descriptor], inventory: Inventory, where: str) -> None:
    """Return if index.json is, to the byte, what the inventory binds, with the inventory's own entry first."""
    with while_reading(where, code="bad-inventory"):
        if files.read("index.json", media.MAX_INDEX) != index_text(entries):
            raise ValueError("index.json is not in the form in which bundles have it")
        found = index_digest(entries[1:])
        if entries[0].annotations.get(media.REF_NAME) != NAMES["inventory"] or found != inventory.index:
            raise ValueError(f"found an index of `{found}`, wanted `{inventory.index}` as in the inventory")


def _check_blobs(files: BundleFiles, layout: Layout, inventory: Inventory) -> None:
    """Return if exactly the blobs are there that the inventory and the index's own entries call for."""
    wanted: dict[str, int] = {_name(digest): size for digest, size in inventory.here().items()}
    wanted[_name(digest_bytes(EMPTY))] = len(EMPTY)
    for entry in layout.entries:
        wanted[_name(entry.digest)] = entry.size
        if entry.media_type == media.INDEX:
            parse_index(layout.read(entry, media.MAX_INDEX))
        elif entry.annotations.get(media.REF_NAME) in NAMES.values():
            manifest = parse_manifest(layout.read(entry, media.MAX_MANIFEST))
            wanted |= {_name(layer.digest): layer.size for layer in manifest.layers}
    found = {name: files.size(name) for name in files.names() if name.startswith(BLOBS)}
    _compare(found, wanted)


def _compare(found: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            raise ValueError(f"blob `{name.removeprefix(BLOBS)}` is missing")
        if name not in wanted:
            raise ValueError(f"blob `{name.removeprefix(BLOBS)}` stands there and nothing refers to it")
        if found[name] != wanted[name]:
            shown = name.removeprefix(BLOBS)
            raise ValueError(f"blob `{shown}` has {found[name]} bytes, wanted {wanted[name]}")


def _name(digest: Digest) -> str:
    return BLOBS + hex_of(parse_digest(digest))


def _scan(directory: Path, prefix: str) -> list[tuple[str, int]]:
    """Return name and size of all files; `ValueError` for anything that a layout does not have."""
    found: list[tuple[str, int]] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False) and name in {"blobs", "blobs/sha256"}:
                found += _scan(directory / entry.name, f"{name}/")
                continue
            if not entry.is_file(follow_symlinks=False) or not is_layout_name(name):
                shown = name if name.isprintable() else "<unprintable>"
                raise ValueError(f"`{shown[:120]}` is no file of a layout")
            size = entry.stat(follow_symlinks=False).st_size
            if size > MAX_MEMBER:
                raise ValueError(f"`{name}` has {size} bytes, at most {MAX_MEMBER} are allowed")
            found.append((name, size))
    return found
