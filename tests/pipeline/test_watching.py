"""Watches of resources, notes of clients and the end of sessions."""

from __future__ import annotations

import asyncio

import pytest

from mcpg.contract.ports import McpCall, Refusal
from mcpg.contract.problems import UpstreamFailed
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline import watching
from mcpg.pipeline.routes import Route

CALL = McpCall(method="subscriptions/listen", params={}, version="2026-07-28", request_id=1, session="s")
URI = "file:///a"
DENY = Case("deny", Problem("no", "no"))


def plan(bench, kit, judge=None, **more):
    routes = (
        Route(kind="resource", name=URI, backend="back", entry={}, upstream="files", target="own:a"),
        Route(kind="template", name="log:///{day}", backend="back", entry={}, upstream="files"),
        Route(kind="resource", name="file:///mine", backend="back", entry={}),
    )
    bench.plan(*routes, policy=[kit.policy(judge or kit.permit)], backends={"back": kit.backend()}, **more)


async def watch(bench, kit, uri=URI):
    updates = []
    watching = await bench.service.watch(kit.ana, CALL, uri, updates.append)
    return watching, updates


async def settle(bench):
    while bench.background:
        await bench.background.pop(0)


async def test_a_watch_is_judged_recorded_and_asked_of_the_upstream_by_its_own_name(bench, kit):
    judged = []

    def judge(caller, action):
        judged.append(action)
        return kit.permit

    plan(bench, kit, judge)
    watching, updates = await watch(bench, kit)
    (upstream, uri, updated, held) = bench.upstreams.watched[0]
    assert (upstream, uri) == ("files", "own:a")
    assert (judged[0]["method"], judged[0]["kind"], judged[0]["name"]) == ("resources/subscribe", "resource", URI)
    assert [(r["kind"], r.get("method"), r.get("status")) for r in bench.ledger.records] == [
        ("intent", "resources/subscribe", None), ("outcome", None, "ok"),
    ]  # fmt: skip
    updated({"uri": "own:a", "title": "secret"})
    assert updates == [{"uri": URI}]
    watching.close()
    watching.close()
    updated({"uri": "own:a"})
    assert (len(updates), held.closed) == (1, True)


async def test_a_uri_of_a_template_is_watched(bench, kit):
    plan(bench, kit)
    await watch(bench, kit, "log:///monday")
    assert bench.upstreams.watched[0][1] == "log:///monday"


@pytest.mark.parametrize("uri", ["file:///none", "file:///mine"])
async def test_what_is_unknown_or_not_of_an_upstream_cannot_be_watched(bench, kit, uri):
    plan(bench, kit)
    with pytest.raises(Refusal, match="unknown resource"):
        await watch(bench, kit, uri)
    assert bench.upstreams.watched == []


async def test_what_is_denied_is_not_watched(bench, kit):
    plan(bench, kit, lambda caller, action: DENY if action["method"] == "resources/subscribe" else kit.permit)
    with pytest.raises(Refusal, match="denied"):
        await watch(bench, kit)
    assert [r["kind"] for r in bench.ledger.records] == ["refusal"]


async def test_an_upstream_that_does_not_watch_is_an_error_and_a_record(bench, kit):
    async def fail(upstream, uri, updated, party):
        raise UpstreamFailed("it does not", code="upstream-unavailable")

    plan(bench, kit)
    bench.upstreams.watch = fail
    with pytest.raises(Refusal, match="upstream-unavailable"):
        await watch(bench, kit)
    assert bench.ledger.records[-1]["status"] == "failed"


async def test_an_update_reaches_only_who_may_still_see_the_resource(bench, kit):
    allowed = [True]

    def judge(caller, action):
        return kit.permit if allowed[0] else DENY

    plan(bench, kit, judge)
    _, updates = await watch(bench, kit)
    updated = bench.upstreams.watched[0][2]
    plan(bench, kit, judge)  # a reload: policy is asked again
    updated({})
    updated({})
    await settle(bench)
    assert updates == [{"uri": URI}]
    updated({})  # permitted under this plan, so no question
    assert (len(updates), bench.background) == (2, [])
    allowed[0] = False
    plan(bench, kit, judge)
    updated({})
    await settle(bench)
    assert len(updates) == 2
    assert bench.ledger.records[-1]["kind"] == "refusal"
    told = len(bench.ledger.records)
    for _ in range(100):  # each question would be one more record
        updated({})
        await settle(bench)
    assert (len(updates), len(bench.ledger.records)) == (2, told)
    bench.plan(policy=[kit.policy(kit.permit)])  # the resource is gone
    updated({})
    await settle(bench)
    assert len(updates) == 2


@pytest.mark.parametrize("use", ["rules", "back"])
async def test_a_fence_is_asked_after_before_an_update_is_told(bench, kit, use):
    plan(bench, kit)
    _, updates = await watch(bench, kit)
    guest = bench.now.policy[0].guest if use == "rules" else bench.now.backends["back"].guest
    bench.distrust.note(use, guest.digest)
    if use == "rules":
        bench.plan(*bench.now.routes.listed("resource"), halted="policy `rules` has been fenced")
    bench.upstreams.watched[0][2]({})
    await settle(bench)
    assert len(updates) == (0 if use == "rules" else 1)


async def test_roots_that_changed_are_told_to_the_partys_upstreams(bench, kit):
    plan(bench, kit)
    note = "notifications/roots/list_changed"
    await bench.service.note(kit.ana, note, {"x": 1}, version="2025-11-25", session="s")
    ((method, params, party),) = bench.upstreams.noted
    assert (method, params, party.session, party.caller) == (note, {}, "s", kit.ana.identity)
    assert bench.ledger.records[-1]["event"] == "client-note"
    await bench.service.note(kit.ana, "notifications/other", {}, version="2025-11-25", session="s")
    assert len(bench.upstreams.noted) == 1


async def test_a_note_that_policy_denies_is_told_to_nobody(bench, kit):
    plan(bench, kit, DENY)
    await bench.service.note(kit.ana, "notifications/roots/list_changed", {}, version="2025-11-25", session="s")
    assert bench.upstreams.noted == []
    assert bench.ledger.records[-1]["kind"] == "refusal"


async def test_a_session_that_ends_is_released(bench, kit):
    await bench.service.release(kit.ana, session="s")
    assert [(party.caller, party.session) for party in bench.upstreams.released] == [(kit.ana.identity, "s")]


async def test_a_policy_that_looks_at_the_clock_is_asked_for_each_update_and_less_after_a_denial(
    bench, kit, monkeypatch
):
    monkeypatch.setattr(watching, "PAUSE", 0.05)
    verdicts = [kit.permit]

    def judge(function, caller, action, replies):
        return Case("seen", "p") if function == "see" else verdicts[0]

    engine = kit.guest("rules", PluginKind.POLICY, judge, reads=("/action", "/run"))
    plan(bench, kit)
    bench.plan(*bench.now.routes.listed("resource"), policy=[engine], backends={"back": kit.backend()})
    _, updates = await watch(bench, kit)
    updated = bench.upstreams.watched[0][2]
    for _ in range(2):
        updated({})
        await settle(bench)
    assert (len(updates), len(engine.asked)) == (2, 3)
    verdicts[0] = DENY
    updated({})
    await settle(bench)
    verdicts[0] = kit.permit
    begun = asyncio.get_running_loop().time()
    for _ in range(50):
        updated({})
    await settle(bench)
    assert asyncio.get_running_loop().time() - begun >= 0.04
    assert len(updates) == 3
