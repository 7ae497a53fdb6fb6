"""The store of pulled plugins: blobs by digest, and a receipt for each plugin. It verifies no signature.

    blobs/sha256/<hex>            every blob, checked when it came in and again whenever it is read
    receipts/<hex>-<hex>.json     one for each repository and manifest, written last: without it nothing is installed
    ingest/<hex>.partial          blobs on their way in
    lock                          shared by whoever writes, exclusive for whoever removes blobs

No name from outside becomes a path; names are hex digits of digests. Everything is synced, then renamed, so that each
file is there whole or not at all, for any number of processes and after a kill at any moment. It is a `Shelf`. All
methods block; call them off the event loop. They raise `ValueError` for what is wrong with the data and `OSError` for
the disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mcpg.contract.problems import McpgError
from mcpg_registry import media
from mcpg_registry.claims import Referrer, referrer_from
from mcpg_registry.digests import Checker, Digest, digest_bytes, hex_of, parse_digest
from mcpg_registry.durable import Landing, make_directories, sync_directory, write_whole
from mcpg_registry.ingest import Ingest, open_partial
from mcpg_registry.layout import read_file
from mcpg_registry.receipts import MAX_RECEIPT, MAX_TAGS, parse_receipt, receipt_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from mcpg_registry.claims import Claim
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.receipts import Receipt

__all__ = ["MAX_RECEIPTS", "Sizes", "Store"]

MAX_RECEIPTS = 4096
DAY = 24 * 60 * 60.0
"""Seconds that an interrupted download is kept for the next try."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is there, or went: numbers, and bytes of blobs and of partials."""

    receipts: int
    blobs: int
    bytes: int
    partials: int
    partial_bytes: int


