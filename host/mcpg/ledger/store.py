"""The ledger's tables in SQLite: opening, writing one commit, reading. It knows nothing of chains or signatures.

Every commit is one transaction in WAL mode with `synchronous=FULL`: when `write` has returned, its rows and its head
are on the disk, both or neither. A commit is also one single statement, an insert into a temporary view whose trigger
does the rest: for each statement the thread lets go of the interpreter's lock, and beside a busy event loop it waits up
to five milliseconds to get it back. Call it from one thread.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger.heads import StoredHead
from mcpg.ledger.records import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Store", "connect_reader", "unavailable"]

_ERRNO = {
    errno.EACCES: "SQLITE_CANTOPEN",
    errno.EPERM: "SQLITE_CANTOPEN",
    errno.EROFS: "SQLITE_READONLY",
    errno.ENOSPC: "SQLITE_FULL",
    errno.EDQUOT: "SQLITE_FULL",
}
APPLICATION_ID = 0x4D435047  # "MCPG"
LAYOUT = 1
_SCHEMA = """
CREATE TABLE records (tenant TEXT NOT NULL, seq INTEGER NOT NULL, call TEXT, body TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX records_place ON records (tenant, seq);
CREATE INDEX records_call ON records (call) WHERE call IS NOT NULL;
CREATE TABLE heads (n INTEGER PRIMARY KEY, body TEXT NOT NULL, signature BLOB NOT NULL) STRICT;
"""
_COMMIT = """
CREATE TEMP VIEW commits (kind, tenant, number, call, body) AS SELECT 0, '', 0, '', '';
CREATE TEMP TRIGGER commits_record INSTEAD OF INSERT ON commits WHEN NEW.kind = 1 BEGIN
    INSERT INTO records VALUES (NEW.tenant, NEW.number, NEW.call, NEW.body);
END;
CREATE TEMP TRIGGER commits_head INSTEAD OF INSERT ON commits WHEN NEW.kind = 2 BEGIN
    INSERT INTO heads VALUES (NEW.number, NEW.body, NEW.call);
END;
"""
_NOTHING = (0, None, None, None, None)
_TENANTS = """
WITH RECURSIVE each(tenant) AS (
    SELECT min(tenant) FROM records
    UNION ALL SELECT (SELECT min(tenant) FROM records WHERE tenant > each.tenant) FROM each WHERE tenant IS NOT NULL)
SELECT tenant FROM each WHERE tenant IS NOT NULL
"""
_BETWEEN = "SELECT tenant, seq, call, body FROM records WHERE tenant = ? AND seq BETWEEN ? AND ? ORDER BY seq"
_END = "SELECT tenant, seq, call, body FROM records WHERE tenant = ? ORDER BY seq DESC LIMIT 1"


class Store:
    """The writer's connection."""

    def __init__(self, path: Path, *, busy: float) -> None:
        self.path = path
        _create_private(path)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=busy)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        (mode,) = run("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise LedgerUnavailable("the ledger's file system allows no WAL mode", where=str(self.path))
        run("PRAGMA synchronous=FULL")
        run("PRAGMA fullfsync=ON")
        run("PRAGMA trusted_schema=OFF")
        (application,), (layout,) = run("PRAGMA application_id").fetchone(), run("PRAGMA user_version").fetchone()
        if (application, layout) == (0, 0) and not run("SELECT 1 FROM sqlite_schema").fetchone():
            pragmas = f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={LAYOUT};"
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {pragmas} COMMIT;")
        elif (application, layout) != (APPLICATION_ID, LAYOUT):
            raise LedgerUnavailable("the file is no ledger that this version writes", where=str(self.path))
        self._connection.executescript(_COMMIT)

    def write(self, rows: Sequence[Row], head: StoredHead) -> None:
        """Make `rows` and their `head` durable, all or nothing; raises `sqlite3.Error`."""
        values: list[object] = [2, None, head.n, head.signature, head.text]
        for row in rows:
            values += (1, *row)
        places = 1 << len(rows).bit_length()  # few lengths of statement, so that each is compiled once
        for _ in range(places - len(rows) - 1):
            values += _NOTHING
        self._connection.execute("INSERT INTO temp.commits VALUES" + ", ".join(["(?, ?, ?, ?, ?)"] * places), values)

    def last_heads(self, limit: int) -> list[StoredHead]:
        """Return up to `limit` heads, the latest first."""
        rows = self._connection.execute("SELECT n, body, signature FROM heads ORDER BY n DESC LIMIT ?", (limit,))
        return [StoredHead(*row) for row in rows]

    def heads_from(self, n: int) -> Iterator[StoredHead]:
        """Yield the heads from `n` on."""
        rows = self._connection.execute("SELECT n, body, signature FROM heads WHERE n >= ? ORDER BY n", (n,))
        return (StoredHead(*row) for row in rows)

    def records(self, tenant: str, first: int, last: int) -> Iterator[Row]:
        """Yield the records `first` to `last` of a chain, in order."""
        return (Row(*row) for row in self._connection.execute(_BETWEEN, (tenant, first, last)))

    def chain_ends(self) -> Iterator[Row]:
        """Yield the last record of every chain; takes a look-up for each tenant, not for each record."""
        for (tenant,) in self._connection.execute(_TENANTS).fetchall():
            yield Row(*self._connection.execute(_END, (tenant,)).fetchone())

    def close(self) -> None:
        """Move the log into the database if nobody reads, and let go of the file."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            pass  # the log stays beside the database and is read at the next start
        finally:
            self._connection.close()


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a read-only connection that gives text as bytes; works beside a running writer and on read-only media.

    Raises `FileNotFoundError` and `sqlite3.Error`.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no ledger at `{path}`")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        return _reader(address)
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _reader(address + "&immutable=1")  # a clean copy where SQLite may not make its lock files


def _reader(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=5)
    connection.text_factory = bytes
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def unavailable(error: Exception, path: Path) -> LedgerUnavailable:
    """Return the error for a person that stands for `error`."""
    if isinstance(error, LedgerUnavailable):
        return error
    text = str(getattr(error, "strerror", None) or error).lower()
    name = str(getattr(error, "sqlite_errorname", "")) or _ERRNO.get(getattr(error, "errno", 0), "")
    reasons = (
        ("SQLITE_FULL", "the disk is full", "free space on the ledger's disk; writing resumes by itself"),
        ("SQLITE_READONLY", "the ledger's place is read-only", "make the directory and file writable for the gateway"),
        ("SQLITE_CANTOPEN", "the ledger cannot be opened", "make the directory and file writable for the gateway"),
        ("SQLITE_BUSY", "another program holds the ledger locked", "end that program; readers open it read-only"),
        ("SQLITE_CORRUPT", "the ledger is damaged", "keep the file, look at `mcpg audit verify`, start a new ledger"),
        ("SQLITE_NOTADB", "the file is no ledger", "name another file, or move this one away"),
    )
    for prefix, message, remedy in reasons:
        if name.startswith(prefix):
            return LedgerUnavailable(message, where=str(path), remedy=remedy)
    return LedgerUnavailable(f"the ledger cannot be used: {text}", where=str(path), remedy="see `mcpg doctor`")


def _create_private(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
