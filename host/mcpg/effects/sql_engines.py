"""The database pools of driver `sql`, one for each connection and way of use. It runs no statement of a plugin."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Mapping

__all__ = ["Engines"]

_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
                    sqlite3.SQLITE_TRANSACTION})  # fmt: skip
_NEVER = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA})
_FUNCTIONS_DENIED = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_MAX_VALUE = 16 << 20
_BUSY = 5.0
T = TypeVar("T")


class Engines:
    """Makes a pool of at most `pool` (by name: `pools`) connections when it is first needed."""

    def __init__(self, connections: Mapping[str, str], pool: int, pools: Mapping[str, int]) -> None:
        self._urls = dict(connections)
        self._pool = pool
        self._pools = pools
        self._made: dict[tuple[str, bool], tuple[AsyncEngine, asyncio.Semaphore]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The operator's names for the connections."""
        return tuple(self._urls)

    def check(self) -> None:
        """Raise `ConfigError` for a URL that names no SQLite file."""
        for name in self._urls:
            self._file(name)

    @asynccontextmanager
    async def lend(self, name: str, deadline: float, *, read_only: bool) -> AsyncIterator[AsyncConnection]:
        """Lend a connection; raises `TimeoutError` when none is free in time, else `SQLAlchemyError` or `OSError`."""
        engine, free = self._pool_of(name, read_only=read_only)
        async with asyncio.timeout_at(deadline):
            await free.acquire()
        opening = self._track(_open(engine))
        try:
            async with asyncio.timeout_at(deadline):
                connection = await asyncio.shield(opening)
        except BaseException:
            # Opening is never broken off half-way: its thread would outlive it. It is closed when it is done.
            self._track(_close(opening, free))
            raise
        try:
            yield connection
        finally:
            await asyncio.shield(self._track(_close(opening, free)))

    def _track(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _pool_of(self, name: str, *, read_only: bool) -> tuple[AsyncEngine, asyncio.Semaphore]:
        made = self._made.get((name, read_only))
        if made is None:
            file = self._file(name)
            # aiosqlite does not wait for its thread when opening fails, so the usual failure is met here.
            if not Path(file).is_file():
                raise OSError("there is no such file")
            uri = f"file:{quote(file)}?mode={'ro' if read_only else 'rw'}&uri=true"
            engine = create_async_engine(
                f"sqlite+aiosqlite:///{uri}",
                pool_size=self._pools.get(name, self._pool),
                max_overflow=0,
                hide_parameters=True,
                connect_args={"timeout": _BUSY},
            )
            event.listen(engine.sync_engine, "connect", _reader if read_only else _writer)
            made = self._made[name, read_only] = (engine, asyncio.Semaphore(self._pools.get(name, self._pool)))
        return made

    def _file(self, name: str) -> str:
        where = f"connections.{name}"
        try:
            url = make_url(self._urls[name])
        except ArgumentError:
            raise ConfigError(f"`{where}.url` is not a database URL", where=where) from None
        if url.drivername != "sqlite+aiosqlite" or not url.database or url.database.startswith((":", "file:")):
            raise ConfigError(f"`{where}.url` must be `sqlite+aiosqlite:///` and a file", where=where)
        return url.database

    async def stop(self) -> None:
        """Close every pool."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))
        for engine, _ in self._made.values():
            await engine.dispose()
        self._made.clear()


async def _open(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


async def _close(opening: asyncio.Task[AsyncConnection], free: asyncio.Semaphore) -> None:
    try:
        await asyncio.wait([opening])
        if opening.exception() is None:
            await opening.result().close()
    finally:
        free.release()


def _reader(connection: Any, _: Any) -> None:
    connection.run_async(lambda driver: driver.execute("PRAGMA query_only = ON"))
    _harden(connection, _authorize_reads)


def _writer(connection: Any, _: Any) -> None:
    connection.run_async(lambda driver: driver.execute("PRAGMA foreign_keys = ON"))
    _harden(connection, _authorize_writes)


def _harden(connection: Any, authorize: Any) -> None:
    async def harden(driver: Any) -> None:
        await driver._execute(driver._conn.setlimit, sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)  # noqa: SLF001 - aiosqlite has no public way
        await driver.set_authorizer(authorize)

    connection.run_async(harden)


def _authorize_reads(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action not in _READS:
        return sqlite3.SQLITE_DENY
    return _function(action, second) if first is None else sqlite3.SQLITE_OK


def _authorize_writes(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _NEVER else _function(action, second)


def _function(action: int, name: str | None) -> int:
    denied = action == sqlite3.SQLITE_FUNCTION and (name or "").lower() in _FUNCTIONS_DENIED
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK
