"""The way of one call: order of stages, refusals, what is recorded, what a caller may learn."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from mcpg.contract.documents import Caller, How
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import PluginTrapped, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.refusals import DENIED, LIMITED, UNAVAILABLE
from mcpg.protocol.frames import INVALID_PARAMS

DENY = Case("deny", Problem("policy-denied", "not for you"))


def text(result):
    return result["content"][0]["text"]


async def test_a_permitted_call_is_answered_and_both_records_are_written(bench, kit):
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    result = await bench.call(arguments={"q": "x"})
    assert json.loads(text(result)) == {"q": "x"}
    intent, outcome = bench.ledger.records
    assert (intent["kind"], outcome["kind"], outcome["status"]) == ("intent", "outcome", "ok")
    assert intent["call"] == outcome["call"] == result["_meta"]["dev.mcpg/call"]
    assert [s["stage"] for s in intent["stages"]] == ["policy"]
    assert [s["stage"] for s in outcome["stages"]] == ["backend"]
    assert "x" not in json.dumps(intent["arguments"])


async def test_the_intent_is_durable_before_the_backend_is_asked(bench, kit):
    seen = []

    def answer(function, caller, call, replies):
        seen.append([r["kind"] for r in bench.ledger.records])
        return Case("done", '{"content": []}')

    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend(answer)})
    await bench.call()
    assert seen == [["intent"]]


async def test_without_a_ledger_nothing_happens(bench, kit):
    back = kit.backend()
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    bench.ledger.broken = True
    with pytest.raises(Refusal) as refused:
        await bench.call()
    assert refused.value.code == UNAVAILABLE
    assert back.asked == []


@pytest.mark.parametrize(
    "engines",
    [
        [],
        [Case("abstain")],
        [Case("abstain"), Case("abstain")],
        [Case("permit", []), DENY],
        [DENY, Case("permit", [])],
        [Case("permit", []), Case("failed", Problem("evaluation-error", "x"))],
        [Case("permit", []), PluginTrapped("it trapped")],
        [Case("permit", []), RunFailed("deadline")],
    ],
)
async def test_anything_but_a_clean_permit_denies(bench, kit, engines):
    guests = [kit.policy(verdict, use=f"p{i}") for i, verdict in enumerate(engines)]
    back = kit.backend()
    bench.plan(kit.route(), policy=guests, backends={"back": back})
    with pytest.raises(Refusal):
        await bench.call()
    assert back.asked == []
    assert [r["kind"] for r in bench.ledger.records] == ["refusal"]


@pytest.mark.parametrize(
    ("combine", "verdicts", "permitted"),
    [
        ("first", ["abstain", "permit", "deny"], True),
        ("first", ["abstain", "deny", "permit"], False),
        ("all-permit", ["permit", "permit"], True),
        ("all-permit", ["permit", "abstain"], False),
        ("deny-overrides", ["abstain", "permit"], True),
        ("deny-overrides", ["permit", "deny"], False),
    ],
)
async def test_engines_combine_as_the_operator_says(bench, kit, combine, verdicts, permitted):
    cases = {"permit": kit.permit, "deny": DENY, "abstain": Case("abstain")}
    guests = [kit.policy(cases[v], use=f"p{i}") for i, v in enumerate(verdicts)]
    bench.plan(kit.route(), policy=guests, backends={"back": kit.backend()}, combine=combine)
    if permitted:
        assert "content" in await bench.call()
    else:
        with pytest.raises(Refusal):
            await bench.call()


async def test_a_shadow_engine_is_recorded_and_not_obeyed(bench, kit):
    shadow = (kit.policy(DENY, use="new-rules"), kit.effects(), {"shadow": True})
    bench.plan(kit.route(), policy=[kit.policy(kit.permit), shadow], backends={"back": kit.backend()})
    await bench.call()
    stages = bench.ledger.of("intent")[0]["stages"]
    assert [(s["use"], s["verdict"], s.get("shadow", False)) for s in stages] == [
        ("rules", "permit", False),
        ("new-rules", "deny", True),
    ]


async def test_policy_judges_the_arguments_after_the_transforms(bench, kit):
    def change(function, caller, call, *rest):
        return Case("changed", json.dumps({"amount": 5})) if function == "before" else Case("unchanged")

    def judge(caller, action):
        return kit.permit if action.get("arguments") in (None, {"amount": 5}) else DENY

    transform = kit.guest("clamp", PluginKind.TRANSFORM, change)
    bench.plan(kit.route(), policy=[kit.policy(judge)], transforms=[transform], backends={"back": kit.backend()})
    assert json.loads(text(await bench.call(arguments={"amount": 500}))) == {"amount": 5}


async def test_transforms_go_out_in_reverse_and_a_failing_one_never_lets_the_value_through(bench, kit):
    def tag(name):
        def answer(function, caller, call, *rest):
            if function == "before":
                return Case("unchanged")
            result = rest[0]["result"]
            return Case("changed", json.dumps({"content": [{"type": "text", "text": text(result) + name}]}))

        return kit.guest(name, PluginKind.TRANSFORM, answer)

    plain = kit.backend(Case("done", '{"content":[{"type":"text","text":"."}]}'))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], transforms=[tag("a"), tag("b")], backends={"back": plain})
    assert text(await bench.call()) == ".ba"

    def broken(function, *rest):
        return Case("unchanged") if function == "before" else PluginTrapped("it trapped")

    guest = kit.guest("redact", PluginKind.TRANSFORM, broken)
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], transforms=[guest], backends={"back": plain})
    with pytest.raises(Refusal) as refused:
        await bench.call()
    assert refused.value.code == UNAVAILABLE
    assert bench.ledger.records[-1]["status"] == "failed"


async def test_only_a_transform_that_says_so_may_be_skipped(bench, kit):
    guest = kit.guest("nice", PluginKind.TRANSFORM, PluginTrapped("it trapped"))
    skip = (guest, kit.effects(), {"on_failure": "skip"})
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], transforms=[skip], backends={"back": kit.backend()})
    assert "content" in await bench.call()
    assert bench.ledger.of("intent")[0]["stages"][0]["skipped"] is True


async def test_what_no_arguments_could_permit_does_not_exist_for_the_caller(bench, kit):
    faulty = kit.route(check=lambda value: ["q is missing"])
    bench.plan(faulty, policy=[kit.policy(DENY)], backends={"back": kit.backend()})
    with pytest.raises(Refusal) as hidden:
        await bench.call()
    with pytest.raises(Refusal) as absent:
        await bench.call("echo2")
    assert (hidden.value.code, str(hidden.value)) == (INVALID_PARAMS, "unknown tool: echo")
    assert str(absent.value) == "unknown tool: echo2"
    assert bench.ledger.records[0]["message"].startswith("hidden:")


async def test_a_visible_tool_with_forbidden_arguments_is_denied_with_its_reason(bench, kit):
    def judge(caller, action):
        return DENY if "arguments" in action else kit.permit

    bench.plan(kit.route(), policy=[kit.policy(judge)], backends={"back": kit.backend()})
    with pytest.raises(Refusal) as refused:
        await bench.call()
    assert (refused.value.code, "not for you" in str(refused.value)) == (DENIED, True)


async def test_bad_arguments_are_a_tool_error_that_names_the_faults(bench, kit):
    back = kit.backend()
    bench.plan(kit.route(check=lambda v: ["/q: too long"]), policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert result["isError"] is True
    assert "/q: too long" in text(result)
    assert back.asked == []
    assert bench.ledger.records[0]["stage"] == "schema"


async def test_defaults_are_filled_in_before_anything_judges(bench, kit):
    bench.plan(kit.route(defaults={"days": 3}), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    assert json.loads(text(await bench.call(arguments={"city": "Ulm"}))) == {"days": 3, "city": "Ulm"}
    assert json.loads(text(await bench.call(arguments={"days": 1}))) == {"days": 1}


@pytest.mark.parametrize(
    ("kind", "detail", "works"),
    [
        ("redact", {"paths": ["/structuredContent/email"]}, True),
        ("annotate", {"notes": {"source": "crm"}}, True),
        ("redact", {"path": "/x"}, False),
        ("require-approval", {}, False),
        ("dance", {}, False),
    ],
)
async def test_an_obligation_is_met_or_the_call_is_denied(bench, kit, kind, detail, works):
    permit = Case("permit", [SimpleNamespace(kind=kind, detail=json.dumps(detail))])
    answer = {"content": [{"type": "text", "text": '{"email":"a@b.c"}'}], "structuredContent": {"email": "a@b.c"}}
    back = kit.backend(Case("done", json.dumps(answer)))
    bench.plan(kit.route(), policy=[kit.policy(permit)], backends={"back": back})
    if not works:
        with pytest.raises(Refusal):
            await bench.call()
        assert back.asked == []
        return
    result = await bench.call()
    if kind == "redact":
        assert result["structuredContent"] == {"email": "[redacted]"}
    else:
        assert result["_meta"]["dev.mcpg/annotations"] == {"source": "crm"}


async def test_a_limit_refuses_and_says_when_to_come_back(bench, kit):
    charge = (["caller", "ana"], 1_000_000, 2_000_000, 1_000_000, 0)

    def answer(function, *rest):
        return Case("charge", [charge]) if function == "reserve" else Case("ok", [charge])

    limit = kit.guest("fair-use", PluginKind.LIMIT, answer)
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], limits=[limit], backends={"back": kit.backend()})
    await bench.call()
    await bench.call()
    with pytest.raises(Refusal) as refused:
        await bench.call()
    assert refused.value.code == LIMITED
    assert 0 < refused.value.data["retryAfterMs"] <= 1001
    assert bench.ledger.records[-1]["stage"] == "limit"


async def test_a_failing_backend_is_a_tool_error_and_recorded_as_failed(bench, kit):
    back = kit.backend(Case("failed", Problem("unreachable", "no route to host")))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert result["isError"] is True
    assert bench.ledger.of("outcome")[0] | {"status": "failed", "code": "unreachable"} == bench.ledger.of("outcome")[0]


async def test_an_output_outside_its_schema_is_an_error_not_a_result(bench, kit):
    back = kit.backend(Case("done", '{"content": [], "structuredContent": {"n": "x"}}'))
    checked = kit.route(check_output=lambda v: [] if isinstance(v.get("n"), int) else ["/n: no integer"])
    bench.plan(checked, policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert result["isError"] is True
    assert "structuredContent" not in result


async def test_a_cancelled_call_is_recorded_as_unknown(bench, kit):
    started = asyncio.Event()

    async def never(effect, context):
        started.set()
        await asyncio.Event().wait()

    def ask(function, caller, call, replies):
        return Case("perform", [Effect("http", "{}")])

    back = (kit.backend(ask), kit.effects("http", perform=never))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    task = asyncio.create_task(bench.call())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for closing in bench.background:
        await closing
    assert bench.ledger.of("outcome")[0]["status"] == "unknown"


async def test_results_are_cached_per_caller_and_arguments(bench, kit):
    back = kit.backend()
    bench.plan(kit.route(cache_ttl=60.0), policy=[kit.policy(kit.permit)], backends={"back": back})
    await bench.call(arguments={"a": 1})
    await bench.call(arguments={"a": 1})
    assert len(back.asked) == 1
    await bench.call(arguments={"a": 2})
    bob = Caller(id="bob", kind="user", how=How(credential="api-key"), trust="verified")
    await bench.call(arguments={"a": 1}, caller=bob)
    assert len(back.asked) == 3


async def test_a_failing_backend_is_left_alone_for_a_while(bench, kit):
    back = kit.backend(Case("failed", Problem("unreachable", "down")))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    for _ in range(7):
        result = await bench.call()
    assert len(back.asked) == 5
    assert "breaker-open" in text(result)


@pytest.mark.parametrize(
    "done",
    [
        {},
        {"content": 7},
        {"content": [7]},
        {"content": [{"text": "no type"}]},
        {"content": [], "isError": "yes"},
        {"structuredContent": {}, "content": None},
    ],
)
async def test_a_result_that_is_none_of_mcp_never_reaches_the_client(bench, kit, done):
    back = kit.backend(Case("done", json.dumps(done)))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert result["isError"] is True
    assert "bad-document" in text(result)
    assert bench.ledger.of("outcome")[0]["status"] == "failed"


async def test_a_structured_result_gets_the_content_that_mcp_wants(bench, kit):
    back = kit.backend(Case("done", '{"structuredContent": {"n": 1}}'))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert (result["content"], result["structuredContent"]) == ([], {"n": 1})
