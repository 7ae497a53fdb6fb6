"""Suspended runs: sealed, bound, used once."""

from __future__ import annotations

import json

import pytest

from mcpg.contract.documents import Caller, How
from mcpg.contract.ports import Refusal
from mcpg.contract.verdicts import Case, Effect, ok
from mcpg.contract.worlds import PluginKind

MODERN = {"version": "2026-07-28", "capabilities": {"elicitation": {}}}
ASK = {"requests": {"who": {"method": "elicitation/create", "params": {"message": "who?"}}}}
BOB = Caller(id="bob", kind="user", how=How(credential="api-key"), trust="verified")


def asking(size=0):
    """Fetch once, ask the client, fetch again, then answer with what both said."""

    def answer(function, caller, call, replies):
        first = Effect("http", json.dumps({"url": "a", "pad": "x" * size}))
        if not replies:
            return Case("perform", [first])
        if len(replies) == 1:
            return Case("ask", json.dumps(ASK))
        if len(replies) == 2:
            return Case(
                "perform", [first, Effect("ask", json.dumps(ASK, separators=(",", ":"))), Effect("http", '{"url":"b"}')]
            )
        name = json.loads(replies[1].value)["who"]["content"]["name"]
        return Case("done", json.dumps({"content": [{"type": "text", "text": name}]}))

    return answer


@pytest.fixture
def performer(bench, kit):
    performer = kit.effects("http")
    back = kit.guest("back", PluginKind.BACKEND, asking())
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": (back, performer)})
    return performer


def answered(state, name="Ana"):
    return {"requestState": state, "inputResponses": {"who": {"action": "accept", "content": {"name": name}}}}


async def test_a_run_waits_for_the_client_and_goes_on_without_doing_anything_twice(bench, performer):
    waiting = await bench.call(**MODERN)
    assert waiting["resultType"] == "input_required"
    assert waiting["inputRequests"] == ASK["requests"]
    result = await bench.call(**MODERN, params=answered(waiting["requestState"]))
    assert result["content"][0]["text"] == "Ana"
    assert [json.loads(e.request)["url"] for e, _ in performer.performed] == ["a", "b"]


async def test_a_state_is_used_once(bench, performer):
    state = (await bench.call(**MODERN))["requestState"]
    await bench.call(**MODERN, params=answered(state))
    with pytest.raises(Refusal, match="requestState"):
        await bench.call(**MODERN, params=answered(state))


@pytest.mark.parametrize("change", ["caller", "arguments", "state", "type"])
async def test_a_state_is_bound_to_its_caller_and_arguments(bench, performer, change):
    state = (await bench.call(**MODERN))["requestState"]
    forged = {"state": state[:-3] + "AAA", "type": 7}.get(change, state)
    more = {"caller": {"caller": BOB}, "arguments": {"arguments": {"x": 1}}}.get(change, {})
    with pytest.raises(Refusal, match="requestState"):
        await bench.call(**MODERN, **more, params=answered(forged))
    assert len(performer.performed) == 1


async def test_a_large_state_is_parked_and_only_its_handle_travels(bench, kit):
    async def fetch(effect, context):
        return ok(json.dumps({"body": "x" * 20_000}))

    back = (kit.guest("back", PluginKind.BACKEND, asking()), kit.effects("http", perform=fetch))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    state = (await bench.call(**MODERN))["requestState"]
    assert len(state) < 500
    result = await bench.call(**MODERN, params=answered(state))
    assert result["content"][0]["text"] == "Ana"


async def test_a_parked_state_stands_nowhere_in_clear_and_is_of_one_piece(bench, kit):
    async def fetch(effect, context):
        return ok(json.dumps({"body": "sesame " * 60_000}))

    back = (kit.guest("back", PluginKind.BACKEND, asking()), kit.effects("http", perform=fetch))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    states = [(await bench.call(**MODERN))["requestState"] for _ in range(3)]
    (one, first), (two, second), (_, third) = bench.parked._values.items()
    assert b"sesame" not in first.value
    pieces = first.value.split(b".")
    assert len(pieces) > 2
    bench.parked._values[one] = first._replace(value=b".".join([pieces[1], pieces[0], *pieces[2:]]))
    bench.parked._values[two] = second._replace(value=third.value)
    for state in states[:2]:
        with pytest.raises(Refusal, match="requestState is not valid"):
            await bench.call(**MODERN, params=answered(state))
    assert "content" in await bench.call(**MODERN, params=answered(states[2]))


async def test_a_parked_run_is_its_backends_and_ends_when_that_is_purged(bench, kit):
    async def fetch(effect, context):
        return ok(json.dumps({"body": "x" * 20_000}))

    back = (kit.guest("back", PluginKind.BACKEND, asking()), kit.effects("http", perform=fetch))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    state = (await bench.call(**MODERN))["requestState"]
    assert await bench.parked.drop("another") == 0
    assert await bench.parked.drop("back") == 1
    with pytest.raises(Refusal, match="requestState is not valid"):
        await bench.call(**MODERN, params=answered(state))


async def test_a_client_without_the_capability_is_told_which_one(bench, performer):
    with pytest.raises(Refusal) as refused:
        await bench.call(version="2026-07-28")
    assert (refused.value.code, refused.value.data) == (-32021, {"requiredCapabilities": {"elicitation": {"form": {}}}})


async def test_an_older_client_gets_an_error_not_a_shape_it_cannot_read(bench, performer):
    result = await bench.call()
    assert result["isError"] is True
    assert "input-needed" in result["content"][0]["text"]
