"""What sinks are given follows the schema `record`, and nothing is in it that the schema does not name."""

from __future__ import annotations

import msgspec
import pytest

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import PluginTrapped
from mcpg.contract.records import AskTold, Record, RecordedCaller, StageRun
from mcpg.contract.verdicts import Case, Effect, Problem, ok, suspended
from mcpg.pipeline.sinks import CopyingLedger


class Feed:
    def __init__(self):
        self.copies = []

    def offer(self, record):
        self.copies.append(record)


async def copies(bench):
    """Hand what the bench's ledger has through a copying ledger, as the gateway does."""
    feed, told = Feed(), bench.ledger.records
    bench.ledger.records = []
    copying = CopyingLedger(bench.ledger, lambda: [feed])
    for record in told:
        await copying.append(record["tenant"], {name: value for name, value in record.items() if name != "tenant"})
    return feed.copies


def unnamed(copy):
    """Return the fields that the schema does not name."""
    found = set(copy) - set(Record.__struct_fields__)
    found |= set(copy.get("caller") or ()) - set(RecordedCaller.__struct_fields__)
    return found.union(*(set(stage) - set(StageRun.__struct_fields__) for stage in copy.get("stages", ())))


async def test_copies_of_calls_refusals_and_failures_follow_the_schema(bench, kit):
    def fetching(function, caller, call, replies):
        return Case("done", '{"content":[]}') if replies else Case("perform", [Effect("http", "{}")])

    async def fetch(effect, context):
        return ok("{}")

    shadow = kit.policy(Case("deny", Problem("no", "not yet")), use="shadow")
    back = (kit.backend(fetching), kit.effects("http", perform=fetch))
    bench.plan(
        kit.route(), policy=[kit.policy(kit.permit), (shadow, kit.effects(), {"shadow": True})], backends={"back": back}
    )
    await bench.call()
    bench.plan(
        kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend(PluginTrapped("it trapped"))}
    )
    await bench.call()
    with pytest.raises(Refusal):
        await bench.call("nothing")
    bench.plan(kit.route(), policy=[kit.policy(Case("deny", Problem("no", "no")))], backends={"back": kit.backend()})
    with pytest.raises(Refusal):
        await bench.call()
    told = await copies(bench)
    assert {copy["kind"] for copy in told} == {"intent", "outcome", "refusal"}
    for copy in told:
        assert msgspec.convert(copy, Record, strict=True).seq == copy["seq"]
        assert unnamed(copy) == set()


async def test_copies_of_what_clients_are_asked_follow_the_schema(bench, kit):
    form = {"method": "elicitation/create", "params": {"message": "who?"}}

    def judge(caller, action):
        return Case("deny", Problem("no", "no")) if action["method"] == "roots/list" else kit.permit

    def asking(function, caller, call, replies):
        effects = [Effect("mcp", "{}")]
        return Case("done", '{"content":[]}') if replies else Case("perform", effects)

    async def perform(effect, context):
        await context.notify("notifications/message", {"level": "info", "data": "x"})
        return suspended({"a": form, "b": {"method": "roots/list", "params": {}}}, "s")

    back = (kit.backend(asking), kit.effects("mcp", perform=perform))
    bench.plan(kit.route(), policy=[kit.policy(judge)], backends={"back": back})
    able = {"elicitation": {}, "roots": {}}
    bench.channel.answer = lambda method, params: {"result": {"action": "decline"}}
    await bench.call(capabilities=able)
    waiting = await bench.call(version="2026-07-28", capabilities=able)
    params = {"requestState": waiting["requestState"], "inputResponses": {"a": {"action": "decline"}}}
    await bench.call(version="2026-07-28", capabilities=able, params=params)
    await bench.service.note(kit.ana, "notifications/roots/list_changed", {}, version="2025-11-25", session="s")
    told = await copies(bench)
    assert {copy["kind"] for copy in told} == {"intent", "asked", "answered", "outcome", "event"}
    for copy in told:
        record = msgspec.convert(copy, Record, strict=True)
        assert unnamed(copy) == set()
        assert set().union(*(set(ask) for ask in copy.get("asks", ()))) <= set(AskTold.__struct_fields__)
        assert record.kind not in {"asked", "answered"} or record.asks
