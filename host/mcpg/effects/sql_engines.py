"""The database pools of driver `sql`, one for each connection and way of use. It runs no statement of a plugin."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Engines"]

_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
                    sqlite3.SQLITE_TRANSACTION})  # fmt: skip
_NEVER = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA})
_FUNCTIONS_DENIED = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_MAX_VALUE = 16 << 20
_BUSY = 5.0


class Engines:
    """Makes a pool of at most `pool` connections when it is first needed."""

    def __init__(self, connections: Mapping[str, str], pool: int) -> None:
        self._urls = dict(connections)
        self._pool = pool
        self._made: dict[tuple[str, bool], AsyncEngine] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The operator's names for the connections."""
        return tuple(self._urls)

    def check(self) -> None:
        """Raise `ConfigError` for a URL that names no SQLite file."""
        for name in self._urls:
            self._file(name)

    def engine(self, name: str, *, read_only: bool) -> AsyncEngine:
        """Return the pool of one connection and way of use."""
        made = self._made.get((name, read_only))
        if made is None:
            uri = f"file:{quote(self._file(name))}?mode={'ro' if read_only else 'rw'}&uri=true"
            made = create_async_engine(
                f"sqlite+aiosqlite:///{uri}",
                pool_size=self._pool,
                max_overflow=0,
                pool_timeout=60,
                hide_parameters=True,
                connect_args={"timeout": _BUSY},
            )
            event.listen(made.sync_engine, "connect", _reader if read_only else _writer)
            self._made[name, read_only] = made
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
        for engine in self._made.values():
            await engine.dispose()
        self._made.clear()


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
