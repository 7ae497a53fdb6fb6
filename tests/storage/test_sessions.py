"""The store of sessions: what is kept, what others hear of it, and what a full or broken file does."""

from __future__ import annotations

import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from mcpg.contract.problems import McpgError
from mcpg.storage import KeptSession, MemorySessions, SqliteSessions, StoreFull

if TYPE_CHECKING:
    from pathlib import Path

ANA = ("default", "keys", "issuer", "ana")
OPEN = KeptSession("one", ANA, "mcp", "2025-11-25", b'{"roots":{}}', 100.0, 100.0, ready=False, log_level="")


async def test_what_is_kept_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    first = await SqliteSessions(path).open()
    await first.save([OPEN])
    await first.save([OPEN._replace(touched=200.0, ready=True, log_level="error")])
    await first.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    later = await SqliteSessions(path).open()
    kept = await later.find("one")
    assert kept == OPEN._replace(touched=200.0, ready=True, log_level="error")
    assert await later.news() == [kept]
    assert await later.news() == []
    await later.close()


async def test_others_hear_what_changed_and_nobody_hears_himself(tmp_path: Path) -> None:
    here, there = [await SqliteSessions(tmp_path / "sessions.db").open() for _ in range(2)]
    await here.save([OPEN])
    assert await here.news() == []
    assert await there.news() == [OPEN]
    await there.save([OPEN._replace(touched=150.0)])
    assert [each.touched for each in await here.news()] == [150.0]
    await here.close()
    await there.close()


async def test_what_has_ended_stays_so_and_uses_never_move_back(tmp_path: Path) -> None:
    store = await SqliteSessions(tmp_path / "sessions.db").open()
    await store.save([OPEN._replace(touched=300.0, log_level="error"), OPEN._replace(id="two")])
    await store.save([OPEN._replace(id="two", ended=True)])
    await store.save([OPEN._replace(touched=200.0, log_level="debug"), OPEN._replace(id="two")])
    one, two = await store.find("one"), await store.find("two")
    assert one is not None
    assert (one.touched, one.log_level) == (300.0, "error")
    assert two is not None
    assert two.ended
    await store.close()


async def test_who_writes_over_an_end_hears_of_it(tmp_path: Path) -> None:
    here, there = [await SqliteSessions(tmp_path / "sessions.db").open() for _ in range(2)]
    await here.save([OPEN])
    await there.news()
    await here.save([OPEN._replace(ended=True)])
    await there.save([OPEN._replace(touched=300.0)])
    assert [each.ended for each in await there.news()] == [True]
    await here.close()
    await there.close()


async def test_a_full_store_loses_tombstones_and_says_from_when_on(tmp_path: Path) -> None:
    store = await SqliteSessions(tmp_path / "sessions.db", entries=3).open()
    ended = [OPEN._replace(id=str(n), created=float(n), ended=True) for n in (1, 2)]
    await store.save([*ended, OPEN])
    assert await store.floor() == 0.0
    await store.save([OPEN._replace(id="another")])
    assert (await store.floor(), await store.find("1")) == (1.0, None)
    await store.save([OPEN._replace(id="third")])
    assert await store.floor() == 2.0
    with pytest.raises(StoreFull):
        await store.save([OPEN._replace(id="fourth")])
    assert await store.find("fourth") is None
    await store.close()


async def test_old_ones_are_forgotten(tmp_path: Path) -> None:
    store = await SqliteSessions(tmp_path / "sessions.db").open()
    await store.save([OPEN, OPEN._replace(id="two", created=500.0)])
    await store.forget(200.0)
    assert [await store.find(each) is None for each in ("one", "two")] == [True, False]
    await store.close()


async def test_a_file_that_is_none_of_ours_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    path.write_bytes(b"this is no database, it is a letter to somebody" * 100)
    with pytest.raises(McpgError, match="store of sessions"):
        await SqliteSessions(path).open()


async def test_a_locked_file_is_an_error_of_the_call(tmp_path: Path) -> None:
    store = await SqliteSessions(tmp_path / "sessions.db").open()
    await store._file.run(store._file.database.execute, "PRAGMA busy_timeout = 10")
    other = sqlite3.connect(store._file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(McpgError) as caught:
        await store.save([OPEN])
    assert caught.value.code == "store-unavailable"
    other.execute("ROLLBACK")
    other.close()
    await store.save([OPEN])
    await store.close()


async def test_memory_keeps_nothing() -> None:
    store = MemorySessions()
    await store.save([OPEN])
    await store.forget(0.0)
    assert (await store.find("one"), await store.news(), await store.floor(), store.shared) == (None, [], 0.0, False)
    await store.close()
