"""Reads a ledger for people and tools: the latest records, the records of one call, the last head. It proves nothing.

It opens the database read-only, each time anew, and works while a gateway writes; it blocks, so call it from a thread
where an event loop runs. Raises `LedgerUnavailable` when there is no ledger or it cannot be read.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger.heads import StoredHead, read_body
from mcpg.ledger.records import SYSTEM, Entry
from mcpg.ledger.store import connect_reader, unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg.ledger.heads import Head

__all__ = ["head", "open_reader", "records_of", "tail"]

_COLUMNS = "SELECT tenant, seq, call, body FROM records"


def open_reader(path: Path) -> sqlite3.Connection:
    """Return a read-only connection whose text comes as bytes."""
    try:
        return connect_reader(path)
    except FileNotFoundError as error:
        raise LedgerUnavailable(str(error), remedy="name the ledger's file, or start the gateway once") from None
    except sqlite3.Error as error:
        raise unavailable(error, path) from error


def records_of(path: Path, call_id: str) -> list[Entry]:
    """Return every record of one call, in the order in which they were written."""
    with closing(open_reader(path)) as reader:
        try:
            rows = reader.execute(f"{_COLUMNS} WHERE call = ? ORDER BY tenant, seq", (call_id,)).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error, path) from error
        return [_entry(*row) for row in rows]


def tail(
    path: Path, *, tenant: str | None = None, limit: int = 50, follow: bool = False, poll: float = 0.25
) -> Iterator[Entry]:
    """Yield the last `limit` records, oldest first; with `follow` go on with new ones, looking every `poll` seconds."""
    with closing(open_reader(path)) as reader:
        try:
            last = _last_commit(reader)
            yield from _latest(reader, tenant, limit, last)
            while follow:
                time.sleep(poll)
                now = _last_commit(reader)
                yield from _between(reader, tenant, last, now)
                last = max(last, now)
        except sqlite3.Error as error:
            raise unavailable(error, path) from error


def head(path: Path) -> Head | None:
    """Return the last head, or None when nothing was written yet; it is not verified here."""
    with closing(open_reader(path)) as reader:
        try:
            row = reader.execute("SELECT n, body, signature FROM heads ORDER BY n DESC LIMIT 1").fetchone()
            first = reader.execute(f"{_COLUMNS} WHERE tenant = ? AND seq = 1", (SYSTEM,)).fetchone()
        except sqlite3.Error as error:
            raise unavailable(error, path) from error
    body = read_body(row[1].decode("utf-8", "replace")) if row else None
    if body is None or first is None:
        return None
    key_id = str(_entry(*first).record.get("key_id", ""))
    return StoredHead(row[0], row[1].decode(), bytes(row[2])).head(body, key_id)


def _last_commit(reader: sqlite3.Connection) -> int:
    (last,) = reader.execute("SELECT max(n) FROM heads").fetchone()
    return int(last or 0)


def _latest(reader: sqlite3.Connection, tenant: str | None, limit: int, last: int) -> Iterator[Entry]:
    if tenant is not None:
        rows = reader.execute(f"{_COLUMNS} WHERE tenant = ? ORDER BY seq DESC LIMIT ?", (tenant, limit))
        yield from (_entry(*row) for row in reversed(rows.fetchall()))
        return
    found: list[Entry] = []
    n = last
    while n > 0 and len(found) < limit:
        found[:0] = _between(reader, None, n - 1, n)
        n -= 1
    yield from found[max(len(found) - limit, 0) :]


def _between(reader: sqlite3.Connection, tenant: str | None, after: int, last: int) -> Iterator[Entry]:
    """Yield what the commits beyond `after` up to `last` added, commit by commit."""
    heads = reader.execute("SELECT body FROM heads WHERE n > ? AND n <= ? ORDER BY n", (after, last)).fetchall()
    for (text,) in heads:
        body = read_body(text.decode("utf-8", "replace"))
        for span in body.chains if body else ():
            if tenant in {None, span.tenant}:
                where = "WHERE tenant = ? AND seq BETWEEN ? AND ? ORDER BY seq"
                rows = reader.execute(f"{_COLUMNS} {where}", (span.tenant, span.first, span.last)).fetchall()
                yield from (_entry(*row) for row in rows)


def _entry(tenant: bytes, seq: int, call: bytes | None, text: bytes) -> Entry:
    place = tenant.decode("utf-8", "replace"), seq
    return Entry(*place, None if call is None else call.decode("utf-8", "replace"), text.decode("utf-8", "replace"))
