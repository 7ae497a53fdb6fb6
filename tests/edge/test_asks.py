"""Requests of the gateway to clients of sessions: on the stream of their call, answered by whom they were put to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.edge.asking import FORM, AskingService, Talker, asked_on, outcome, until
from tests.edge.kit import call, request

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings
from mcpg.protocol.versions import HANDSHAKE

ACCEPTED = {"action": "accept", "content": {"name": "Ana"}}


@pytest.fixture
def service() -> AskingService:
    return AskingService()


@pytest.fixture
async def talker(endpoint: McpEndpoint) -> Talker:
    return await Talker(endpoint).meet()


def _asks(endpoint: McpEndpoint, how: str) -> float:
    return endpoint.measures._asks.value(how)


@pytest.mark.parametrize("version", HANDSHAKE)
async def test_a_client_is_asked_on_the_stream_of_its_call(endpoint: McpEndpoint, version: str) -> None:
    talker = await Talker(endpoint).meet(version)
    task, answered = talker.begin("ask", method="roots/list", params={})
    (asked,) = await asked_on(answered)
    assert asked["method"] == "roots/list"
    settled = await talker.reply(asked, {"roots": [{"uri": "file:///a", "name": "a"}]})
    assert (settled.status, settled.body) == (202, b"")
    (answer,) = outcome(await task)
    assert answer["result"]["roots"] == [{"uri": "file:///a", "name": "a"}]
    assert answered.whole
    assert endpoint.shared.asks.pending == 0
    assert _asks(endpoint, "answered") == 1


async def test_two_are_asked_at_once_and_answered_in_any_order(talker: Talker) -> None:
    task, answered = talker.begin("pair")
    form, roots = await asked_on(answered, 2)
    assert (form["method"], roots["method"]) == ("elicitation/create", "roots/list")
    await talker.reply(roots, {"roots": []})
    await talker.reply(form, ACCEPTED)
    first, second = outcome(await task)
    assert (first["result"]["action"], second["result"]["roots"]) == ("accept", [])


async def test_each_call_is_asked_on_its_own_stream(talker: Talker) -> None:
    one, heard_one = talker.begin("ask", 1)
    two, heard_two = talker.begin("ask", 2)
    (first,), (second,) = await asked_on(heard_one), await asked_on(heard_two)
    assert first["id"] != second["id"]
    await talker.reply(second, {"action": "decline"})
    assert outcome(await two)[0]["result"]["action"] == "decline"
    assert len(await asked_on(heard_one)) == 1
    await talker.reply(first, ACCEPTED)
    assert outcome(await one)[0]["result"]["action"] == "accept"


async def test_an_error_is_an_answer_too(talker: Talker, endpoint: McpEndpoint) -> None:
    task, answered = talker.begin("ask")
    (asked,) = await asked_on(answered)
    error = {"code": -1, "message": "User rejected", "data": {"why": "no"}}
    await talker.post({"jsonrpc": "2.0", "id": asked["id"], "error": error})
    assert outcome(await task) == [{"error": error}]
    assert _asks(endpoint, "error") == 1


async def test_an_answer_that_is_none_is_an_error(talker: Talker) -> None:
    task, answered = talker.begin("ask")
    (asked,) = await asked_on(answered)
    await talker.reply(asked, {"action": 7})
    assert "error" in outcome(await task)[0]


@pytest.mark.parametrize(
    ("capabilities", "method", "params", "missing"),
    [
        ({}, "elicitation/create", FORM, "elicitation"),
        ({"elicitation": {}}, "elicitation/create", {"mode": "url", "url": "https://a.example"}, "elicitation.url"),
        ({"elicitation": {"url": {}}}, "elicitation/create", FORM, "elicitation.form"),
        ({}, "roots/list", {}, "roots"),
        ({}, "sampling/createMessage", {"messages": [], "maxTokens": 1}, "sampling"),
        ({"sampling": {}}, "sampling/createMessage", {"messages": [], "maxTokens": 1, "tools": []}, "sampling.tools"),
        ({"roots": {}}, "ping", {}, "ping"),
    ],
)
async def test_nobody_is_asked_what_it_did_not_declare(
    endpoint: McpEndpoint, capabilities: dict[str, Any], method: str, params: dict[str, Any], missing: str
) -> None:
    talker = await Talker(endpoint).meet(capabilities=capabilities)
    task, _ = talker.begin("ask", method=method, params=params)
    assert outcome(await task) == [f"the client has not declared the capability `{missing}`"]


async def test_a_modern_client_takes_no_requests(endpoint: McpEndpoint) -> None:
    answered = await Talker(endpoint).modern("tools/call", {"name": "ask"})
    assert outcome(answered) == ["clients of `2026-07-28` take no requests"]


async def test_who_gives_up_tells_the_client(talker: Talker, endpoint: McpEndpoint) -> None:
    task, answered = talker.begin("impatient")
    assert outcome(await task) == ["gave up"]
    asked, cancelled, _ = answered.messages
    assert cancelled["method"] == "notifications/cancelled"
    assert cancelled["params"]["requestId"] == asked["id"]
    late = await talker.reply(asked, ACCEPTED)
    assert (late.status, _asks(endpoint, "unknown"), _asks(endpoint, "cancelled")) == (202, 1, 1)


async def test_a_cancelled_call_takes_its_question_back(talker: Talker, endpoint: McpEndpoint) -> None:
    task, answered = talker.begin("ask", 5)
    (asked,) = await asked_on(answered)
    await talker.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}})
    await task
    assert answered.messages[-1]["params"]["requestId"] == asked["id"]
    assert endpoint.shared.asks.pending == 0


async def test_an_answer_counts_once_and_only_in_its_own_session(endpoint: McpEndpoint, talker: Talker) -> None:
    again, stranger = await Talker(endpoint).meet(), await Talker(endpoint, token="bot").meet()
    task, answered = talker.begin("ask")
    (asked,) = await asked_on(answered)
    for other in (again, stranger):
        assert (await other.reply(asked, {"action": "accept", "content": {"name": "Eve"}})).status == 202
    assert _asks(endpoint, "unknown") == 2
    stranger.session = talker.session
    assert (await stranger.reply(asked, ACCEPTED)).status == 404
    for wrong in (1, "1", asked["id"].upper() + "0", None):
        message = {"jsonrpc": "2.0", "id": wrong, "error": {"code": 1, "message": "m"}}
        assert (await talker.post(message)).status == 202
    assert not task.done()
    await talker.reply(asked, ACCEPTED)
    await talker.reply(asked, {"action": "decline"})
    assert outcome(await task)[0]["result"]["action"] == "accept"
    assert _asks(endpoint, "unknown") == 7


async def test_a_session_that_ends_fails_its_questions(endpoint: McpEndpoint, talker: Talker) -> None:
    other = await Talker(endpoint).meet()
    waits, heard = other.begin("ask", 9)
    (asked,) = await asked_on(heard)
    task, answered = talker.begin("ask")
    await asked_on(answered)
    await talker.send("DELETE", headers={"mcp-session-id": talker.session})
    await task
    assert answered.whole
    assert endpoint.shared.asks.pending == 1
    await other.reply(asked, ACCEPTED)
    assert outcome(await waits)[0]["result"]["action"] == "accept"


async def test_the_table_tells_that_a_session_has_ended(endpoint: McpEndpoint, talker: Talker) -> None:
    session = endpoint.shared.sessions.table.all()[0]
    sent: list[bytes] = []

    async def carry(message: bytes) -> None:
        sent.append(message)

    task = asyncio.create_task(AskingService()._ask(_Line(endpoint, session, carry), "roots/list", {}))
    await until(lambda: sent)
    endpoint.shared.asks.close(session.id)
    assert await task == "the session has ended"


class _Line:
    """A channel without a transport."""

    def __init__(self, endpoint: McpEndpoint, session: Any, carry: Any) -> None:
        self._asks, self._session, self._carry = endpoint.shared.asks, session, carry

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        raise NotImplementedError

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return await self._asks.ask(self._session, self._carry, method, params)


async def test_open_questions_are_bounded(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(max_asks=1))
    talker = await Talker(endpoint).meet()
    task, answered = talker.begin("pair")
    (asked,) = await asked_on(answered)
    await talker.reply(asked, ACCEPTED)
    assert outcome(await task)[1] == "the client has 1 requests open already"
    assert _asks(endpoint, "refused") == 1


async def test_a_client_that_has_left_before_any_event_cannot_be_asked(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0))
    talker = await Talker(endpoint).meet()
    task, _ = talker.begin_post(call("late"))  # without a token: nothing is said before the question
    await service.started.wait()
    talker.leave()
    await until(lambda: endpoint.shared.load._detached == 1)
    service.go_on.set()
    await task
    assert service.outcomes == ["the client has left this request, and has nothing to resume it from"]
    assert _asks(endpoint, "unreachable") == 1


async def test_a_batch_settles_what_it_answers_before_its_requests_run(endpoint: McpEndpoint) -> None:
    talker = await Talker(endpoint).meet("2025-03-26")
    task, answered = talker.begin("ask", 1, method="roots/list", params={})
    (asked,) = await asked_on(answered)
    settled = {"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": []}}
    only = await talker.post([{"jsonrpc": "2.0", "id": "nobody", "result": {}}])
    assert (only.status, only.body) == (202, b"")
    batch, heard = talker.begin_post([call("ask", 2, method="roots/list", params={}), settled])
    assert outcome(await task) == [{"result": {"roots": []}}]
    (again,) = await asked_on(heard)
    assert (await talker.post([{**settled, "id": again["id"]}, request("ping", request_id=3)])).json[0]["id"] == 3
    await batch
    assert [part["id"] for part in heard.messages[-1]] == [2]


async def test_what_is_measured_is_shown(endpoint: McpEndpoint, talker: Talker) -> None:
    task, answered = talker.begin("ask")
    (asked,) = await asked_on(answered)
    text = "\n".join(line for metric in endpoint.metrics() for line in metric.lines())
    assert "mcpg_asks_pending 1" in text
    assert 'mcpg_events_total{fate="stored"} 1' in text
    assert "mcpg_events_kept 1" in text
    await talker.reply(asked, ACCEPTED)
    await task
