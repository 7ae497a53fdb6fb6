"""What reaches a client while its call runs."""

from __future__ import annotations

import pytest

from mcpg.contract.ports import McpCall
from mcpg.contract.verdicts import Case, Effect, Problem, ok, suspended
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.notices import Notices

PROGRESS = {"progress": 1, "total": 3, "message": "ana@example.org", "progressToken": "forged"}


def call(version="2025-11-25", **more):
    return McpCall(method="tools/call", params={}, version=version, request_id=1, **more)


async def sent(bench, call, method, params, *, quiet=False):
    await Notices(bench.channel, call, quiet=quiet).send(method, params)
    return bench.channel.sent


async def test_progress_carries_the_clients_own_token(bench):
    (method, params), *_ = await sent(bench, call(progress_token=7), "notifications/progress", PROGRESS)
    assert (method, params) == (
        "notifications/progress",
        {"progress": 1, "total": 3, "message": "ana@example.org", "progressToken": 7},
    )


async def test_progress_that_nobody_asked_for_is_dropped(bench):
    assert await sent(bench, call(), "notifications/progress", PROGRESS) == []


async def test_where_something_is_redacted_free_text_does_not_pass(bench):
    quiet = call(progress_token=7, log_level="debug")
    assert await sent(bench, quiet, "notifications/progress", PROGRESS, quiet=True) == [
        ("notifications/progress", {"progress": 1, "total": 3, "progressToken": 7})
    ]
    assert len(await sent(bench, quiet, "notifications/message", {"level": "error", "data": "x"}, quiet=True)) == 1


async def test_progress_only_rises(bench):
    notices = Notices(bench.channel, call(progress_token=7), quiet=False)
    for value in (1, 1, 0.5, 2, "3", None):
        await notices.send("notifications/progress", {"progress": value})
    assert [params["progress"] for _, params in bench.channel.sent] == [1, 2]


@pytest.mark.parametrize(
    ("version", "level", "wanted", "passes"),
    [
        ("2025-11-25", "debug", "", True),
        ("2025-11-25", "info", "warning", False),
        ("2025-11-25", "error", "warning", True),
        ("2026-07-28", "error", "", False),
        ("2026-07-28", "error", "info", True),
        ("2026-07-28", "shout", "info", False),
    ],
)
async def test_logs_pass_at_the_level_that_the_client_wants(bench, version, level, wanted, passes):
    log = {"level": level, "data": "x"}
    assert bool(await sent(bench, call(version, log_level=wanted), "notifications/message", log)) is passes


async def test_other_notifications_do_not_pass(bench):
    assert await sent(bench, call(progress_token=7), "notifications/tools/list_changed", {}) == []


def telling(*notices):
    """Driver `mcp` of an upstream that notifies while its call runs."""

    async def perform(effect, context):
        for method, params in notices:
            await context.notify(method, params)
        return ok("{}")

    return perform


def plan(bench, kit, perform, judge=None, **more):
    def answer(function, caller, call, replies):
        return Case("done", '{"content": []}') if replies else Case("perform", [Effect("mcp", "{}")])

    back = (kit.guest("back", PluginKind.BACKEND, answer), kit.effects("mcp", perform=perform))
    engine = kit.policy(judge or kit.permit)
    bench.plan(kit.route(), policy=[engine], backends={"back": back}, **more)
    return engine


LOG = ("notifications/message", {"level": "info", "data": "x"})
STEPS = [("notifications/progress", {"progress": n}) for n in (1, 2, 3)]


async def test_notices_are_judged_once_a_call_and_counted_in_its_outcome(bench, kit):
    judged = []

    def judge(caller, action):
        judged.append(action["method"])
        return kit.permit

    plan(bench, kit, telling(*STEPS, LOG, LOG), judge)
    await bench.call(progress_token=7)
    assert len(bench.channel.sent) == 5
    assert judged == ["tools/call", "notifications/progress", "notifications/message"]
    assert bench.ledger.records[-1]["notices"] == {"progress": 3, "messages": 2}


@pytest.mark.parametrize("verdict", ["deny", "failed"])
async def test_what_an_engine_denies_is_withheld_and_the_call_goes_on(bench, kit, verdict):
    def judge(caller, action):
        return Case(verdict, Problem("no", "no")) if action["method"] == "notifications/message" else kit.permit

    plan(bench, kit, telling(*STEPS, LOG, LOG), judge)
    assert "content" in await bench.call(progress_token=7)
    assert [method for method, _ in bench.channel.sent] == ["notifications/progress"] * 3
    assert bench.ledger.records[-1]["notices"] == {"progress": 3, "withheld": 2}


async def test_that_no_rule_speaks_of_a_notice_lets_it_pass(bench, kit):
    def judge(caller, action):
        return kit.permit if action["method"] == "tools/call" else Case("abstain")

    plan(bench, kit, telling(LOG), judge)
    await bench.call()
    assert len(bench.channel.sent) == 1


async def test_a_call_that_notifies_nobody_asks_nobody(bench, kit):
    engine = plan(bench, kit, telling(*STEPS))
    await bench.call()
    assert len(engine.asked) == 1
    assert "notices" not in bench.ledger.records[-1]


URL = {
    "method": "elicitation/create",
    "params": {"mode": "url", "url": "https://x", "message": "m", "elicitationId": "e1"},
}


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_that_a_url_is_done_with_is_told_to_clients_who_were_shown_it(bench, kit, version):
    async def perform(effect, context):
        await context.notify("notifications/elicitation/complete", {"elicitationId": "e1"})
        return suspended({"a": URL}, "s")

    async def resume(effect, state, responses, context):
        for number in ("e1", "e2", None):
            await context.notify("notifications/elicitation/complete", {"elicitationId": number, "text": "x"})
        return ok("{}")

    plan(bench, kit, perform)
    bench.now.backends["back"].effects._resume = resume
    bench.channel.answer = lambda method, params: {"result": {"action": "accept"}}
    able = {"elicitation": {"url": {}}}
    result = await bench.call(version=version, capabilities=able)
    if version == "2026-07-28":
        params = {"requestState": result["requestState"], "inputResponses": {"a": {"action": "accept"}}}
        await bench.call(version=version, capabilities=able, params=params)
    told = [("notifications/elicitation/complete", {"elicitationId": "e1"})] if version == "2025-11-25" else []
    assert bench.channel.sent == told
