"""Paused runs in SQLite: they survive a restart, and what was taken or spent stays so after kill -9.

One thread of its own does the work, one statement after the other; `synchronous=FULL`, so that `take` and `spend` are
durable before any effect follows. A few calls may wait for the thread; more are refused rather than queued.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from mcpg.contract.problems import McpgError
from mcpg.storage.ports import StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SqliteParked"]

P = ParamSpec("P")
R = TypeVar("R")

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
        self.path = path
        self._entries, self._limit, self._waiting, self._clock = entries, size, waiting, clock
        self._calls = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mcpg-parked")

    async def open(self) -> SqliteParked:
        """Open or make the file; raises `McpgError` when it cannot be used. Call it once, before all else."""
        await self._run(self._connect)
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
        await self._run(self._disconnect)
        self._thread.shutdown()

    async def _run(self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        if self._calls >= self._waiting:
            raise StoreFull("too many calls wait for the store of paused calls", remedy="look at its disk")
        self._calls += 1
        work = asyncio.wrap_future(self._thread.submit(function, *arguments, **options))
        work.add_done_callback(self._count_down)
        try:
            return await asyncio.shield(work)  # who is cancelled leaves no work uncounted behind
        except (sqlite3.Error, OSError) as error:
            message = f"the store of paused calls cannot be used: {getattr(error, 'strerror', None) or error}".lower()
            code, remedy = "store-unavailable", "look at its disk"
            raise McpgError(message, code=code, where=str(self.path), remedy=remedy) from error

    def _count_down(self, work: asyncio.Future[R]) -> None:
        self._calls -= 1
        if not work.cancelled():
            work.exception()

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _connect(self) -> None:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON"):
                database.execute(f"PRAGMA {pragma}")
            database.executescript(_SCHEMA)
            if "owner" not in {row[1] for row in database.execute("PRAGMA table_info(parked)")}:
                database.execute(_OWNED)
        except BaseException:
            database.close()
            raise
        self._database = database

    def _disconnect(self) -> None:
        self._database.close()

    def _put(self, key: str, value: bytes, ttl: float, owner: str) -> None:
        now = self._now()
        with _Transaction(self._database) as run:
            run("DELETE FROM parked WHERE ends <= ?", (now,))
            (count, size) = run("SELECT count(*), coalesce(sum(size), 0) FROM parked").fetchone()
            if count >= self._entries or size + len(value) > self._limit:
                raise StoreFull("too many paused calls are waiting", remedy="let them end, or raise the bound")
            if run("SELECT 1 FROM parked WHERE key = ?", (key,)).fetchone():
                raise KeyError(key)
            row = (key, value, now + int(ttl * 1000), len(value), owner)
            run("INSERT INTO parked (key, value, ends, size, owner) VALUES (?, ?, ?, ?, ?)", row)

    def _take(self, key: str) -> bytes | None:
        with _Transaction(self._database) as run:
            row = run("DELETE FROM parked WHERE key = ? RETURNING value, ends", (key,)).fetchone()
        return bytes(row[0]) if row and row[1] > self._now() else None

    def _spend(self, identifier: str, ttl: float) -> bool:
        now = self._now()
        with _Transaction(self._database) as run:
            run("DELETE FROM spent WHERE ends <= ?", (now,))
            if run("SELECT 1 FROM spent WHERE id = ?", (identifier,)).fetchone():
                return False
            if run("SELECT count(*) FROM spent").fetchone()[0] >= self._entries:
                raise StoreFull("too many one-time ids are remembered", remedy="let them end, or raise the bound")
            run("INSERT INTO spent VALUES (?, ?)", (identifier, now + int(ttl * 1000)))
        return True

    def _drop(self, owner: str) -> int:
        with _Transaction(self._database) as run:
            return run("DELETE FROM parked WHERE owner = ?", (owner,)).rowcount

    def _keys(self) -> list[str]:
        rows = self._database.execute("SELECT key FROM parked WHERE ends > ? ORDER BY key", (self._now(),))
        return [key for (key,) in rows]


class _Transaction:
    """All or nothing; gives the connection's `execute`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> Callable[..., sqlite3.Cursor]:
        self._database.execute("BEGIN IMMEDIATE")
        return self._database.execute

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._database.execute("COMMIT")
        elif self._database.in_transaction:
            self._database.execute("ROLLBACK")