class Store:
    """The store in one directory, which is made when something is written; a missing one is empty."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.blobs = directory / "blobs" / "sha256"
        self.partials = directory / "ingest"
        self._receipts = directory / "receipts"
        self._lock = directory / "lock"

    def find(self, repository: str, tag: str | None, digest: Digest | None) -> Descriptor:
        """Return the manifest's descriptor; a digest decides alone, a tag means what it was last pulled as."""
        if digest is not None:
            receipt = self.receipt(repository, digest)
            if receipt is None:
                raise ValueError(f"`{repository}@{digest}` is not in the store")
            return receipt.manifest.descriptor()
        found = [each for each in self.receipts() if each.repository == repository and (tag or "") in each.tags]
        newest = max((each.tags[tag or ""] for each in found), default=0)
        found = [each for each in found if each.tags[tag or ""] == newest]
        if len(found) != 1:
            raise ValueError(f"the store has {len(found)} plugins for `{repository}:{tag}`, wanted exactly one")
        return found[0].manifest.descriptor()

    def read(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return the bytes of a blob, whose size and digest are those of `descriptor`."""
        if descriptor.size > limit:
            raise ValueError(f"`{descriptor.digest}` has {descriptor.size} bytes, at most {limit} are allowed")
        try:
            data = read_file(self._blob(descriptor.digest), descriptor.size)
            _check(data, descriptor)
        except FileNotFoundError:
            raise ValueError(f"blob `{descriptor.digest}` is missing in the store") from None
        except ValueError as error:
            raise ValueError(f"blob `{descriptor.digest}` in the store: {error}") from None
        return data

    def referrers(self, subject: Digest) -> tuple[Referrer, ...]:
        """Return the signatures that came with `subject`, whatever repository it was pulled from."""
        found: dict[Digest, Referrer] = {}
        for name in self._names(hex_of(parse_digest(subject)) + "-"):
            for part in self._receipt(name).referrers:
                entry = part.descriptor()
                referrer = referrer_from(self, entry, self.read(entry, media.MAX_MANIFEST), subject)
                if referrer is None:
                    raise ValueError(f"`{entry.digest}` in the store is no signature of `{subject}`")
                found[entry.digest] = referrer
        return tuple(found.values())

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there and whole: it is read and hashed."""
        with contextlib.suppress(ValueError):
            return self.read(descriptor, media.MAX_LAYER) is not None
        return False

    def receipt(self, repository: str, digest: Digest) -> Receipt | None:
        """Return one plugin's receipt, if it is installed."""
        name = receipt_name(repository, digest)
        with contextlib.suppress(FileNotFoundError):
            return self._receipt(name)
        return None

    def holds(self, repository: str, digest: Digest) -> bool:
        """Whether there is a receipt for a plugin, be it broken."""
        return os.path.lexists(self._receipts / receipt_name(repository, digest))

    def receipts(self) -> tuple[Receipt, ...]:
        """Return every receipt, by repository and version; `ValueError` names the first that is broken."""
        found = []
        for name in self._names():
            with contextlib.suppress(FileNotFoundError):  # somebody has removed it since
                found.append(self._receipt(name))
        return tuple(sorted(found, key=lambda each: (each.repository, each.version, each.manifest.digest)))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """While this is held nobody removes blobs: hold it from the first `ingest` or `put` until `install`."""
        self._make()
        with self._locked(fcntl.LOCK_SH):
            yield

    def ingest(self, descriptor: Descriptor) -> Ingest | None:
        """Return the blob's partial, ours alone until it is closed; none while somebody else receives the same blob."""
        self._make()
        name = hex_of(parse_digest(descriptor.digest))
        partial = self.partials / f"{name}.partial"
        handle = open_partial(partial)
        return None if handle is None else Ingest(handle, partial, self.blobs / name, descriptor)

    def put(self, data: bytes) -> Digest:
        """Keep one blob that is in memory; one that is there and broken is replaced."""
        self._make()
        with Landing(self.partials) as landing:
            digest = self._add(landing, data)
            landing.land()
        return digest

    def prepare(self, claim: Claim) -> Landing:
        """Write what a claim consists of, its layer aside, to land with `install`: a context that the caller ends."""
        self._make()
        landing = Landing(self.partials)
        try:
            for text in _texts(claim):
                self._add(landing, text)
            landing.sync()
        except BaseException:
            landing.__exit__()
            raise
        return landing

    def install(
        self, claim: Claim, receipt: Receipt, ingest: Ingest | None = None, landing: Landing | None = None
    ) -> Receipt:
        """Make a plugin be there; its layer is among the blobs already, or a finished `ingest`, which is committed.

        `landing` is what `prepare` gave for this claim. The receipt is written last. Return it, earlier tags included.
        `ValueError` when it is not this claim's or a blob of it is missing.
        """
        if (receipt.repository, receipt.manifest.digest) != (claim.repository, claim.manifest.digest):
            raise ValueError("the receipt is another plugin's")
        if ingest is not None and ingest.descriptor.digest != receipt.layer.digest:
            raise ValueError("the layer is another plugin's")
        with self.writing():
            self._check_room(receipt)
            self._land(claim, receipt, ingest, landing)
            if not self._is_there(receipt.layer.descriptor()):
                raise ValueError(f"blob `{receipt.layer.digest}` is missing in the store")
            with self._locked(fcntl.LOCK_EX, "receipts.lock"):
                return self._write(receipt)

    def remove(self, repository: str, digest: Digest) -> bool:
        """Take a plugin out; its blobs go with the next `collect`. Return whether it was there."""
        path = self._receipts / receipt_name(repository, digest)
        if not path.exists():
            return False
        with self.writing(), self._locked(fcntl.LOCK_EX, "receipts.lock"):
            path.unlink(missing_ok=True)
            sync_directory(self._receipts)
        return True

    def sizes(self) -> Sizes:
        """Return how much is there."""
        blobs, partials = _files(self.blobs), _files(self.partials)
        return Sizes(len(self._names()), len(blobs), _bytes(blobs), len(partials), _bytes(partials))

    def collect(self, keep: Container[str] | None = None, *, older: float = DAY, dry: bool = False) -> Sizes | None:
        """Remove blobs that no receipt names, and partials without a byte for `older` seconds; return what went.

        With `keep`, plugins whose manifest's digest is not in it go first. `dry` only tells. None, and nothing is
        removed, while anybody writes. `ValueError` when a receipt is broken: what belongs to it is not known then.
        """
        self._make()
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB))
            except BlockingIOError:
                return None
            receipts = self.receipts()
            gone = [each for each in receipts if keep is not None and each.manifest.digest not in keep]
            needed = {hex_of(parse_digest(blob)) for each in receipts if each not in gone for blob in each.blobs}
            blobs = [entry for entry in _files(self.blobs) if entry.name not in needed]
            partials = [entry for entry in _files(self.partials) if entry.stat().st_mtime <= time.time() - older]
            told = Sizes(len(gone), len(blobs), _bytes(blobs), len(partials), _bytes(partials))
            if not dry:
                names = [receipt_name(each.repository, each.digest) for each in gone]
                _unlink([self._receipts / name for name in names])
                _unlink([Path(entry.path) for entry in (*blobs, *partials)])
            return told

    def _land(self, claim: Claim, receipt: Receipt, ingest: Ingest | None, prepared: Landing | None) -> None:
        if receipt.blobs.keys() != {*map(digest_bytes, _texts(claim)), receipt.layer.digest}:
            raise ValueError("the receipt's blobs are not those of the claim")
        with contextlib.ExitStack() as stack:
            landing = prepared or stack.enter_context(self.prepare(claim))
            if ingest is not None:
                stack.enter_context(ingest.landing(landing))
            landing.land()

    def _add(self, landing: Landing, data: bytes) -> Digest:
        """Let a blob land, unless it is there and whole."""
        digest = digest_bytes(data)
        path = self._blob(digest)
        with contextlib.suppress(OSError, ValueError):
            if read_file(path, len(data)) == data:
                return digest
        landing.add(path, data)
        return digest

    def _write(self, receipt: Receipt) -> Receipt:
        known = None
        with contextlib.suppress(ValueError):  # a broken one is replaced
            known = self.receipt(receipt.repository, receipt.digest)
        self._check_room(receipt)  # others have written since
        tags = {**(known.tags if known else {}), **receipt.tags}
        newest = dict(sorted(tags.items(), key=lambda each: each[1])[-MAX_TAGS:])
        receipt = msgspec.structs.replace(receipt, tags=newest)
        name = receipt_name(receipt.repository, receipt.digest)
        write_whole(self._receipts / name, receipt.text(), aside=self.partials)
        return receipt

    def _check_room(self, receipt: Receipt) -> None:
        if not self.holds(receipt.repository, receipt.digest) and len(self._names()) >= MAX_RECEIPTS:
            # Nobody is distrusted for it, so it is no refusal.
            message = f"the store has {MAX_RECEIPTS} plugins, which is as many as it takes"
            raise McpgError(message, code="store-full", where="the store", remedy="`mcpg plugin remove` makes room")

    def _receipt(self, name: str) -> Receipt:
        """Return the receipt in a file that bears the name of what it is about."""
        data = read_file(self._receipts / name, MAX_RECEIPT)
        try:
            receipt = parse_receipt(data)
        except ValueError as error:
            raise ValueError(f"receipt `{name}` in the store: {error}") from None
        if receipt_name(receipt.repository, receipt.digest) != name:
            raise ValueError(f"receipt `{name}` in the store is about another plugin than its name says")
        return receipt

    def _names(self, prefix: str = "") -> list[str]:
        """Return the names of all receipts; other files are none."""
        try:
            found = [entry.name for entry in os.scandir(self._receipts) if entry.name.endswith(".json")]
        except FileNotFoundError:
            return []
        if len(found) > MAX_RECEIPTS:
            raise ValueError(f"the store has {len(found)} receipts, at most {MAX_RECEIPTS} are allowed")
        return sorted(name for name in found if name.startswith(prefix) and name[:1] != ".")

    def _is_there(self, descriptor: Descriptor) -> bool:
        """Whether a blob of that name and size is there: whoever reads it hashes it."""
        with contextlib.suppress(FileNotFoundError):
            return self._blob(descriptor.digest).stat(follow_symlinks=False).st_size == descriptor.size
        return False

    def _blob(self, digest: str) -> Path:
        return self.blobs / hex_of(parse_digest(digest))

    def _make(self) -> None:
        make_directories(self.blobs, self.partials, self._receipts)

    @contextlib.contextmanager
    def _locked(self, how: int, name: str = "lock") -> Iterator[None]:
        """Hold a lock of the kernel, which ends with the process however that ends."""
        handle = os.open(self.directory / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _texts(claim: Claim) -> list[bytes]:
    """Return every blob of a claim once, without the layer."""
    texts = [claim.manifest_bytes, claim.config_bytes]
    for each in claim.referrers:
        texts += [each.manifest_bytes, each.config_bytes, each.bundle]
    return list(dict.fromkeys(texts))


def _check(data: bytes, descriptor: Descriptor) -> None:
    checker = Checker(descriptor.digest, descriptor.size)
    checker.feed(data)
    checker.finish()


def _files(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _bytes(entries: list[os.DirEntry[str]]) -> int:
    total = 0
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):  # it has been renamed since
            total += entry.stat(follow_symlinks=False).st_size
    return total


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
    for directory in {path.parent for path in paths}:
        sync_directory(directory)
