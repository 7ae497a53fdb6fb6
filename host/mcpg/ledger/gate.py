"""Back-pressure before the ledger's queue: bounded in records, bytes and waiting callers. It touches no disk."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from mcpg.contract.problems import LedgerUnavailable

__all__ = ["Gate", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a ledger: `patience` in seconds, `bytes` in characters of record text; the others are numbers."""

    records: int = 4096
    """Records that may be on their way to the disk."""
    bytes: int = 64 * 1024 * 1024
    """Text that may be on its way to the disk."""
    waiting: int = 4096
    """Callers that may wait for a place."""
    patience: float = 5.0
    """How long a caller waits for a place, the disk may be silent, or another program may hold the file locked."""
    batch: int = 512
    """Records in one commit."""
    siblings: int = 4
    """Records that must wait for a commit, so that it waits a little for more of them."""
    linger: float = 0.002
    """How long it then waits: less than a disk takes, and nothing where calls come one by one."""
    record: int = 1024 * 1024
    """Characters in one record."""
    retry: float = 1.0
    """Seconds between attempts to write again after a failure."""


class Gate:
    """Counts what is on its way; who finds no place waits in line, for `patience` at most."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._records = 0
        self._size = 0
        self._granted = 0
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def full(self) -> bool:
        """Whether a new caller must wait: there is no place, or others wait already."""
        return bool(self._line) or not self._room()

    async def enter(self) -> None:
        """Wait for a place; the caller then calls `add` without awaiting anything, or `leave(0, 0)`.

        Raises `LedgerUnavailable` when the line is too long or moves too slowly.
        """
        if len(self._line) >= self._limits.waiting:
            raise LedgerUnavailable("too many calls wait for the ledger", remedy="look at the ledger's disk")
        place = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            async with asyncio.timeout(self._limits.patience):
                await place
        except BaseException as error:
            self._give_up(place)
            if isinstance(error, TimeoutError):
                raise LedgerUnavailable("the ledger's queue stayed full", remedy="look at the ledger's disk") from None
            raise
        self._granted -= 1

    def _give_up(self, place: asyncio.Future[None]) -> None:
        if place.done() and not place.cancelled():
            self._granted -= 1
        elif place in self._line:
            self._line.remove(place)
        self._wake()

    def add(self, size: int) -> None:
        """Count one record of `size` characters in."""
        self._records += 1
        self._size += size

    def leave(self, records: int, size: int) -> None:
        """Count records out and let as many callers in as there is room for."""
        self._records -= records
        self._size -= size
        self._wake()

    def _room(self) -> bool:
        return self._records + self._granted < self._limits.records and self._size < self._limits.bytes

    def _wake(self) -> None:
        while self._line and self._room():
            place = self._line.popleft()
            if not place.done():
                self._granted += 1
                place.set_result(None)
