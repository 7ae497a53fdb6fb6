"""Sinks: batches, retries, bounded queues; nothing is copied that is not first in the ledger."""

from __future__ import annotations

import asyncio
import json

import pytest

from mcpg.contract.problems import LedgerUnavailable, PluginTrapped
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.sinks import CopyingLedger, SinkFeed
from mcpg.pipeline.stages import make_stage


class Sink:
    def __init__(self, kit, bench, *answers, **settings):
        self.batches = []
        self.done = asyncio.Event()
        self._answers = list(answers)
        self.guest = kit.guest("copies", PluginKind.SINK, self.answer, reads=())
        stage = make_stage(self.guest, kit.effects())
        self.feed = SinkFeed(bench.runner, stage, lambda text: "d", linger=0.0, **settings)

    def answer(self, function, batch, replies):
        self.batches.append([record["n"] for record in batch])
        answer = self._answers.pop(0) if self._answers else Case("delivered")
        if not self._answers:
            self.done.set()
        return answer


async def test_records_go_out_in_batches_in_their_order(bench, kit):
    sink = Sink(kit, bench, batch=3)
    for n in range(7):
        sink.feed.offer({"n": n})
    sink.feed.start()
    await sink.feed.stop()
    assert sink.batches == [[0, 1, 2], [3, 4, 5], [6]]
    assert (sink.feed.delivered, sink.feed.lost) == (7, 0)


@pytest.mark.parametrize("first", [Case("retry", Problem("busy", "later")), PluginTrapped("it trapped")])
async def test_a_batch_that_could_not_be_delivered_is_tried_again(bench, kit, first, monkeypatch):
    real = asyncio.sleep
    monkeypatch.setattr("mcpg.pipeline.sinks.asyncio.sleep", lambda _seconds: real(0))
    sink = Sink(kit, bench, first, Case("delivered"))
    sink.feed.offer({"n": 1})
    sink.feed.start()
    await sink.done.wait()
    await sink.feed.stop()
    assert sink.batches == [[1], [1]]
    assert sink.feed.delivered == 1


async def test_a_batch_that_can_never_be_delivered_is_counted_as_lost(bench, kit):
    sink = Sink(kit, bench, Case("failed", Problem("bad", "never")))
    sink.feed.offer({"n": 1})
    sink.feed.start()
    await sink.done.wait()
    await sink.feed.stop()
    assert (sink.feed.delivered, sink.feed.lost) == (0, 1)


async def test_a_sink_that_cannot_keep_up_loses_its_oldest_copies(bench, kit):
    sink = Sink(kit, bench, most=3)
    for n in range(5):
        sink.feed.offer({"n": n})
    sink.feed.start()
    await sink.feed.stop()
    assert sink.batches == [[2, 3, 4]]
    assert sink.feed.lost == 2


async def test_only_what_is_in_the_ledger_is_copied(bench, kit):
    sink = Sink(kit, bench)
    ledger = CopyingLedger(bench.ledger, lambda: [sink.feed])
    assert await ledger.append("acme", {"kind": "event", "n": 1}) == 1
    bench.ledger.broken = True
    with pytest.raises(LedgerUnavailable):
        await ledger.append("acme", {"kind": "event", "n": 2})
    sink.feed.start()
    await sink.feed.stop()
    assert sink.batches == [[1]]
    sent = json.loads(sink.guest.asked[0][1][0])
    assert (sent[0]["tenant"], sent[0]["seq"]) == ("acme", 1)
