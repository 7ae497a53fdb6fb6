"""One SQLite file and the one thread that works on it, a statement after the other. It knows no tables.

`synchronous=FULL`: what a call has written is durable when it returns, kill -9 or not. A few calls may wait for the
thread; more are refused rather than queued.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mcpg.contract.problems import McpgError
from mcpg.storage.ports import StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SqliteFile", "Transaction"]

P = ParamSpec("P")
R = TypeVar("R")


class SqliteFile:
    """The file `path`, private to its owner; `what` names it in errors, `prepare` makes its tables."""

    def __init__(
        self, path: Path, what: str, prepare: Callable[[sqlite3.Connection], Any], *, waiting: int = 1024
    ) -> None:
        self.path = path
        self.database: sqlite3.Connection
        self._what, self._prepare, self._waiting = what, prepare, waiting
        self._calls = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"mcpg-{path.stem}")

    async def open(self) -> None:
        """Open or make the file; raises `McpgError` when it cannot be used. Call it once, before all else."""
        await self.run(self._connect)

    async def close(self) -> None:
        """Let go of the file."""
        await self.run(lambda: self.database.close())  # noqa: PLW0108 - there is no database before it runs
        self._thread.shutdown()

    async def run(self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Call `function` in the thread; raises `StoreFull` when too many calls wait, `McpgError` for a bad disk."""
        if self._calls >= self._waiting:
            raise StoreFull(f"too many calls wait for the {self._what}", remedy="look at its disk")
        self._calls += 1
        work = asyncio.wrap_future(self._thread.submit(function, *arguments, **options))
        work.add_done_callback(self._count_down)
        try:
            return await asyncio.shield(work)  # who is cancelled leaves no work uncounted behind
        except (sqlite3.Error, OSError) as error:
            message = f"the {self._what} cannot be used: {getattr(error, 'strerror', None) or error}".lower()
            code, remedy = "store-unavailable", "look at its disk"
            raise McpgError(message, code=code, where=str(self.path), remedy=remedy) from error

    def _count_down(self, work: asyncio.Future[R]) -> None:
        self._calls -= 1
        if not work.cancelled():
            work.exception()

    def _connect(self) -> None:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON"):
                database.execute(f"PRAGMA {pragma}")
            self._prepare(database)
        except BaseException:
            database.close()
            raise
        self.database = database


class Transaction:
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
