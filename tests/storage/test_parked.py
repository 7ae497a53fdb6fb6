"""Paused runs are taken once, by one, also across a kill -9; ids are spent once."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mcpg.contract.problems import McpgError
from mcpg.storage import MemoryParked, Parked, SqliteParked, StoreFull

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def parked(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Parked]:
    store: Parked
    if request.param == "memory":
        store = MemoryParked(entries=5, size=100, clock=clock)
    else:
        store = await SqliteParked(tmp_path / "parked.db", entries=5, size=100, clock=clock).open()
    yield store
    await store.close()


async def test_a_value_is_taken_once(parked: Parked) -> None:
    await parked.put("a", b"\x00run\xff", ttl=60)
    assert await parked.keys() == ["a"]
    answers = await asyncio.gather(*(parked.take("a") for _ in range(10)))
    assert sorted(answers, key=str) == [None] * 9 + [b"\x00run\xff"] or answers.count(None) == 9
    assert b"\x00run\xff" in answers
    assert await parked.take("a") is None
    assert await parked.keys() == []


async def test_a_value_ends_with_its_time(parked: Parked, clock: Clock) -> None:
    await parked.put("a", b"x", ttl=60)
    await parked.put("b", b"x", ttl=61)
    clock.now += 60
    assert await parked.keys() == ["b"]
    assert await parked.take("a") is None
    assert await parked.take("b") == b"x"


async def test_a_key_is_not_overwritten(parked: Parked, clock: Clock) -> None:
    await parked.put("a", b"first", ttl=60)
    with pytest.raises(KeyError):
        await parked.put("a", b"second", ttl=60)
    clock.now += 60
    await parked.put("a", b"third", ttl=60)
    assert await parked.take("a") == b"third"


async def test_numbers_and_bytes_are_bounded(parked: Parked, clock: Clock) -> None:
    await parked.put("large", b"x" * 90, ttl=10)
    with pytest.raises(StoreFull):
        await parked.put("more", b"x" * 11, ttl=10)
    for number in range(4):
        await parked.put(str(number), b"", ttl=10)
    with pytest.raises(StoreFull):
        await parked.put("one more", b"", ttl=10)
    clock.now += 10
    await parked.put("more", b"x" * 100, ttl=10)
    assert await parked.take("more") == b"x" * 100


async def test_all_of_one_owner_are_dropped(parked: Parked) -> None:
    for key, owner in (("a", "x"), ("b", "y"), ("c", "x"), ("d", "")):
        await parked.put(key, b"v", ttl=60, owner=owner)
    assert await parked.drop("x") == 2
    assert await parked.drop("x") == 0
    assert sorted(await parked.keys()) == ["b", "d"]
    assert await parked.take("a") is None


async def test_a_file_of_the_time_before_owners_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "parked.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE parked (key TEXT PRIMARY KEY, value BLOB NOT NULL, ends INTEGER NOT NULL, "
                    "size INTEGER NOT NULL) STRICT")  # fmt: skip
        old.execute("INSERT INTO parked VALUES ('a', x'01', 9999999999999, 1)")
        old.commit()
    store = await SqliteParked(path).open()
    await store.put("b", b"x", ttl=60, owner="x")
    assert await store.drop("x") == 1
    assert await store.take("a") == b"\x01"
    await store.close()


async def test_an_id_is_spent_once(parked: Parked, clock: Clock) -> None:
    answers = await asyncio.gather(*(parked.spend("id", ttl=60) for _ in range(10)))
    assert sorted(answers) == [False] * 9 + [True]
    clock.now += 59
    assert not await parked.spend("id", ttl=60)
    clock.now += 1
    assert await parked.spend("id", ttl=60)


async def test_spent_ids_are_bounded_and_none_is_forgotten_early(parked: Parked, clock: Clock) -> None:
    for number in range(5):
        assert await parked.spend(str(number), ttl=60)
    with pytest.raises(StoreFull):
        await parked.spend("5", ttl=60)
    assert not await parked.spend("0", ttl=60)
    clock.now += 60
    assert await parked.spend("5", ttl=60)


async def test_sqlite_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "parked.db"
    first = await SqliteParked(path).open()
    await first.put("a", b"x", ttl=3600)
    await first.spend("id", ttl=3600)
    await first.close()
    assert path.stat().st_mode & 0o777 == 0o600
    second = await SqliteParked(path).open()
    assert await second.take("a") == b"x"
    assert not await second.spend("id", ttl=3600)
    await second.close()


async def test_what_was_taken_or_spent_before_kill_9_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "parked.db"
    store = await SqliteParked(path).open()
    for number in range(200):
        await store.put(f"{number:03}", f"value-{number}".encode(), ttl=3600)
    await store.close()
    said = await asyncio.to_thread(killed, path, 60)
    store = await SqliteParked(path).open()
    left = await store.keys()
    taken = [words[1] for words in said if words[0] == "took"]
    assert not set(taken) & set(left)
    assert len(left) + len(taken) in {199, 200}  # one may have been taken and not said
    for words in said:
        if words[0] == "took":
            assert words[2] == f"value-{int(words[1])}"
            assert await store.take(words[1]) is None
        else:
            assert not await store.spend(words[1], ttl=3600)
    await store.close()


def killed(path: Path, lines: int) -> list[list[str]]:
    child = Path(__file__).with_name("parked_child.py")
    with subprocess.Popen([sys.executable, child, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().splitlines()
    return [line.decode().split() for line in said]


async def test_a_place_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    store = SqliteParked(tmp_path / "no" / "parked.db")
    with pytest.raises(McpgError, match="cannot be used") as caught:
        await store.open()
    assert caught.value.code == "store-unavailable"
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(McpgError, match="cannot be used"):
        await SqliteParked(tmp_path / "rubbish.db").open()


async def test_calls_that_wait_for_the_disk_are_bounded(tmp_path: Path) -> None:
    store = await SqliteParked(tmp_path / "parked.db", waiting=10).open()
    results = await asyncio.gather(*(store.spend(str(n), ttl=60) for n in range(30)), return_exceptions=True)
    assert results[:10] == [True] * 10
    assert all(isinstance(each, StoreFull) for each in results[10:])
    assert await store.spend("later", ttl=60)
    await store.close()


async def test_who_is_cancelled_stays_counted_until_the_work_is_done(tmp_path: Path) -> None:
    store = await SqliteParked(tmp_path / "parked.db", waiting=3).open()
    tasks = [asyncio.create_task(store.spend(str(n), ttl=60)) for n in range(3)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    with pytest.raises(StoreFull):
        await store.spend("x", ttl=60)
    await asyncio.to_thread(store._file._thread.submit(int).result)
    await asyncio.sleep(0)
    assert not await store.spend("2", ttl=60)
    await store.close()
