"""Paused runs in SQLite: they survive a restart, and what was taken or spent stays so after kill -9.

`take` and `spend` are durable before any effect follows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mcpg.storage.ports import StoreFull
from mcpg.storage.sqlite import SqliteFile, Transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SqliteParked"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parked (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, ends INTEGER NOT NULL, size INTEGER NOT NULL,
    owner TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX IF NOT EXISTS parked_ends ON parked (ends, size);
CREATE TABLE IF NOT EXISTS spent (id TEXT PRIMARY KEY, ends INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS spent_ends ON spent (ends);
"""
_OWNED = "ALTER TABLE parked ADD COLUMN owner TEXT NOT NULL DEFAULT ''"
"""For a file that was made before values had owners."""


class SqliteParked:
    """Implements `Parked` on the file `path`; `clock` gives seconds since 1970, `entries` and `size` bound it."""

    def __init__(
        self,
        path: Path,
        *,
        entries: int = 100_000,
        size: int = 256 * 1024 * 1024,
        waiting: int = 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entries, self._limit, self._clock = entries, size, clock
        self._file = SqliteFile(path, "store of paused calls", _prepare, waiting=waiting)
        self._run = self._file.run

    async def open(self) -> SqliteParked:
        """Open or make the file; raises `McpgError` when it cannot be used. Call it once, before all else."""
        await self._file.open()
        return self

    async def put(self, key: str, value: bytes, *, ttl: float, owner: str = "") -> None:
        """Keep `value` until it is taken. See `Parked.put`."""
        await self._run(self._put, key, value, ttl, owner)

    async def take(self, key: str) -> bytes | None:
        """Return the value and forget it, durably. See `Parked.take`."""
        return await self._run(self._take, key)

    async def spend(self, identifier: str, *, ttl: float) -> bool:
        """Return True the first time only, durably. See `Parked.spend`."""
        return await self._run(self._spend, identifier, ttl)

    async def drop(self, owner: str) -> int:
        """Forget all values of `owner`, durably. See `Parked.drop`."""
        return await self._run(self._drop, owner)

    async def keys(self) -> list[str]:
        """Return the keys of all values that can still be taken."""
        return await self._run(self._keys)

    async def close(self) -> None:
        """Let go of the file."""
        await self._file.close()

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _put(self, key: str, value: bytes, ttl: float, owner: str) -> None:
        now = self._now()
        with Transaction(self._file.database) as run:
            run("DELETE FROM parked WHERE ends <= ?", (now,))
            (count, size) = run("SELECT count(*), coalesce(sum(size), 0) FROM parked").fetchone()
            if count >= self._entries or size + len(value) > self._limit:
                raise StoreFull("too many paused calls are waiting", remedy="let them end, or raise the bound")
            if run("SELECT 1 FROM parked WHERE key = ?", (key,)).fetchone():
                raise KeyError(key)
            row = (key, value, now + int(ttl * 1000), len(value), owner)
            run("INSERT INTO parked (key, value, ends, size, owner) VALUES (?, ?, ?, ?, ?)", row)

    def _take(self, key: str) -> bytes | None:
        with Transaction(self._file.database) as run:
            row = run("DELETE FROM parked WHERE key = ? RETURNING value, ends", (key,)).fetchone()
        return bytes(row[0]) if row and row[1] > self._now() else None

    def _spend(self, identifier: str, ttl: float) -> bool:
        now = self._now()
        with Transaction(self._file.database) as run:
            run("DELETE FROM spent WHERE ends <= ?", (now,))
            if run("SELECT 1 FROM spent WHERE id = ?", (identifier,)).fetchone():
                return False
            if run("SELECT count(*) FROM spent").fetchone()[0] >= self._entries:
                raise StoreFull("too many one-time ids are remembered", remedy="let them end, or raise the bound")
            run("INSERT INTO spent VALUES (?, ?)", (identifier, now + int(ttl * 1000)))
        return True

    def _drop(self, owner: str) -> int:
        with Transaction(self._file.database) as run:
            return run("DELETE FROM parked WHERE owner = ?", (owner,)).rowcount

    def _keys(self) -> list[str]:
        rows = self._file.database.execute("SELECT key FROM parked WHERE ends > ? ORDER BY key", (self._now(),))
        return [key for (key,) in rows]


def _prepare(database: sqlite3.Connection) -> None:
    database.executescript(_SCHEMA)
    if "owner" not in {row[1] for row in database.execute("PRAGMA table_info(parked)")}:
        database.execute(_OWNED)
