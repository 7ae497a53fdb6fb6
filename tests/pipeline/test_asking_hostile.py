"""Upstreams, plugins and clients that mean harm where a run waits; and what happens to it meanwhile."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.contract.documents import Caller, How
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import PluginRefused, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem, ok, suspended
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.answers import fault_of, named, plain_error, refused
from mcpg.pipeline.runs import History

FORM = {"method": "elicitation/create", "params": {"message": "who?", "requestedSchema": {}}}
ACCEPT = {"action": "accept", "content": {"name": "Ana"}}
MODERN = {"version": "2026-07-28", "capabilities": {"elicitation": {}, "sampling": {}, "roots": {}}}
LEGACY = {**MODERN, "version": "2025-11-25"}
BOB = Caller(id="bob", kind="user", how=How(credential="api-key"), trust="verified")


def upstream(bench, kit, requests, *, first=None, policy=None, resume=None):
    """Plan a backend whose upstream asks; `first` are the requests of effects that it performs before."""

    async def perform(effect, context):
        if effect.driver == "http":
            return ok(json.dumps({"body": context.blobs.put(first, "text/plain")}))
        return suspended(requests, "state-0")

    def answer(function, caller, call, replies):
        effects = [Effect("http", "{}")] if first else []
        if len(replies) < len(effects):
            return Case("perform", effects)
        if len(replies) == len(effects):
            return Case("perform", [*effects, Effect("mcp", json.dumps(call["arguments"]))])
        said = json.loads(replies[0].value)["body"] if first else "done"
        return Case("done", json.dumps({"content": [{"type": "text", "text": said}]}))

    performer = kit.effects("mcp", "http", perform=perform, resume=resume)
    guest = kit.guest("back", PluginKind.BACKEND, answer)
    bench.plan(kit.route(), policy=[policy or kit.policy(kit.permit)], backends={"back": (guest, performer)})
    return performer


async def retry(bench, waiting, responses, **more):
    params = {"requestState": waiting["requestState"], "inputResponses": responses}
    return await bench.call(**{**MODERN, **more}, params=params)


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
@pytest.mark.parametrize(
    "requests",
    [{f"k{n}": FORM for n in range(1000)},
     {"a": {**FORM, "params": {"message": "x" * 5_000_000}}},
     {"a": "no object", "b": {}, "c": {"method": 5, "params": []}, "d": {"method": "tools/call", "params": {}},
      "e": {"method": "elicitation/create", "params": "text"}}],
    ids=["thousand", "huge", "nonsense"],
)  # fmt: skip
async def test_what_no_client_should_be_asked_is_refused_at_once(bench, kit, requests, client):
    performer = upstream(bench, kit, requests)
    result = await bench.call(**client)
    assert result["content"][0]["text"] == "done"
    assert bench.channel.asked == []
    (_, _, responses, _), *_ = performer.resumed
    assert set(responses) == set(requests)
    assert len(bench.ledger.of("asked")[0]["asks"]) <= 32
    assert len(json.dumps(bench.ledger.records)) < 20_000


async def test_a_state_is_used_once_and_before_anything_is_resumed(bench, kit):
    spent = []

    async def resume(effect, state, responses, context):
        with pytest.raises(Refusal, match="requestState"):
            await retry(bench, waiting, {"who": ACCEPT})
        spent.append(state)
        return ok("{}")

    performer = upstream(bench, kit, {"who": FORM}, resume=resume)
    waiting = await bench.call(**MODERN)
    await retry(bench, waiting, {"who": ACCEPT})
    with pytest.raises(Refusal, match="requestState"):
        await retry(bench, waiting, {"who": ACCEPT})
    assert (spent, len(performer.resumed)) == (["state-0"], 1)


async def test_of_many_who_come_back_at_once_one_goes_on(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(**MODERN)
    many = await asyncio.gather(*(retry(bench, waiting, {"who": ACCEPT}) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in many) == 1
    assert len(performer.resumed) == 1


@pytest.mark.parametrize("change", ["caller", "arguments", "endpoint", "name", "forged", "type", "cut", "other"])
async def test_a_state_is_for_one_caller_one_call_and_one_endpoint(bench, kit, change):
    performer = upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(arguments={"x": 1}, **MODERN)
    state = waiting["requestState"]
    if change == "endpoint":
        bench.now = replace(bench.now, endpoint="other")
    if change == "other":
        state = bench.sealer.seal("cursor", b"ix", bind=b"", ttl=60)
    forged = {"forged": state[:-3] + "AAA", "type": 7, "cut": state[: len(state) // 2]}.get(change, state)
    params = {"requestState": forged, "inputResponses": {"who": ACCEPT}}
    arguments = {"x": 2} if change == "arguments" else {"x": 1}
    more = {"caller": BOB} if change == "caller" else {}
    name = "echo"
    if change == "name":
        backends = {"back": (bench.now.backends["back"].guest, performer)}
        bench.plan(kit.route("echo2"), policy=[kit.policy(kit.permit)], backends=backends)
        name = "echo2"
    with pytest.raises(Refusal, match="requestState"):
        await bench.call(name, arguments, **MODERN, **more, params=params)
    assert performer.resumed == []


@pytest.mark.parametrize(
    "responses",
    [[], "x", 7, {"who": 7}, {"who": None}, {"who": []}, {"who": {}}, {"who": {"action": "maybe"}},
     {"who": {"action": "accept", "content": "text"}}],
)  # fmt: skip
async def test_answers_that_are_none_go_nowhere(bench, kit, responses):
    performer = upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(**MODERN)
    with pytest.raises(Refusal, match="inputResponses"):
        await retry(bench, waiting, responses)
    assert performer.resumed == []


@pytest.mark.parametrize("answer", [{}, {"result": 7}, {"result": {"action": "maybe"}}, {"error": 7}, {"error": {}}])
async def test_a_live_answer_that_is_none_is_an_error_for_the_upstream(bench, kit, answer):
    performer = upstream(bench, kit, {"who": FORM})
    bench.channel.answer = lambda method, params: answer
    await bench.call(**LEGACY)
    (_, _, responses, _), *_ = performer.resumed
    assert responses["who"] == {"error": {"code": -32603, "message": "the client answered with an error"}}


async def test_another_process_with_the_same_keys_and_store_goes_on(bench, kit):
    performer = upstream(bench, kit, {"who": FORM}, first=b"y" * 100_000)
    waiting = await bench.call(**MODERN)
    assert len(waiting["requestState"]) < 500
    bench.start()
    result = await retry(bench, waiting, {"who": ACCEPT})
    assert result["content"][0]["text"] == "y" * 100_000
    assert [effect.driver for effect, _ in performer.performed] == ["http", "mcp"]
    contexts = [context for _, context in performer.performed] + [performer.resumed[0][3]]
    assert len({context.run for context in contexts}) == 1


async def test_a_run_that_holds_too_much_to_wait_fails(bench, kit):
    upstream(bench, kit, {"who": FORM}, first=b"y" * 9_000_000)
    result = await bench.call(**MODERN)
    assert "run-too-large" in result["content"][0]["text"]


async def test_a_plugin_that_asks_for_something_else_when_it_is_resumed_is_found_out(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(**MODERN)
    guest = bench.now.backends["back"].guest
    guest.answer = lambda *rest: Case("perform", [Effect("mcp", '{"other": 1}')])
    result = await retry(bench, waiting, {"who": ACCEPT})
    assert "nondeterministic-plugin" in result["content"][0]["text"]
    assert performer.resumed == []


async def test_the_grant_is_asked_again_when_a_run_goes_on(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(**MODERN)
    performer.granted = ()
    result = await retry(bench, waiting, {"who": ACCEPT})
    assert "effect-denied" in result["content"][0]["text"]
    assert performer.resumed == []


@pytest.mark.parametrize("what", ["digest", "config_digest"])
async def test_a_plugin_that_was_exchanged_while_its_client_was_asked_does_not_go_on(bench, kit, what):
    performer = upstream(bench, kit, {"who": FORM})

    def exchange(method, params):
        setattr(bench.now.backends["back"].guest, what, "sha256:other")
        return {"result": ACCEPT}

    bench.channel.answer = exchange
    result = await bench.call(**LEGACY)
    assert "exchanged" in result["content"][0]["text"]
    assert performer.resumed == []


async def test_a_policy_that_denies_meanwhile_stops_the_retry(bench, kit):
    allowed = [True]

    def judge(caller, action):
        return kit.permit if allowed[0] or "arguments" not in action else Case("deny", Problem("no", "no"))

    performer = upstream(bench, kit, {"who": FORM}, policy=kit.policy(judge))
    waiting = await bench.call(**MODERN)
    allowed[0] = False
    with pytest.raises(Refusal, match="denied"):
        await retry(bench, waiting, {"who": ACCEPT})
    assert performer.resumed == []


@pytest.mark.parametrize("use", ["back", "rules"])
async def test_a_fence_while_a_client_is_asked_ends_the_run(bench, kit, use):
    performer = upstream(bench, kit, {"who": FORM})
    asked = asyncio.Event()

    async def answer(method, params):
        asked.set()
        if use == "back":
            await asyncio.Event().wait()
        return {"result": ACCEPT}

    bench.channel.answer = answer
    call = asyncio.ensure_future(bench.call(**LEGACY))
    await asked.wait()
    guest = bench.now.backends["back"].guest if use == "back" else bench.now.policy[0].guest
    bench.distrust.note(use, guest.digest)
    bench.runner.interrupt(use, guest.digest)
    result = await call
    assert "plugin-fenced" in result["content"][0]["text"]
    assert performer.resumed == []
    assert performer.abandoned


async def test_a_fence_between_the_requests_of_a_modern_client_ends_the_run(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(**MODERN)
    bench.now.backends["back"].guest.answer = PluginRefused("fenced", code="plugin-fenced")
    result = await retry(bench, waiting, {"who": ACCEPT})
    assert "plugin-fenced" in result["content"][0]["text"]
    assert performer.resumed == []


async def test_only_a_call_may_have_its_client_asked(bench, kit):
    """A policy engine with an upstream of its own cannot: its upstream is told that there is nobody."""

    async def perform(effect, context):
        assert context.party.capabilities == {}
        return suspended({"who": FORM}, "state")

    def judge(function, caller, action, replies):
        if function == "see":
            return Case("seen", "p")
        return Case("permit", []) if replies and replies[0].tag == "ok" else Case("perform", [Effect("mcp", "{}")])

    engine = kit.guest("rules", PluginKind.POLICY, judge)
    bench.plan(kit.route(), policy=[(engine, kit.effects("mcp", perform=perform))], backends={"back": kit.backend()})
    with pytest.raises(Refusal):
        await bench.call(**LEGACY)
    assert bench.channel.asked == []


async def test_a_suspended_effect_is_no_failure_of_its_backend(bench, kit):
    upstream(bench, kit, {"who": FORM})
    for _ in range(20):
        assert (await bench.call(**MODERN))["resultType"] == "input_required"


async def test_a_result_that_a_client_was_asked_for_is_not_cached(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    guest = bench.now.backends["back"].guest
    bench.plan(kit.route(cache_ttl=60.0), policy=[kit.policy(kit.permit)], backends={"back": (guest, performer)})
    bench.channel.answer = lambda method, params: {"result": ACCEPT}
    for _ in range(2):
        await bench.call(**LEGACY)
        await retry(bench, await bench.call(**MODERN), {"who": ACCEPT})
    assert len(performer.resumed) == 4


async def test_without_room_for_what_waits_the_call_says_so(bench, kit):
    upstream(bench, kit, {"who": FORM}, first=b"y" * 100_000)
    bench.parked._entries = 0
    result = await bench.call(**MODERN)
    assert "store-full" in result["content"][0]["text"]


async def test_a_history_counts_what_waits_against_its_bound():
    history = History()
    with pytest.raises(RunFailed, match="exceed"):
        history.take([Effect("mcp", "{}")], [suspended({"a": {"method": "x" * 100}}, "s" * 200)], 150)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200)
@given(anything, st.sampled_from(["elicitation/create", "sampling/createMessage", "roots/list"]))
def test_no_answer_of_a_client_breaks_the_checks(value, method):
    assert isinstance(fault_of(method, value), str)
    assert isinstance(plain_error(value)["error"]["code"], int)
    assert set(refused(method, "x")) <= {"result", "error"}
    if isinstance(value, dict):
        assert isinstance(named({name: inner for name, inner in value.items() if isinstance(inner, dict)}), str)
