"""What else passes between client and upstream: `_meta`, parties, caching hints, capabilities that are missing."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from mcpg.contract.ports import Refusal
from mcpg.contract.verdicts import Case, Effect, Problem, ok
from mcpg.contract.worlds import PluginKind
from mcpg.ledger import SqliteLedger, verify
from mcpg.pipeline.hints import LONGEST, scope_of, ttl_of
from mcpg.pipeline.routes import Route

FORM = {"method": "elicitation/create", "params": {"message": "who?", "requestedSchema": {}}}
ACCEPT = {"action": "accept", "content": {}}
MODERN = {"version": "2026-07-28", "capabilities": {"elicitation": {}}}


def through(answer=None):
    """A backend that asks driver `mcp` once and answers with what `answer` makes of the reply."""

    def call(function, caller, call, replies):
        if not replies:
            return Case("perform", [Effect("mcp", "{}")])
        return answer(replies[0]) if answer else Case("done", '{"content": []}')

    return call


def plan(bench, kit, *, perform=None, answer=None, routes=None, **more):
    performer = kit.effects("mcp", perform=perform)
    back = (kit.guest("back", PluginKind.BACKEND, through(answer)), performer)
    bench.plan(*(routes or [kit.route()]), backends={"back": back}, **{"policy": [kit.policy(kit.permit)], **more})
    return performer


async def test_an_upstream_knows_on_whose_behalf_it_is_asked(bench, kit):
    performer = plan(bench, kit)
    meta = {"progressToken": 7, "traceparent": "00-a", "com.example/x": {"y": 1}}
    forged = {"io.modelcontextprotocol/clientInfo": {"name": "x"}, "dev.mcpg/call": "x"}
    await bench.call(**MODERN, session="s", log_level="info", params={"_meta": {**meta, **forged}})
    party = performer.performed[0][1].party
    assert (party.caller, party.session, party.version) == (kit.ana.identity, "s", "2026-07-28")
    assert (party.capabilities, party.log_level) == ({"elicitation": {}}, "info")
    assert party.meta == {"traceparent": "00-a", "com.example/x": {"y": 1}}


async def test_an_upstreams_meta_comes_back_but_for_what_only_the_gateway_says(bench, kit):
    meta = {
        "com.example/x": 1, "dev.mcpg/call": "forged", "dev.mcpg/annotations": {"safe": "yes"},
        "io.modelcontextprotocol/serverInfo": {"name": "evil"},
    }  # fmt: skip
    plan(bench, kit, answer=lambda reply: Case("done", json.dumps({"content": [], "_meta": meta})))
    result = await bench.call()
    assert result["_meta"] == {"com.example/x": 1, "dev.mcpg/call": bench.ledger.records[0]["call"]}


LACK = {
    "code": -32021,
    "message": "no",
    "data": {"requiredCapabilities": {"sampling": {"tools": {}}, "evil": {"x": 1}}},
}


def lacking(reply):
    return Case("failed", Problem("mcp-missing-capability", "-32021: no"))


async def test_a_capability_that_an_upstream_misses_is_named_in_each_era(bench, kit):
    async def perform(effect, context):
        return ok(json.dumps({"error": LACK}))

    plan(bench, kit, perform=perform, answer=lacking)
    with pytest.raises(Refusal) as refused:
        await bench.call(**MODERN)
    assert (refused.value.code, refused.value.data) == (-32021, {"requiredCapabilities": {"sampling": {"tools": {}}}})
    result = await bench.call()
    assert result["isError"] is True
    assert "sampling.tools" in result["content"][0]["text"]
    assert "may have happened" not in result["content"][0]["text"]


@pytest.mark.parametrize(
    "reply", ["{}", "[]", '{"error": {"data": 5}}', '{"error": {"data": {"requiredCapabilities": 5}}}']
)
async def test_a_plugin_that_only_says_so_names_no_capability(bench, kit, reply):
    async def perform(effect, context):
        return ok(reply)

    plan(bench, kit, perform=perform, answer=lacking)
    assert (await bench.call(**MODERN))["isError"] is True


RESOURCE = Route(kind="resource", name="x:y", backend="back", entry={})


async def read(bench, hints, **more):
    return await bench.call(method="resources/read", params={"uri": "x:y"}, **MODERN, **more)


@pytest.mark.parametrize(
    ("hints", "combine", "expected"),
    [
        ({"ttlMs": 5000, "cacheScope": "public"}, "deny-overrides", (5000, "private")),
        ({"ttlMs": 5000, "cacheScope": "public"}, "off", (5000, "public")),
        ({"ttlMs": 5000, "cacheScope": "private"}, "off", (5000, "private")),
        ({}, "off", (0, "private")),
        ({"ttlMs": -1}, "off", (0, "private")),
        ({"ttlMs": True}, "off", (0, "private")),
        ({"ttlMs": 10**12}, "off", (LONGEST, "private")),
    ],
)
async def test_caching_hints_promise_no_more_than_holds_here(bench, kit, hints, combine, expected):
    note = SimpleNamespace(kind="annotate", detail='{"notes": {"a": "b"}}')
    engine = kit.policy(Case("permit", [note]))
    answer = Case("done", json.dumps({"contents": [], **hints}))
    plan(bench, kit, answer=lambda reply: answer, routes=[RESOURCE], policy=[engine], combine=combine)
    result = await read(bench, hints)
    assert (result["ttlMs"], result["cacheScope"]) == expected


async def test_what_a_client_was_asked_for_is_not_to_be_kept(bench, kit):
    def answer(function, caller, call, replies):
        if not replies:
            return Case("ask", json.dumps({"requests": {"a": FORM}}))
        return Case("done", json.dumps({"contents": [], "ttlMs": 5000}))

    bench.plan(RESOURCE, policy=[kit.policy(kit.permit)], backends={"back": kit.backend(answer)})
    waiting = await read(bench, {})
    assert not {"ttlMs", "cacheScope"} & set(waiting)
    params = {"uri": "x:y", "requestState": waiting["requestState"], "inputResponses": {"a": ACCEPT}}
    assert (await bench.call(method="resources/read", params=params, **MODERN))["ttlMs"] == 0


def test_what_is_no_hint_counts_as_none(bench):
    assert (ttl_of("5"), ttl_of(7.5)) == (0, 0)
    assert scope_of(bench.now, ("public", "public")) == "private"


async def test_the_records_of_an_exchange_stand_in_the_ledger_and_verify(bench, kit, tmp_path):
    (tmp_path / "state").mkdir(mode=0o700)
    path = tmp_path / "ledger.db"
    bench.ledger = await SqliteLedger.open(path, state=tmp_path / "state")
    bench.start()

    def answer(function, caller, call, replies):
        return Case("done", '{"content": []}') if replies else Case("ask", json.dumps({"requests": {"ä": FORM}}))

    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend(answer)})
    waiting = await bench.call(**MODERN)
    params = {"requestState": waiting["requestState"], "inputResponses": {"ä": ACCEPT}}
    await bench.call(**MODERN, params=params)
    bench.channel.answer = lambda method, params: {"result": ACCEPT}
    await bench.call(version="2025-11-25", capabilities={"elicitation": {}})
    await bench.ledger.close()
    report = verify(path)
    assert (report.findings, report.chains["default"]) == ((), 10)
