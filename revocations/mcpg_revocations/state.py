"""What a site remembers of its feed's lists between two starts, on disk. It judges no list; all of it blocks.

    DIRECTORY/state.json            version, keys and times, replaced atomically
    DIRECTORY/lists/HEX.json        the list that the state names, as it came
    DIRECTORY/lock                  held by the one process that is changing the state

A list is written and synced before the state that names it, so a process killed at any moment leaves the one state or
the other. Whoever can write here can lie about the past; the directory is the operator's.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes, hex_of, parse_digest
from mcpg_registry.durable import make_directory, write_whole
from mcpg_registry.layout import read_file
from mcpg_revocations.envelopes import MAX_OFFER, next_anchor, open_chain, read_list, refused, signers_of
from mcpg_revocations.lists import NextKeys
from mcpg_revocations.rules import Known

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg_registry.trust.dsse import Envelope
    from mcpg_revocations.envelopes import Anchor
    from mcpg_revocations.lists import RevocationList

__all__ = ["Memory", "StateDirectory"]

MAX_STATE = 64 * 1024
STATE = "state.json"
REMEDY = "restore it from a backup, or remove the directory and bring the list anew"
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: Literal[1]
    configured: str
    keys: NextKeys
    announced: NextKeys | None
    digest: str
    version: Annotated[int, msgspec.Meta(ge=0)]
    full: Annotated[int, msgspec.Meta(ge=0)]
    checked: Seconds
    seen: Seconds


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered: the lists' side, when one was last confirmed, and the latest time ever seen."""

    known: Known
    checked: int = 0
    seen: int = 0


class StateDirectory:
    """The directory of one site's state, for the anchor that its operator has configured.

    With another anchor than the one before, the versions start anew; the latest time seen stays.
    """

    def __init__(self, directory: Path, anchor: Anchor) -> None:
        self._directory = directory
        self._anchor = anchor
        self._configured = digest_bytes("\n".join([str(anchor.threshold), *sorted(k.id for k in anchor.keys)]).encode())

    def remembered(self, memory: Memory | None) -> Memory:
        """Return `memory`, or that of a site which has seen nothing."""
        return memory or Memory(Known(self._anchor))

    def stamp(self) -> tuple[int, int]:
        """Return what changes whenever the state does."""
        try:
            found = (self._directory / STATE).stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing the state; they wait."""
        make_directory(self._directory)
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Memory:
        """Return what is remembered; `PluginRefused` at step 4 when it is there and cannot be used."""
        try:
            stored = msgspec.json.decode(read_file(self._directory / STATE, MAX_STATE), type=_Stored)
        except FileNotFoundError:
            return Memory(Known(self._anchor))
        except (OSError, ValueError) as error:
            raise refused("what this site remembers of it cannot be read", "revocation-state", remedy=REMEDY) from error
        if stored.configured != self._configured:
            return Memory(Known(self._anchor), seen=stored.seen)
        return Memory(self._known(stored), stored.checked, stored.seen)

    def write(self, memory: Memory) -> None:
        """Remember; only while `locked`. `OSError` leaves what was remembered before."""
        known, lists = memory.known, self._directory / "lists"
        if known.text:
            make_directory(lists)
            path = lists / f"{hex_of(parse_digest(known.digest))}.json"
            if not path.exists():
                write_whole(path, known.text)
        stored = _Stored(
            schema=1,
            configured=self._configured,
            keys=_keys(known.anchor),
            announced=_keys(known.announced) if known.announced else None,
            digest=known.digest,
            version=known.version,
            full=known.full,
            checked=memory.checked,
            seen=memory.seen,
        )
        write_whole(self._directory / STATE, msgspec.json.encode(stored), mode=0o600)
        self._tidy(known.digest)

    def _tidy(self, digest: str) -> None:
        """Remove lists that were replaced, and what killed processes have left half written."""
        old = [*self._directory.glob(".*.tmp"), *self._directory.glob("lists/.*.tmp")]
        if digest:
            kept = f"{hex_of(parse_digest(digest))}.json"
            old += [path for path in self._directory.glob("lists/*.json") if path.name != kept]
        for path in old:
            path.unlink(missing_ok=True)

    def _known(self, stored: _Stored) -> Known:
        try:
            anchor = next_anchor(stored.keys)
            announced = next_anchor(stored.announced) if stored.announced else None
            if not stored.digest:
                return Known(anchor)
            path = self._directory / "lists" / f"{hex_of(parse_digest(stored.digest))}.json"
            text = read_file(path, MAX_OFFER)
            held = _held(open_chain(text)[-1], stored, anchor)
            return Known(anchor, announced, held, stored.digest, stored.full, text)
        except (OSError, ValueError, PluginRefused) as error:
            raise refused("what this site remembers of it cannot be used", "revocation-state", remedy=REMEDY) from error


def _held(envelope: Envelope, stored: _Stored, anchor: Anchor) -> RevocationList:
    """Return the list if it is the one that was taken, signatures included; `ValueError` otherwise."""
    held = read_list(envelope)
    if digest_bytes(envelope.payload) != stored.digest or held.version != stored.version:
        raise ValueError("the list is not the one that was taken")
    if len(signers_of(envelope, anchor.keys)) < (1 if held.emergency else anchor.threshold):
        raise ValueError("its signatures are not those that were taken")
    return held


def _keys(anchor: Anchor) -> NextKeys:
    return NextKeys(next=tuple(key.pem for key in anchor.keys), threshold=anchor.threshold)
