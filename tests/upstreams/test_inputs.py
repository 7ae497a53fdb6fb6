"""Modern servers that answer `input_required`, and what may stand there."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.conftest import ANA
from tests.upstreams.test_asking import ABLE, ASKED, YES, Talk, asks, said, wanted

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams.inputs import Unfit, inputs_of
from mcpg.upstreams.states import State, digest_of, read_state, write_state

MODERN = replace(ASKED, version="2026-07-28")
FORM = {
    "method": "elicitation/create",
    "params": {"message": "m", "requestedSchema": {"type": "object", "properties": {}}},
}
SAMPLE = {
    "method": "sampling/createMessage",
    "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "x"}}], "maxTokens": 1},
}
ROOTS = {"method": "roots/list", "params": {}}


@pytest.fixture
async def client(bench):
    return Talk(await bench(asks(start="modern"), good=False), party=MODERN)


async def test_inputs_in_rounds_with_the_exact_state(client):
    script = {"script": [{"name": FORM, "say": SAMPLE}, None, {"roots": ROOTS}]}
    asking = await client.call("inputs", script)
    assert wanted(asking) == {"name": "elicitation/create", "say": "sampling/createMessage"}
    sample = {"result": {"role": "assistant", "content": {"type": "text", "text": "y"}, "model": "m"}}
    asking = await client.resume(asking, {"name": YES, "say": sample}, "inputs", script)
    assert wanted(asking) == {"roots": "roots/list"}, "a round that wants no input is gone at once"
    assert client.parked() == 0
    roots = {"result": {"roots": [{"uri": "file:///x"}]}}
    told = said(await client.resume(asking, {"roots": roots}, "inputs", script))
    assert [set(one) for one in told] == [{"name", "say"}, {"roots"}]
    assert told[0]["name"] == YES["result"]


async def test_what_was_not_answered_is_left_to_the_server(client):
    script = {"script": [{"name": FORM, "say": SAMPLE}]}
    asking = await client.call("inputs", script)
    told = said(await client.resume(asking, {"name": YES}, "inputs", script))
    assert [set(one) for one in told] == [{"name"}]


async def test_an_error_dismisses_an_elicitation_and_ends_anything_else(client):
    error = {"error": {"code": -5, "message": "away"}}
    script = {"script": [{"name": FORM}]}
    told = said(await client.resume(await client.call("inputs", script), {"name": error}, "inputs", script))
    assert told == [{"name": {"action": "cancel"}}]
    script = {"script": [{"say": SAMPLE}]}
    answer = await client.resume(await client.call("inputs", script), {"say": error}, "inputs", script)
    assert answer["error"] == error["error"]


async def test_nobody_waits_so_nothing_settles(client):
    asking = await client.call("inputs", {"script": [{"name": FORM}]})
    settled = asyncio.ensure_future(client.upstreams.settled("asks", asking["asking"]["state"]))
    await asyncio.sleep(0)
    assert not settled.done()
    settled.cancel()


async def test_a_server_that_wants_the_same_again_and_again_is_not_obeyed_for_ever(client, monkeypatch):
    monkeypatch.setattr("mcpg.upstreams.calls.AGAIN_SECONDS", 0)
    with pytest.raises(UpstreamFailed, match="wants the same request again and again"):
        await client.call("inputs", {"script": [None] * 30})


@pytest.mark.parametrize(
    ("result", "match"),
    [
        ({}, "does not say which"),
        ({"inputRequests": {}}, "does not say which"),
        ({"inputRequests": [FORM]}, "does not say which"),
        ({"requestState": 7}, "does not say which"),
        ({"inputRequests": {"x": {"method": "tools/call", "params": {}}}}, "by `tools/call`, which no server may ask"),
        ({"inputRequests": {"x": {"method": "ping"}}}, "by `ping`, which no server may ask for"),
        ({"inputRequests": {"x": "text"}}, "by `\\?`, which no server may ask for"),
        ({"inputRequests": {"x": {"method": "roots/list", "params": []}}}, "which no server may ask for"),
        ({"inputRequests": {str(n): FORM for n in range(33)}}, "more than 32 inputs"),
        ({"inputRequests": {"x" * 300: FORM}}, "keys beyond 256"),
        (
            {"inputRequests": {"x": {"method": "elicitation/create", "params": {"mode": "url", "url": "https://x"}}}},
            "has not declared `elicitation.url`",
        ),
    ],
)
async def test_what_may_not_be_asked_is_the_servers_fault(client, result, match):
    party = replace(MODERN, capabilities={"elicitation": {"form": {}}, "roots": {}})
    with pytest.raises(UpstreamFailed, match=match) as failed:
        await client.call("raw", {"result": {"resultType": "input_required", **result}}, party=party)
    assert failed.value.code == "upstream-unknown"
    assert said(await client.call("facts"))["pid"]


async def test_input_of_a_client_that_declared_nothing_is_refused(client):
    with pytest.raises(UpstreamFailed, match=r"has not declared `elicitation\.form`"):
        await client.call("inputs", {"script": [{"name": FORM}]}, party=replace(ANA, version="2026-07-28"))


async def test_a_result_of_an_unknown_type_is_refused(client):
    with pytest.raises(UpstreamFailed, match=r"result of type `com\.example/odd`, which was not offered"):
        await client.call("raw", {"result": {"resultType": "com.example/odd"}})


async def test_only_three_methods_may_want_input(client):
    deadline = client.deadline(5)
    listed = await client.upstreams.request("asks", "tools/list", {}, deadline=deadline, party=MODERN)
    assert listed["error"]["code"] == -32601


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["inputRequests", "requestState", "method", "params", "mode", "x"])


@given(st.dictionaries(keys, json_values | st.dictionaries(st.text(max_size=4), st.dictionaries(keys, json_values))))
def test_whatever_a_result_says_it_is_requests_or_unfit(result):
    try:
        requests = inputs_of(result, ABLE, "2026-07-28")
    except Unfit:
        return
    assert all(request.keys() == {"method", "params"} for request in requests.values())


@given(st.text(), st.text() | st.none(), st.dictionaries(st.text(), st.text(), max_size=3))
def test_a_state_is_read_as_it_was_written(place, request, keys):
    try:
        state = State("input", "d", place, request, keys)
        text = write_state(state)
    except UnicodeEncodeError:
        return
    assert read_state(text) == state


@given(st.text())
def test_any_text_is_a_state_or_none(text):
    assert read_state(text) is None or isinstance(read_state(text), State)


def test_a_digest_is_of_the_request_not_of_its_repetition():
    params = {"name": "x", "arguments": {"b": 1, "a": 2}}
    again = {"arguments": {"a": 2, "b": 1}, "name": "x", "_meta": {"t": 1}, "requestState": "s", "inputResponses": {}}
    assert digest_of("u", "tools/call", params) == digest_of("u", "tools/call", again)
    assert digest_of("u", "tools/call", params) != digest_of("v", "tools/call", params)
    assert digest_of("u", "tools/call", params) != digest_of("u", "tools/call", json.loads('{"name": "x"}'))
