"""Too many appends and a silent disk: callers wait, then are refused; nothing grows without bound."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger import Limits, SqliteLedger, records_of, verify
from mcpg.ledger.gate import Gate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.ledger.conftest import Place


class SlowDisk:
    """Holds every write until it is told to go on."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self.go_on = threading.Event()
        self.reached = threading.Event()
        self._write = ledger._writer._store.write
        ledger._writer._store.write = self.write  # type: ignore[method-assign]

    def write(self, *arguments: object) -> None:
        self.reached.set()
        self.go_on.wait()
        self._write(*arguments)


@pytest.fixture
async def tight(place: Place) -> AsyncIterator[SqliteLedger]:
    ledger = await place.open(limits=Limits(records=10, waiting=5, patience=0.2, retry=0.02))
    yield ledger
    await ledger.close()


async def test_a_full_queue_makes_callers_wait_and_then_refuses_them(place: Place, tight: SqliteLedger) -> None:
    disk = SlowDisk(tight)
    first = [asyncio.create_task(tight.append("red", {"kind": "event", "n": n})) for n in range(10)]
    await asyncio.to_thread(disk.reached.wait)
    waiting = [asyncio.create_task(tight.append("red", {"kind": "event", "n": n})) for n in range(10, 15)]
    await asyncio.sleep(0)
    with pytest.raises(LedgerUnavailable, match="too many calls wait"):
        await tight.append("red", {"kind": "event"})
    assert len(tight._on_way) == 10
    refused = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in refused] == ["the ledger's queue stayed full"] * 5
    disk.go_on.set()
    await asyncio.gather(*first, return_exceptions=True)
    await until_it_answers(tight)
    assert verify(place.path).ok


async def until_it_answers(ledger: SqliteLedger) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await ledger.append("red", {"kind": "event"})
            except LedgerUnavailable:
                await asyncio.sleep(0.01)
            else:
                return


async def test_those_who_wait_get_their_turn_in_order(place: Place) -> None:
    ledger = await place.open(limits=Limits(records=3, waiting=1000))
    results = await asyncio.gather(*(ledger.append("red", {"kind": "event"}) for _ in range(300)))
    assert results == list(range(1, 301))
    assert ledger._gate._records == ledger._gate._size == ledger._gate._granted == 0
    await ledger.close()


async def test_bytes_on_the_way_are_bounded_too(place: Place) -> None:
    ledger = await place.open(limits=Limits(bytes=10_000))
    disk = SlowDisk(ledger)
    tasks = [asyncio.create_task(ledger.append("red", {"kind": "event", "pad": "x" * 1000})) for _ in range(50)]
    await asyncio.to_thread(disk.reached.wait)
    await asyncio.sleep(0)
    assert len(ledger._on_way) <= 10
    disk.go_on.set()
    assert sorted(await asyncio.gather(*tasks)) == list(range(1, 51))
    await ledger.close()


async def test_a_silent_disk_refuses_what_waits_and_what_comes_until_it_answers(
    place: Place, tight: SqliteLedger
) -> None:
    disk = SlowDisk(tight)
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        await tight.append("red", {"kind": "intent", "call": "c1"})
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        await tight.append("red", {"kind": "intent", "call": "c2"})
    disk.go_on.set()
    await until_it_answers(tight)
    await until_it_answers(tight)
    assert [entry.record.get("status") for entry in records_of(place.path, "c1")] == [None, "failed"]
    assert records_of(place.path, "c2") == []


async def test_who_leaves_the_line_leaves_no_hole() -> None:
    gate = Gate(Limits(records=1))
    gate.add(1)
    tasks = [asyncio.create_task(gate.enter()) for _ in range(4)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    gate.leave(1, 1)
    tasks[1].cancel()  # it has its place and goes all the same
    await asyncio.wait(tasks[:2])
    await tasks[2]
    gate.add(1)
    assert not tasks[3].done()
    gate.leave(1, 1)
    await tasks[3]
    gate.leave(0, 0)
    assert not gate.full


async def test_a_record_that_cannot_stand_passes_its_place_on(place: Place) -> None:
    ledger = await place.open(limits=Limits(records=1))
    good, bad = {"kind": "event"}, {"kind": "gossip"}
    results = await asyncio.gather(
        *(ledger.append("red", each) for each in (good, bad, bad, good, bad, good)), return_exceptions=True
    )
    assert [each for each in results if isinstance(each, int)] == [1, 2, 3]
    assert sum(isinstance(each, ValueError) for each in results) == 3
    await ledger.close()


async def test_a_slow_disk_does_not_hold_the_event_loop(tight: SqliteLedger) -> None:
    disk = SlowDisk(tight)
    task = asyncio.create_task(tight.append("red", {"kind": "event"}))
    await asyncio.to_thread(disk.reached.wait)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert not task.done()
    disk.go_on.set()
    assert await task == 1
