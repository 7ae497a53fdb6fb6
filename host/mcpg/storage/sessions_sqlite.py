"""Sessions in SQLite: they survive a restart, and all processes on one machine that have the file share them.

Each row has the number of the transaction that wrote it last, and who that was, so that the others can ask for what is
new. Rows of sessions that have ended are tombstones; beyond `entries` rows the oldest of them go, and `floor` says from
when on all are known.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from mcpg.storage.ports import StoreFull
from mcpg.storage.sessions import KeptSession
from mcpg.storage.sqlite import SqliteFile, Transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["SqliteSessions"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, principal TEXT NOT NULL, endpoint TEXT NOT NULL, version TEXT NOT NULL,
    capabilities BLOB NOT NULL, created REAL NOT NULL, touched REAL NOT NULL, ready INTEGER NOT NULL,
    log_level TEXT NOT NULL, ended INTEGER NOT NULL, change INTEGER NOT NULL, writer TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS sessions_change ON sessions (change);
CREATE INDEX IF NOT EXISTS sessions_created ON sessions (created, ended);
CREATE TABLE IF NOT EXISTS session_facts (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT;
INSERT OR IGNORE INTO session_facts VALUES ('change', 0), ('floor', 0);
"""
_COLUMNS = "id, principal, endpoint, version, capabilities, created, touched, ready, log_level, ended"
_SAVE = f"""
INSERT INTO sessions ({_COLUMNS}, change, writer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    log_level = CASE WHEN excluded.touched >= touched THEN excluded.log_level ELSE log_level END,
    touched = max(touched, excluded.touched), ready = max(ready, excluded.ready), ended = max(ended, excluded.ended),
    change = excluded.change, writer = excluded.writer
"""  # noqa: S608 - columns of our own


class SqliteSessions:
    """Implements `SessionStore` on the file `path`, with at most `entries` rows."""

    shared = True

    def __init__(self, path: Path, *, entries: int = 100_000) -> None:
        self._entries = entries
        self._file = SqliteFile(path, "store of sessions", _prepare)
        self._writer = secrets.token_hex(8)
        self._heard = 0

    async def open(self) -> SqliteSessions:
        """Open or make the file; raises `McpgError` when it cannot be used. Call it once, before all else."""
        await self._file.open()
        return self

    async def save(self, sessions: Sequence[KeptSession]) -> None:
        """Keep these, durably. See `SessionStore.save`; raises `StoreFull` when live sessions fill it."""
        await self._file.run(self._save, sessions)

    async def find(self, session_id: str) -> KeptSession | None:
        """Return what is kept of one session. See `SessionStore.find`."""
        return await self._file.run(self._find, session_id)

    async def news(self) -> list[KeptSession]:
        """Return what others saved since this was asked last. See `SessionStore.news`."""
        return await self._file.run(self._news)

    async def floor(self) -> float:
        """Return the time up to which some tombstones are gone. See `SessionStore.floor`."""
        return await self._file.run(lambda: _fact(self._file.database.execute, "floor"))

    async def forget(self, created_before: float) -> None:
        """Forget sessions that were made before then. See `SessionStore.forget`."""
        await self._file.run(self._forget, created_before)

    async def close(self) -> None:
        """Let go of the file."""
        await self._file.close()

    def _save(self, sessions: Sequence[KeptSession]) -> None:
        with Transaction(self._file.database) as run:
            change = int(_fact(run, "change")) + 1
            run("UPDATE session_facts SET value = ? WHERE name = 'change'", (change,))
            for each in sessions:
                run(_SAVE, (*_row(each), change, self._writer))
            self._make_room(run)

    def _make_room(self, run: Callable[..., sqlite3.Cursor]) -> None:
        over = run("SELECT count(*) FROM sessions").fetchone()[0] - self._entries
        if over <= 0:
            return
        oldest = "SELECT id, created FROM sessions WHERE ended ORDER BY created LIMIT ?"
        gone = run(oldest, (over,)).fetchall()
        if len(gone) < over:
            raise StoreFull("too many sessions are kept", remedy="let them end, or lower `server.limits.max_sessions`")
        for session_id, _ in gone:
            run("DELETE FROM sessions WHERE id = ?", (session_id,))
        floor = gone[-1][1]
        run("UPDATE session_facts SET value = max(value, ?) WHERE name = 'floor'", (floor,))

    def _find(self, session_id: str) -> KeptSession | None:
        query = f"SELECT {_COLUMNS} FROM sessions WHERE id = ?"  # noqa: S608 - columns of our own
        row = self._file.database.execute(query, (session_id,)).fetchone()
        return _kept(row) if row is not None else None

    def _news(self) -> list[KeptSession]:
        # who wrote last may have written over another's end without knowing of it: ends are told to all
        news = "change > ? AND (writer != ? OR ended)"
        query = f"SELECT {_COLUMNS} FROM sessions WHERE {news} ORDER BY change"  # noqa: S608 - words of our own
        run = self._file.database.execute
        newest = int(_fact(run, "change"))  # what is written between here and there comes once more, which is no harm
        if newest <= self._heard:
            return []
        rows = run(query, (self._heard, self._writer)).fetchall()
        self._heard = newest
        return [_kept(row) for row in rows]

    def _forget(self, created_before: float) -> None:
        self._file.database.execute("DELETE FROM sessions WHERE created < ?", (created_before,))


def _prepare(database: sqlite3.Connection) -> None:
    database.executescript(_SCHEMA)


def _fact(run: Callable[..., sqlite3.Cursor], name: str) -> float:
    return float(run("SELECT value FROM session_facts WHERE name = ?", (name,)).fetchone()[0])


def _row(kept: KeptSession) -> tuple[Any, ...]:
    return (
        kept.id,
        json.dumps(kept.principal),
        *kept[2:4],
        kept.capabilities,
        kept.created,
        kept.touched,
        int(kept.ready),
        kept.log_level,
        int(kept.ended),
    )


def _kept(row: tuple[Any, ...]) -> KeptSession:
    session_id, principal, endpoint, version, capabilities, created, touched, ready, level, ended = row
    tenant, plugin, issuer, caller = json.loads(principal)
    owner = (tenant, plugin, issuer, caller)
    return KeptSession(
        session_id,
        owner,
        endpoint,
        version,
        bytes(capabilities),
        created,
        touched,
        ready=bool(ready),
        log_level=level,
        ended=bool(ended),
    )
