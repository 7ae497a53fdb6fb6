"""A server asks the client of a call: both kinds of clients, both kinds of askers, judged, redacted and recorded."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from mcpg.contract.ports import CannotAsk, Refusal
from mcpg.contract.verdicts import Case, Effect, Problem, ok, suspended
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.refusals import UNAVAILABLE
from mcpg.pipeline.rounds import AskLimits
from mcpg.pipeline.routes import Route

FORM = {"method": "elicitation/create", "params": {"mode": "form", "message": "who?", "requestedSchema": {}}}
SAMPLE = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 5}}
ROOTS = {"method": "roots/list", "params": {}}
ABLE = {"elicitation": {}, "sampling": {}, "roots": {}}
MODERN = {"version": "2026-07-28", "capabilities": ABLE}
LEGACY = {"version": "2025-11-25", "capabilities": ABLE}
ACCEPT = {"action": "accept", "content": {"name": "Ana"}}
MESSAGE = {"role": "assistant", "content": {"type": "text", "text": "hm"}, "model": "m"}
DENY = Case("deny", Problem("forbidden", "not this"))


def text(result):
    return json.loads(result["content"][0]["text"])


def done(value):
    return Case("done", json.dumps({"content": [{"type": "text", "text": json.dumps(value)}]}))


def asks_itself(requests):
    """A backend that asks its client once and answers with what it was told."""

    def answer(function, caller, call, replies):
        return done(json.loads(replies[0].value)) if replies else Case("ask", json.dumps({"requests": requests}))

    return answer


def calls(*urls):
    """A backend that performs effects of driver `mcp`, all at once, and answers with their replies."""

    def answer(function, caller, call, replies):
        effects = [Effect("mcp", json.dumps({"url": url})) for url in urls]
        if len(replies) < len(effects):
            return Case("perform", effects)
        return done([reply.value if isinstance(reply.value, str) else reply.value.code for reply in replies])

    return answer


def upstream(bench, kit, requests, *, urls=("a",), policy=None, resume=None, **plan):
    """Plan a backend whose upstream asks `requests` in the middle of a call; return its effects."""

    async def perform(effect, context):
        return suspended(requests, "state-0")

    performer = kit.effects("mcp", perform=perform, resume=resume)
    back = kit.guest("back", PluginKind.BACKEND, calls(*urls))
    engine = policy or kit.policy(kit.permit)
    bench.plan(kit.route(upstream="files"), policy=[engine], backends={"back": (back, performer)}, **plan)
    return performer


def by_method(method, params):
    return {
        "result": {"elicitation/create": ACCEPT, "sampling/createMessage": MESSAGE, "roots/list": {"roots": []}}[method]
    }


def kinds(bench):
    return [record["kind"] for record in bench.ledger.records]


async def retry(bench, waiting, responses, **more):
    params = {"requestState": waiting["requestState"], "inputResponses": responses}
    return await bench.call(**{**MODERN, **more}, params=params)


async def test_an_upstream_asks_a_client_of_a_handshake_version_on_the_calls_own_stream(bench, kit):
    performer = upstream(bench, kit, {"who": FORM, "say": SAMPLE})
    bench.channel.answer = by_method
    result = await bench.call(**LEGACY)
    assert sorted(method for method, _ in bench.channel.asked) == ["elicitation/create", "sampling/createMessage"]
    assert json.loads(text(result)[0]) == {"who": {"result": ACCEPT}, "say": {"result": MESSAGE}}
    (_, state, responses, context), *_ = performer.resumed
    assert (state, set(responses), context.index) == ("state-0", {"who", "say"}, 0)
    assert kinds(bench) == ["intent", "asked", "answered", "outcome"]


async def test_an_upstream_asks_a_modern_client_by_a_sealed_retry(bench, kit):
    performer = upstream(bench, kit, {"who": FORM, "where": ROOTS})
    waiting = await bench.call(**MODERN)
    assert (waiting["resultType"], waiting["inputRequests"]) == ("input_required", {"who": FORM, "where": ROOTS})
    assert "state-0" not in waiting["requestState"]
    result = await retry(bench, waiting, {"who": ACCEPT, "where": {"roots": []}})
    assert json.loads(text(result)[0]) == {"who": {"result": ACCEPT}, "where": {"result": {"roots": []}}}
    assert (len(performer.performed), len(performer.resumed)) == (1, 1)
    assert kinds(bench) == ["intent", "asked", "outcome", "intent", "answered", "outcome"]


async def test_a_plugin_asks_a_client_of_a_handshake_version(bench, kit):
    back = kit.guest("back", PluginKind.BACKEND, asks_itself({"who": FORM}))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    bench.channel.answer = by_method
    assert text(await bench.call(**LEGACY)) == {"who": ACCEPT}
    assert bench.channel.asked == [("elicitation/create", FORM["params"])]


async def test_records_of_an_exchange_name_who_what_and_how_and_hold_no_text(bench, kit):
    upstream(bench, kit, {"who": FORM})
    waiting = await bench.call(**MODERN)
    await retry(bench, waiting, {"who": ACCEPT})
    first, asked, _, second, answered, _ = bench.ledger.records
    assert (asked["call"], asked["how"], asked["round"], asked["caller"]["id"]) == (first["call"], "sealed", 1, "ana")
    assert [(a["key"], a["method"], a["verdict"]) for a in asked["asks"]] == [("who", "elicitation/create", "asked")]
    assert (answered["call"], answered["resumes"]) == (second["call"], first["call"])
    assert [(a["key"], a["verdict"]) for a in answered["asks"]] == [("who", "answered")]
    assert all(a["digest"].startswith("hmac-sha256:") for a in asked["asks"] + answered["asks"])
    assert "who?" not in json.dumps(bench.ledger.records)
    assert "Ana" not in json.dumps(bench.ledger.records)
    stages = [stage for record in bench.ledger.records[:3] for stage in record["stages"]]
    assert [(s["stage"], s["verdict"]) for s in stages] == [
        ("policy", "permit"), ("backend", "suspended"), ("policy", "permit"),
    ]  # fmt: skip


async def test_the_ledger_has_what_a_client_is_asked_before_it_and_its_answer_before_it_counts(bench, kit):
    seen = []
    performer = upstream(bench, kit, {"who": FORM})

    def answer(method, params):
        seen.append(kinds(bench))
        return by_method(method, params)

    async def resume(effect, state, responses, context):
        seen.append(kinds(bench))
        return ok("{}")

    performer._resume = resume
    bench.channel.answer = answer
    await bench.call(**LEGACY)
    assert seen == [["intent", "asked"], ["intent", "asked", "answered"]]


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
async def test_without_a_ledger_nobody_is_asked(bench, kit, client):
    performer = upstream(bench, kit, {"who": FORM})
    bench.channel.answer = by_method

    async def perform(effect, context):
        bench.ledger.broken = True
        return suspended({"who": FORM}, "state-0")

    performer._perform = perform
    with pytest.raises(Refusal) as refused:
        await bench.call(**client)
    assert refused.value.code == UNAVAILABLE
    assert bench.channel.asked == []
    assert [state for _, state in performer.abandoned] == ["state-0"]


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
async def test_what_policy_denies_is_refused_for_the_client_and_the_upstream_is_told(bench, kit, client):
    judged = []

    def judge(caller, action):
        judged.append(action)
        return kit.permit if action["method"] == "tools/call" else DENY

    performer = upstream(bench, kit, {"who": FORM, "say": SAMPLE, "odd": {"method": "ping"}}, policy=kit.policy(judge))
    result = await bench.call(**client)
    told = json.loads(text(result)[0])
    assert told["who"] == {"result": {"action": "decline"}}
    assert (told["say"]["error"]["code"], told["odd"]["error"]["code"]) == (-1, -32601)
    assert bench.channel.asked == []
    assert len(performer.resumed) == 1
    asked = next(a for a in judged if a["method"] == "elicitation/create")
    assert (asked["kind"], asked["name"], asked["upstream"]) == ("tool", "echo", "files")
    assert asked["arguments"] == FORM["params"]
    (record,) = bench.ledger.of("asked")
    assert [(a["verdict"], a["code"]) for a in record["asks"]] == [
        ("refused", "forbidden"), ("refused", "forbidden"), ("refused", "unknown-method"),
    ]  # fmt: skip


async def test_what_is_permitted_of_a_round_is_asked_and_the_rest_refused(bench, kit):
    def judge(caller, action):
        return DENY if action["method"] == "sampling/createMessage" else kit.permit

    upstream(bench, kit, {"who": FORM, "say": SAMPLE}, policy=kit.policy(judge))
    waiting = await bench.call(**MODERN)
    assert waiting["inputRequests"] == {"who": FORM}
    told = json.loads(text(await retry(bench, waiting, {"who": ACCEPT, "say": MESSAGE}))[0])
    assert (told["who"]["result"], told["say"]["error"]["code"]) == (ACCEPT, -1)


async def test_a_plugin_that_may_not_have_its_client_sample_fails_and_says_so(bench, kit):
    def judge(caller, action):
        return DENY if action["method"] == "sampling/createMessage" else kit.permit

    back = kit.guest("back", PluginKind.BACKEND, asks_itself({"say": SAMPLE}))
    bench.plan(kit.route(), policy=[kit.policy(judge)], backends={"back": back})
    result = await bench.call(**MODERN)
    assert result["isError"] is True
    assert "ask-refused" in result["content"][0]["text"]
    assert bench.ledger.of("asked")[0]["asks"][0]["code"] == "forbidden"


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
async def test_obligations_of_a_permit_hold_for_what_is_asked(bench, kit, client):
    redact = Case("permit", [SimpleNamespace(kind="redact", detail='{"paths": ["/message"]}')])
    approve = Case("permit", [SimpleNamespace(kind="require-approval", detail="{}")])

    def judge(caller, action):
        return {"elicitation/create": redact, "roots/list": approve}.get(action["method"], kit.permit)

    upstream(bench, kit, {"who": FORM, "where": ROOTS}, policy=kit.policy(judge))
    bench.channel.answer = by_method
    result = await bench.call(**client)
    shown = result["inputRequests"]["who"]["params"] if client is MODERN else bench.channel.asked[0][1]
    assert shown["message"] == "[redacted]"
    assert [a["verdict"] for a in bench.ledger.of("asked")[0]["asks"]] == ["asked", "refused"]


def shifting(kit):
    """A transform that removes `who` on the way out and `Ana` on the way in."""

    def answer(function, caller, call, *rest):
        if function == "after":
            return Case("changed", json.dumps(rest[0]["result"]).replace("who?", "***"))
        if call["method"] == "tools/call":
            return Case("unchanged")
        return Case("changed", json.dumps(call["arguments"]).replace("Ana", "A."))

    return kit.guest("shift", PluginKind.TRANSFORM, answer)


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
async def test_transforms_change_what_is_asked_and_what_is_answered(bench, kit, client):
    upstream(bench, kit, {"who": FORM}, transforms=[shifting(kit)])
    bench.channel.answer = by_method
    result = await bench.call(**client)
    if client is MODERN:
        assert result["inputRequests"]["who"]["params"]["message"] == "***"
        result = await retry(bench, result, {"who": ACCEPT})
    else:
        assert bench.channel.asked[0][1]["message"] == "***"
    assert json.loads(text(result)[0])["who"]["result"]["content"] == {"name": "A."}


async def test_a_transform_that_takes_a_request_out_refuses_it(bench, kit):
    def drop(function, caller, call, *rest):
        if function == "before":
            return Case("unchanged")
        result = rest[0]["result"]
        return Case("changed", json.dumps({"inputRequests": {}} if "inputRequests" in result else result))

    upstream(bench, kit, {"who": FORM}, transforms=[kit.guest("drop", PluginKind.TRANSFORM, drop)])
    told = json.loads(text(await bench.call(**MODERN))[0])
    assert told["who"] == {"result": {"action": "decline"}}


async def test_several_upstreams_that_ask_at_once_are_told_apart_and_what_was_done_is_kept(bench, kit):
    async def perform(effect, context):
        url = json.loads(effect.request)["url"]
        return ok('"done"') if url == "b" else suspended({"who": FORM}, f"state-{url}")

    performer = upstream(bench, kit, {}, urls=("a", "b", "c"))
    performer._perform = perform
    waiting = await bench.call(**MODERN)
    assert set(waiting["inputRequests"]) == {"0.who", "2.who"}
    other = {"action": "decline"}
    replies = text(await retry(bench, waiting, {"0.who": ACCEPT, "2.who": other}))
    assert replies[1] == '"done"'
    assert [json.loads(replies[i])["who"]["result"] for i in (0, 2)] == [ACCEPT, other]
    assert [state for _, state, _, _ in performer.resumed] == ["state-a", "state-c"]
    assert len(performer.performed) == 3


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
async def test_an_upstream_may_ask_again_and_again_but_not_for_ever(bench, kit, client):
    async def resume(effect, state, responses, context):
        return ok('"at last"') if state == "state-3" else suspended({"who": FORM}, f"state-{int(state[-1]) + 1}")

    performer = upstream(bench, kit, {"who": FORM}, resume=resume)
    bench.channel.answer = by_method
    result = await bench.call(**client)
    for _ in range(3 if client is MODERN else 0):
        result = await retry(bench, result, {"who": ACCEPT})
    assert text(await retry(bench, result, {"who": ACCEPT}) if client is MODERN else result) == ['"at last"']
    assert [r["round"] for r in bench.ledger.of("asked")] == [1, 2, 3, 4]
    bench.start(asks=AskLimits(rounds=2))
    result = await bench.call(**client)
    for _ in range(2 if client is MODERN else 0):
        result = await retry(bench, result, {"who": ACCEPT})
    assert "too-many-rounds" in result["content"][0]["text"]
    assert performer.abandoned


@pytest.mark.parametrize("client", [LEGACY, MODERN], ids=["live", "sealed"])
async def test_an_upstream_that_only_wants_to_be_asked_again_is(bench, kit, client):
    performer = upstream(bench, kit, {})
    result = await bench.call(**client)
    if client is MODERN:
        assert "inputRequests" not in result
        result = await bench.call(**MODERN, params={"requestState": result["requestState"]})
    assert json.loads(text(result)[0]) == {}
    assert [responses for _, _, responses, _ in performer.resumed] == [{}]


async def test_what_the_client_does_not_answer_is_asked_again_under_a_fresh_seal(bench, kit):
    performer = upstream(bench, kit, {"who": FORM, "where": ROOTS})
    waiting = await bench.call(**MODERN)
    again = await retry(bench, waiting, {"who": ACCEPT, "extra": {"x": 1}})
    assert again["inputRequests"] == {"where": ROOTS}
    assert again["requestState"] != waiting["requestState"]
    assert performer.resumed == []
    told = json.loads(text(await retry(bench, again, {"where": {"roots": []}, "who": {"action": "cancel"}}))[0])
    assert told == {"who": {"result": ACCEPT}, "where": {"result": {"roots": []}}}


@pytest.mark.parametrize(
    ("asked", "declared", "missing"),
    [
        ({"a": FORM, "b": SAMPLE, "c": ROOTS}, {}, {"elicitation": {"form": {}}, "sampling": {}, "roots": {}}),
        ({"a": {"method": "elicitation/create", "params": {"mode": "url", "url": "u", "message": "m"}}}, ABLE,
         {"elicitation": {"url": {}}}),
        ({"a": {"method": "sampling/createMessage", "params": {"tools": [{}]}}}, ABLE, {"sampling": {"tools": {}}}),
    ],
)  # fmt: skip
async def test_what_a_client_has_not_declared_is_named(bench, kit, asked, declared, missing):
    performer = upstream(bench, kit, asked)
    with pytest.raises(Refusal) as refused:
        await bench.call(version="2026-07-28", capabilities=declared)
    assert (refused.value.code, refused.value.data) == (-32021, {"requiredCapabilities": missing})
    result = await bench.call(version="2025-11-25", capabilities=declared)
    assert result["isError"] is True
    assert all(name in result["content"][0]["text"] for name in missing)
    assert len(performer.abandoned) == 2
    assert {r["how"] for r in bench.ledger.of("asked")} == {"impossible"}


async def test_a_client_that_cannot_be_reached_fails_the_call_clearly(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})

    def gone(method, params):
        raise CannotAsk("it has gone")

    bench.channel.answer = gone
    result = await bench.call(**LEGACY)
    assert "input-needed" in result["content"][0]["text"]
    assert "`elicitation/create`: it has gone" in result["content"][0]["text"]
    assert performer.abandoned


async def test_a_person_has_time_and_the_call_does_not_lose_it(bench, kit):
    async def slow(method, params):
        await asyncio.sleep(0.2)
        return by_method(method, params)

    left = []

    async def resume(effect, state, responses, context):
        left.append(context.deadline - asyncio.get_running_loop().time())
        return ok("{}")

    performer = upstream(bench, kit, {"who": FORM}, resume=resume)
    bench.plan(
        kit.route(timeout=0.15), policy=[kit.policy(kit.permit)],
        backends={"back": (kit.guest("back", PluginKind.BACKEND, calls("a")), performer)},
    )  # fmt: skip
    bench.channel.answer = slow
    assert "isError" not in await bench.call(**LEGACY)
    assert left[0] > 0


async def test_a_person_who_never_answers_is_not_waited_for_for_ever(bench, kit):
    bench.start(asks=AskLimits(seconds=0.05))
    upstream(bench, kit, {"who": FORM, "say": SAMPLE})
    told = json.loads(text(await bench.call(**LEGACY))[0])
    assert told["who"] == {"result": {"action": "cancel"}}
    assert told["say"]["error"]["message"] == "no answer came in time"
    assert sorted(bench.channel.given_up) == ["elicitation/create", "sampling/createMessage"]
    assert {a["verdict"] for a in bench.ledger.of("answered")[0]["asks"]} == {"timeout"}


async def test_an_upstream_that_goes_on_by_itself_takes_its_question_back(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    asyncio.get_running_loop().call_soon(performer.over.set)
    assert json.loads(text(await bench.call(**LEGACY))[0]) == {}
    assert bench.channel.given_up == ["elicitation/create"]


async def test_a_clients_error_is_told_without_its_words(bench, kit):
    upstream(bench, kit, {"who": FORM})
    bench.channel.answer = lambda method, params: {"error": {"code": -32000, "message": "the password is x"}}
    told = json.loads(text(await bench.call(**LEGACY))[0])
    assert told["who"] == {"error": {"code": -32000, "message": "the client answered with an error"}}


async def test_a_client_that_leaves_while_it_is_asked_ends_the_upstream_too(bench, kit):
    performer = upstream(bench, kit, {"who": FORM})
    asked = asyncio.Event()

    async def hang(method, params):
        asked.set()
        await asyncio.Event().wait()

    bench.channel.answer = hang
    call = asyncio.ensure_future(bench.call(**LEGACY))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert performer.abandoned
    for work in bench.background:
        await work
    assert bench.ledger.records[-1]["kind"] == "outcome"


@pytest.mark.parametrize("method", ["prompts/get", "resources/read"])
async def test_prompts_and_resources_ask_too(bench, kit, method):
    field, result = ("messages", {"messages": []}) if method == "prompts/get" else ("contents", {"contents": []})
    kind = "prompt" if method == "prompts/get" else "resource"

    def answer(function, caller, call, replies):
        return Case("done", json.dumps(result)) if replies else Case("perform", [Effect("mcp", "{}")])

    async def perform(effect, context):
        return suspended({"who": FORM}, "s")

    back = (kit.guest("back", PluginKind.BACKEND, answer), kit.effects("mcp", perform=perform))
    bench.plan(
        Route(kind=kind, name="x:y", backend="back", entry={}), policy=[kit.policy(kit.permit)], backends={"back": back}
    )
    named = {"name": "x:y", "uri": "x:y"}
    waiting = await bench.call(**MODERN, method=method, params=named)
    assert waiting["inputRequests"] == {"who": FORM}
    params = {**named, "requestState": waiting["requestState"], "inputResponses": {"who": ACCEPT}}
    assert field in await bench.call(**MODERN, method=method, params=params)
