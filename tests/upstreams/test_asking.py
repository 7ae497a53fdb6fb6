"""Servers over stdio that ask their client in the middle of a call."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.upstreams.conftest import ANA

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import StdioSpec, UpstreamSpec

SCRIPT = Path(__file__).parent / "asking_peer.py"
ABLE = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {"listChanged": True}}
ASKED = replace(ANA, capabilities=ABLE)
YES = {"result": {"action": "accept", "content": {"name": "Ana"}}}


def asks(
    name: str = "asks", start: str = "legacy", *, environment: dict[str, str] | None = None, **options: Any
) -> Any:
    transport = StdioSpec((sys.executable, "-I", "-S", str(SCRIPT), start), environment or {}, grace=0.3)
    return UpstreamSpec(name=name, transport=transport, mode=start, **options)


class Talk:
    """A client of one upstream, which answers what it is asked."""

    def __init__(self, peers, upstream: str = "asks", party: Any = ASKED) -> None:
        self.peers = peers
        self.upstreams = peers.upstreams
        self.upstream = upstream
        self.party = party

    def deadline(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds

    async def call(self, tool: str, arguments: dict[str, Any] | None = None, *, seconds: float = 5, **more: Any) -> Any:
        params = {"name": tool, "arguments": arguments or {}, **more.pop("params", {})}
        more.setdefault("party", self.party)
        return await self.upstreams.request(
            self.upstream, "tools/call", params, deadline=self.deadline(seconds), **more
        )

    async def resume(
        self,
        asking: Any,
        responses: dict[str, Any],
        tool: str,
        arguments: Any = None,
        *,
        seconds: float = 5,
        **more: Any,
    ) -> Any:
        params = {"name": tool, "arguments": arguments or {}, **more.pop("params", {})}
        more.setdefault("party", self.party)
        return await self.upstreams.resume(
            self.upstream,
            "tools/call",
            params,
            state=asking["asking"]["state"],
            responses=responses,
            deadline=self.deadline(seconds),
            **more,
        )

    def parked(self) -> int:
        return self.upstreams.states()[self.upstream].parked


def said(answer: Any) -> Any:
    text = answer["result"]["content"][0]["text"]
    return json.loads(text) if text[:1] in "{[" else text


def wanted(answer: Any) -> dict[str, str]:
    return {key: request["method"] for key, request in answer["asking"]["requests"].items()}


@pytest.fixture
async def talk(bench):
    async def start(*, good: bool = False, **options: Any) -> Talk:
        return Talk(await bench(asks(**options), good=good))

    return start


async def test_a_question_is_handed_on_and_its_answer_brought_back(talk):
    client = await talk()
    asking = await client.call("elicit")
    assert wanted(asking) == {"1": "elicitation/create"}
    assert asking["asking"]["requests"]["1"]["params"]["message"] == "who"
    assert client.parked() == 1
    assert said(await client.resume(asking, {"1": YES}, "elicit")) == YES["result"]
    state = client.upstreams.states()["asks"]
    assert (state.parked, state.in_flight, state.nonsense) == (0, 0, 0)


async def test_other_calls_go_on_meanwhile(talk):
    client = await talk(good=True)
    asking = await client.call("elicit")
    await client.peers.good_answers()
    assert said(await client.call("facts"))["pid"] > 0
    assert said(await client.resume(asking, {"1": YES}, "elicit")) == YES["result"]


async def test_rounds(talk):
    client = await talk()
    answer = await client.call("rounds", {"times": 4})
    for turn in range(4):
        (key,) = answer["asking"]["requests"]
        assert answer["asking"]["requests"][key]["params"]["message"] == f"round {turn + 1}"
        response = {"result": {"action": "accept", "content": {"turn": turn}}}
        answer = await client.resume(answer, {key: response}, "rounds", {"times": 4})
    assert [one["content"]["turn"] for one in said(answer)] == [0, 1, 2, 3]


async def test_several_questions_at_once_and_one_left_open(talk):
    client = await talk()
    asking = await client.call("both")
    assert wanted(asking) == {"1": "elicitation/create", "2": "sampling/createMessage"}
    again = await client.resume(asking, {"1": YES}, "both")
    assert wanted(again) == {"2": "sampling/createMessage"}
    sample = {"role": "assistant", "content": {"type": "text", "text": "ho"}, "model": "m"}
    answer = said(await client.resume(again, {"2": {"result": sample}}, "both"))
    assert answer["one"] == YES["result"]
    assert answer["two"]["content"] == {"type": "text", "text": "ho"}


async def test_an_error_of_the_client_reaches_the_server(talk):
    client = await talk()
    asking = await client.call("elicit")
    error = {"error": {"code": -1, "message": "the user is away"}}
    assert said(await client.resume(asking, {"1": error}, "elicit")) == error["error"]


async def test_a_withdrawn_question_settles(talk):
    client = await talk()
    asking = await client.call("withdraw")
    settled = asyncio.ensure_future(client.upstreams.settled("asks", asking["asking"]["state"]))
    await asyncio.sleep(0)
    assert not settled.done()
    assert said(await client.call("go")) == "gone"
    await asyncio.wait_for(settled, 5)
    assert said(await client.resume(asking, {}, "withdraw")) == "withdrawn"


async def test_a_server_that_answers_without_waiting_settles_and_its_question_is_refused(talk):
    client = await talk()
    asking = await client.call("answer_anyway")
    settled = asyncio.ensure_future(client.upstreams.settled("asks", asking["asking"]["state"]))
    await client.call("go")
    await asyncio.wait_for(settled, 5)
    assert said(await client.resume(asking, {"1": YES}, "answer_anyway")) == "anyway"
    (heard,) = said(await client.call("facts"))["heard"]
    assert heard == [1001, {"code": -32603, "message": "the call in which this was asked has ended"}]


async def test_a_server_that_dies_while_it_asks_settles(talk):
    client = await talk()
    asking = await client.call("die_while_asking")
    settled = asyncio.ensure_future(client.upstreams.settled("asks", asking["asking"]["state"]))
    with pytest.raises(UpstreamFailed):
        await client.call("go")
    await asyncio.wait_for(settled, 5)
    with pytest.raises(UpstreamFailed, match="exited with status 9") as failed:
        await client.resume(asking, {"1": YES}, "die_while_asking")
    assert failed.value.code == "upstream-unknown"
    assert client.parked() == 0


async def test_a_state_is_good_once(talk):
    client = await talk()
    asking = await client.call("elicit")
    await client.resume(asking, {"1": YES}, "elicit")
    with pytest.raises(UpstreamFailed, match="no longer waits for this answer") as failed:
        await client.resume(asking, {"1": YES}, "elicit")
    assert failed.value.code == "upstream-unknown"
    await asyncio.wait_for(client.upstreams.settled("asks", asking["asking"]["state"]), 1)


@pytest.mark.parametrize("state", ["", "{}", "nonsense", '{"kind":"parked","digest":"x","place":"y"}', "\ud800"])
async def test_a_state_that_nobody_gave_is_refused(talk, state):
    client = await talk()
    with pytest.raises(UpstreamFailed) as failed:
        await client.resume({"asking": {"state": state}}, {}, "elicit")
    assert failed.value.code == "upstream-unknown"
    await asyncio.wait_for(client.upstreams.settled("asks", state), 1)


async def test_an_answer_for_another_request_or_of_another_caller_is_refused(talk):
    client = await talk()
    asking = await client.call("elicit")
    with pytest.raises(UpstreamFailed, match="did not ask this in answer to this request"):
        await client.resume(asking, {"1": YES}, "facts")
    mallory = replace(ASKED, caller=("default", "keys", "", "mallory"))
    with pytest.raises(UpstreamFailed, match="no longer waits"):
        await client.resume(asking, {"1": YES}, "elicit", party=mallory)
    assert said(await client.resume(asking, {"1": YES}, "elicit")) == YES["result"]


async def test_a_call_whose_client_never_answers_is_given_up(talk):
    client = await talk(ask_timeout=0.2)
    asking = await client.call("elicit")
    await asyncio.wait_for(client.upstreams.settled("asks", asking["asking"]["state"]), 5)
    with pytest.raises(UpstreamFailed, match="no longer waits for this answer"):
        await client.resume(asking, {"1": YES}, "elicit")
    assert client.parked() == 0


async def test_what_is_abandoned_is_cancelled_upstream(talk):
    client = await talk()
    asking = await client.call("answer_anyway")
    client.upstreams.abandon(asking["asking"]["state"])
    assert client.parked() == 0
    await asyncio.wait_for(client.upstreams.settled("asks", asking["asking"]["state"]), 1)
    await asyncio.sleep(0)
    answered, cancelled = said(await client.call("facts"))["heard"]
    assert answered == [1001, {"action": "cancel"}]
    assert cancelled[0] == "notifications/cancelled"


async def test_no_more_calls_wait_than_may(talk):
    client = await talk(max_parked=1, sessions="session")
    first = await client.call("elicit")
    other = replace(ASKED, session="s2")
    with pytest.raises(UpstreamFailed, match="too many calls that wait for their clients"):
        await client.call("elicit", party=other)
    assert said(await client.resume(first, {"1": YES}, "elicit")) == YES["result"]
    second = await client.call("elicit", party=other)
    assert said(await client.resume(second, {"1": YES}, "elicit", party=other)) == YES["result"]


async def test_while_a_client_is_asked_no_deadline_runs(talk):
    client = await talk()
    await client.call("facts")
    asking = await client.call("elicit", seconds=0.5)
    await asyncio.sleep(0.6)
    assert said(await client.resume(asking, {"1": YES}, "elicit")) == YES["result"]


async def test_a_resumed_call_has_a_deadline_again(talk):
    client = await talk()
    asking = await client.call("withdraw")
    with pytest.raises(UpstreamFailed, match="did not answer `tools/call` within"):
        await client.resume(asking, {"1": YES}, "withdraw", seconds=0.2)
    assert client.upstreams.states()["asks"].in_flight == 0


async def test_news_that_come_while_the_client_is_asked_are_told_afterwards(talk):
    client = await talk()
    told = []

    async def notify(method, params):
        told.append((method, params["progressToken"], params["progress"]))

    meta = {"params": {"_meta": {"progressToken": "mine"}}}
    asking = await client.call("news_while_asking", notify=notify, **meta)
    await client.call("go")
    assert told == []
    await client.resume(asking, {"1": YES}, "news_while_asking", notify=notify, **meta)
    assert told == [("notifications/progress", "mine", step) for step in range(3)]


async def test_calls_that_are_alike_share_what_is_asked(talk):
    client = await talk()
    asking = await asyncio.gather(*(client.call("elicit") for _ in range(5)))
    assert [wanted(one) for one in asking] == [{"1": "elicitation/create"}] * 5
    answers = await asyncio.gather(
        *(
            client.resume(one, {"1": {"result": {"action": "accept", "content": {"key": str(number)}}}}, "elicit")
            for number, one in enumerate(asking)
        )
    )
    assert sorted(said(answer)["content"]["key"] for answer in answers) == list("01234")


async def test_a_question_that_was_another_calls_is_asked_there_once_the_guess_was_wrong(talk):
    client = await talk()
    arguments = {"then": "answer"}
    waiting = asyncio.ensure_future(client.call("ask_later", arguments))
    await client.peers.until(lambda: client.upstreams.states()["asks"].in_flight == 1)
    asking = asyncio.ensure_future(client.call("ask_later", {"then": "ask"}))
    first = await waiting
    assert wanted(first) == {"1": "elicitation/create"}
    await client.call("go")
    assert said(await client.resume(first, {}, "ask_later", arguments)) == "not mine"
    second = await asking
    assert wanted(second) == {"1": "elicitation/create"}
    assert said(await client.resume(second, {"1": YES}, "ask_later", {"then": "ask"})) == YES["result"]


async def test_strangers_are_never_alike(talk):
    client = await talk()
    client.party = replace(ASKED, caller=("default", "", "", ""), session="")
    holding = asyncio.ensure_future(client.call("ask_later", {"then": "answer"}))
    await client.peers.until(lambda: client.upstreams.states()["asks"].in_flight == 1)
    assert said(await client.call("ask_later", {"then": "ask"}))["code"] == -32603
    await client.call("go")
    assert said(await holding) == "not mine"


async def test_two_calls_that_could_have_asked_make_a_question_nobodys(talk):
    client = await talk()
    holding = asyncio.ensure_future(client.call("hold"))
    await client.peers.until(lambda: client.upstreams.states()["asks"].in_flight == 1)
    await client.call("facts")
    answer = said(await client.call("elicit"))
    assert answer["code"] == -32603
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding


async def test_a_cancelled_call_is_cancelled_upstream_before_and_after_it_asked(talk):
    client = await talk()
    holding = asyncio.ensure_future(client.call("hold"))
    await client.peers.until(lambda: client.upstreams.states()["asks"].in_flight == 1)
    number = said(await client.call("facts"))["requests"][0]
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert said(await client.call("facts"))["heard"] == [["notifications/cancelled", {"requestId": number}]]
    asking = await client.call("withdraw")
    resuming = asyncio.ensure_future(client.resume(asking, {"1": YES}, "withdraw"))
    await client.peers.until(lambda: client.upstreams.states()["asks"].in_flight == 1)
    resuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await resuming
    assert [one[0] for one in said(await client.call("facts"))["heard"]] == ["notifications/cancelled"] * 2
    assert client.upstreams.states()["asks"].in_flight == 0


async def test_roots_that_are_asked_for_at_once_are_asked_of_the_first_call(talk):
    client = await talk(environment={"PEER_ROOTS": "1"})
    asking = await client.call("facts")
    assert wanted(asking) == {"1": "roots/list"}
    roots = {"roots": [{"uri": "file:///home/ana", "name": "home"}]}
    said(await client.resume(asking, {"1": {"result": roots}}, "facts"))
    heard = said(await client.call("facts"))["heard"]
    assert heard == [roots]
    await client.upstreams.note("notifications/roots/list_changed", {}, client.party)
    heard = said(await client.call("facts"))["heard"]
    assert heard[1:] == [["notifications/roots/list_changed", {}]]


@pytest.mark.parametrize(
    ("method", "params", "lack"),
    [
        ("elicitation/create", {"mode": "url", "url": "https://x", "message": "m"}, "elicitation.url"),
        ("sampling/createMessage", {"messages": [], "maxTokens": 1, "tools": [{"name": "x"}]}, "sampling.tools"),
        ("roots/list", {}, "roots"),
    ],
)
async def test_what_the_client_has_not_declared_is_refused(talk, method, params, lack):
    client = await talk()
    party = replace(ASKED, capabilities={"elicitation": {"form": {}}, "sampling": {}})
    answer = said(await client.call("request_of", {"method": method, "params": params}, party=party))
    assert answer["code"] in (-32601, -32602)
    assert f"`{lack}`" in answer["message"]


@pytest.mark.parametrize("method", ["tools/list", "elicitation/complete", "no/such"])
async def test_what_no_server_may_ask_is_refused(talk, method):
    client = await talk()
    assert said(await client.call("request_of", {"method": method}))["code"] == -32601


async def test_a_url_that_must_be_opened_first(talk):
    client = await talk()
    asking = await client.call("url_required")
    (request,) = asking["asking"]["requests"].values()
    assert request["method"] == "elicitation/create"
    assert (request["params"]["mode"], request["params"]["url"]) == ("url", "https://example.com/x")
    accept = {"e1": {"result": {"action": "accept"}}}
    resuming = asyncio.ensure_future(client.resume(asking, accept, "url_required"))
    await client.peers.until(lambda: client.upstreams.states()["asks"].in_flight == 1)
    assert said(await client.call("facts"))["heard"] == ["asked"], "it is not asked again before the URL was dealt with"
    assert said(await client.call("open_url")) == "noted"
    assert said(await resuming) == "opened"


async def test_a_server_that_does_not_say_when_a_url_was_opened_is_asked_again(talk, monkeypatch):
    monkeypatch.setattr("mcpg.upstreams.calls.OPENING_SECONDS", 0.05)
    client = await talk()
    asking = await client.call("url_required", {"times": 2})
    accept = {"e1": {"result": {"action": "accept"}}}
    asking = await client.resume(asking, accept, "url_required", {"times": 2})
    assert wanted(asking) == {"e1": "elicitation/create"}
    assert said(await client.resume(asking, accept, "url_required", {"times": 2})) == "opened"


async def test_a_url_that_the_client_does_not_open(talk):
    client = await talk()
    asking = await client.call("url_required")
    answer = await client.resume(asking, {"e1": {"result": {"action": "decline"}}}, "url_required")
    assert "did not open" in answer["error"]["message"]


async def test_a_client_that_opens_no_urls_is_told_what_it_lacks(talk):
    client = await talk()
    answer = await client.call("url_required", party=replace(ASKED, capabilities={"elicitation": {"form": {}}}))
    assert answer["error"]["code"] == -32021
    assert answer["error"]["data"] == {"requiredCapabilities": {"elicitation": {"url": {}}}}


async def test_urls_that_are_none(talk):
    client = await talk()
    with pytest.raises(UpstreamFailed, match="wants URLs opened, but does not say which"):
        await client.call("url_required", {"broken": True})
