"""Reading beside a running writer."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger import SYSTEM, SqliteLedger, head, parse_head, records_of, tail, verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.conftest import Place


def test_tail_gives_the_last_records_in_order(full: Place) -> None:
    everything = list(tail(full.path, limit=1000))
    assert len(everything) == 3 * 24 + 3
    assert everything[-1].record["kind"] == "stop"
    assert list(tail(full.path, limit=5)) == everything[-5:]
    red = list(tail(full.path, tenant="red", limit=7))
    assert [entry.seq for entry in red] == list(range(18, 25))
    assert list(tail(full.path, tenant="nobody")) == []


def test_records_of_one_call(full: Place) -> None:
    kinds = [(entry.tenant, entry.record["kind"]) for entry in records_of(full.path, "green-2-1")]
    assert kinds == [("green", "intent"), ("green", "outcome")]
    assert records_of(full.path, "no such call") == []


def test_the_last_head_has_one_line_and_comes_back(full: Place) -> None:
    last = head(full.path)
    assert last == full.heads[-1]
    assert last.text.isascii()
    assert not set(last.text) & set(" \n\t")
    assert parse_head(last.text + "\n") == last


@pytest.mark.parametrize("text", ["", "mcpg-head-1", "mcpg-head-2:x", "mcpg-head-1:" + "0" * 32 + ":0:0::"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a head"):
        parse_head(text)


async def test_follow_sees_what_is_written_meanwhile(place: Place, ledger: SqliteLedger) -> None:
    await ledger.append("red", {"kind": "event", "number": 0})
    seen: list[int] = []
    first = threading.Event()

    def follow() -> None:
        for entry in tail(place.path, tenant="red", limit=1, follow=True, poll=0.01):
            seen.append(entry.record["number"])
            first.set()
            if len(seen) == 4:
                return

    reading = asyncio.create_task(asyncio.to_thread(follow))
    await asyncio.to_thread(first.wait)
    for number in range(1, 4):
        await ledger.append("red", {"kind": "event", "number": number})
        await ledger.append("green", {"kind": "event", "number": 100})
    await asyncio.wait_for(reading, 10)
    assert seen == [0, 1, 2, 3]


async def test_readers_and_the_writer_do_not_disturb_each_other(place: Place, ledger: SqliteLedger) -> None:
    writing = asyncio.gather(*(ledger.append("red", {"kind": "event"}) for _ in range(2000)))
    counts = []
    while not writing.done():
        report = await asyncio.to_thread(verify, place.path)
        assert report.ok
        counts.append(report.records)
    await writing
    assert counts == sorted(counts)
    assert verify(place.path).records == 2002


def test_a_clean_copy_is_read_without_writing_beside_it(full: Place, tmp_path: Path) -> None:
    alone = tmp_path / "only.db"
    alone.write_bytes(full.path.read_bytes())
    assert verify(alone, public_key=full.public_key, head=full.heads[-1]).ok


def test_reading_makes_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    for read in (lambda: records_of(path, "c"), lambda: head(path), lambda: verify(path)):
        with pytest.raises(LedgerUnavailable, match="there is no ledger"):
            read()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 1000)
    with pytest.raises(LedgerUnavailable, match="no ledger"):
        head(path)
    with pytest.raises(LedgerUnavailable, match="no ledger"):
        list(tail(path, tenant=SYSTEM))
