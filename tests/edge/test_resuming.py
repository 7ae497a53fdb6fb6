"""Clients of sessions that lose the stream of an answer, or are sent away from it, and come back for the rest."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from tests.edge.asking import AskingService, Talker, asked_on, outcome, until
from tests.edge.kit import Answered, Client, modern

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings

ACCEPTED = {"action": "accept", "content": {"name": "Ana"}}


@pytest.fixture
def service() -> AskingService:
    return AskingService()


@pytest.fixture
def settings() -> EdgeSettings:
    return EdgeSettings(watch_after=0.0)


@pytest.fixture
async def talker(endpoint: McpEndpoint) -> Talker:
    return await Talker(endpoint).meet()


def _ids(answered: Answered) -> list[str]:
    return re.findall(r"^id: (.*)$", answered.body.decode(), re.MULTILINE)


async def _leave(talker: Talker, endpoint: McpEndpoint) -> None:
    """Lose all connections, and come back to life once the gateway has seen it."""
    before = endpoint.shared.load._detached
    talker.leave()
    await until(lambda: endpoint.shared.load._detached == before + 1)
    talker.gone = asyncio.Event()


async def _asked_while_away(talker: Talker, service: AskingService, endpoint: McpEndpoint) -> tuple[Any, Any]:
    """Lose the connection of a call that has said something, and have it ask; return the call and what it had said."""
    task, lost = talker.begin("late")
    await until(lambda: "content-type" in lost.headers and lost.messages)
    await _leave(talker, endpoint)
    service.go_on.set()
    await until(lambda: endpoint.shared.asks.pending == 1)
    return task, lost


async def test_the_first_event_primes_the_client(talker: Talker, service: AskingService) -> None:
    task, answered = talker.begin("late")
    await service.started.wait()
    await until(lambda: answered.messages)
    first, second = answered.body.split(b"\n\n")[:2]
    assert re.fullmatch(rb"id: [0-9a-f]{16}-0\nretry: 1000\ndata: ", first)
    assert second.startswith(first[:20])
    assert second.startswith(b"id: " + first[4:20] + b"-1\ndata: {")
    service.go_on.set()
    (asked,) = await asked_on(answered)
    await talker.reply(asked, ACCEPTED)
    await task


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18"])
async def test_older_clients_get_ids_and_no_empty_event(
    endpoint: McpEndpoint, service: AskingService, version: str
) -> None:
    talker = await Talker(endpoint).meet(version)
    service.go_on.set()
    answered = await talker.begin("chatty", times=1)[0]
    assert all(event.data for event in answered.events)
    assert [place.rpartition("-")[2] for place in _ids(answered)] == ["1", "2"]


async def test_a_modern_answer_has_no_ids(endpoint: McpEndpoint, service: AskingService) -> None:
    service.go_on.set()
    message, headers = modern("tools/call", {"name": "late"}, meta={"progressToken": "t"})
    answered = await Talker(endpoint).post(message, headers)
    assert answered.headers["content-type"] == "text/event-stream"
    assert _ids(answered) == []


async def test_a_call_goes_on_and_its_question_is_replayed(
    talker: Talker, service: AskingService, endpoint: McpEndpoint
) -> None:
    task, lost = await _asked_while_away(talker, service, endpoint)
    back, found = talker.resume(_ids(lost)[-1])
    (asked,) = await asked_on(found)
    assert endpoint.shared.load._detached == 0
    await talker.reply(asked, ACCEPTED)
    await asyncio.gather(task, back)
    assert outcome(found)[0]["result"]["action"] == "accept"
    assert found.whole
    assert found.headers["content-type"] == "text/event-stream"
    assert [place.rpartition("-")[2] for place in _ids(found)] == ["2", "3"]
    assert not any("result" in message for message in lost.messages)
    assert endpoint.measures._events.value("replayed") == 1


async def test_what_was_said_is_told_again_after_the_end(
    talker: Talker, service: AskingService, endpoint: McpEndpoint
) -> None:
    task, lost = await _asked_while_away(talker, service, endpoint)
    (asked,) = await _from(talker, _ids(lost)[-1], 1)
    await talker.reply(asked, ACCEPTED)
    await task
    for event_id, number in zip(_ids(lost), (3, 2), strict=True):
        found = await talker.resume(event_id)[0]
        assert len(found.messages) == number
        assert found.whole
    last = _ids(await talker.resume(_ids(lost)[0])[0])[-1]
    empty = await talker.resume(last)[0]
    assert (empty.status, empty.body, empty.whole) == (200, b"", True)


async def _from(talker: Talker, event_id: str, number: int) -> list[dict[str, Any]]:
    """Come back, read so many requests, and lose the connection again."""
    reader = Client(talker.app)
    answered = Answered()
    lines = {"mcp-session-id": talker.session, "accept": "text/event-stream", "last-event-id": event_id}
    task = asyncio.create_task(reader.send("GET", headers=lines, answered=answered))
    asked = await asked_on(answered, number)
    reader.leave()
    await task
    return asked


async def test_of_two_that_come_back_the_later_goes_on(
    talker: Talker, service: AskingService, endpoint: McpEndpoint
) -> None:
    task, lost = talker.begin("late")
    await until(lambda: "content-type" in lost.headers and lost.messages)
    await _leave(talker, endpoint)
    service.go_on.set()
    first, one = talker.resume(_ids(lost)[-1])
    (asked,) = await asked_on(one)
    second, two = talker.resume(_ids(lost)[-1])
    await asked_on(two)
    await first
    assert one.whole
    await talker.reply(asked, ACCEPTED)
    await asyncio.gather(second, task)
    assert "result" in two.messages[-1]
    assert not any("result" in message for message in one.messages)


async def test_who_comes_back_takes_the_place_of_a_connection_that_is_not_known_to_be_lost(
    talker: Talker, service: AskingService
) -> None:
    task, old = talker.begin("late")
    await until(lambda: "content-type" in old.headers and old.messages)
    back, new = talker.resume(_ids(old)[0])
    await until(lambda: "content-type" in new.headers and new.messages)
    await until(lambda: old.whole)
    service.go_on.set()
    (asked,) = await asked_on(new)
    await talker.reply(asked, ACCEPTED)
    await asyncio.gather(task, back)
    assert [("result" in message) for message in new.messages] == [False, False, True]
    assert len(old.messages) == 1


async def test_a_client_is_sent_away_and_comes_back(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0, stream_poll_after=0.02, stream_retry=0.25))
    talker = await Talker(endpoint).meet()
    task, first = talker.begin("slow")
    await until(lambda: first.whole)
    assert [event.data for event in first.events] == [b""]
    assert first.body.endswith(b"retry: 250\n\n")
    assert endpoint.pending == 1
    again = await talker.resume(_ids(first)[-1])[0]
    assert (again.whole, again.body) == (True, b"retry: 250\n\n")
    service.finish.set()
    await task
    found = await talker.resume(_ids(first)[-1])[0]
    assert found.messages[-1]["result"]["content"][0]["text"] == "slept"
    assert service.cancelled == 0


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
async def test_nobody_is_sent_away_who_would_not_come_back_or_could_not(service: AskingService, version: str) -> None:
    settings = EdgeSettings(watch_after=0.0, stream_poll_after=0.01, keep_alive=0.01, max_detached=0)
    endpoint = McpEndpoint(service, settings)
    talker = await Talker(endpoint).meet(version)
    task, answered = talker.begin("slow")
    await until(lambda: answered.body.count(b":\n\n") >= 3)
    assert not answered.whole
    service.finish.set()
    await task
    assert answered.messages[-1]["result"]["content"][0]["text"] == "slept"


FORGED = {
    "empty": "",
    "garbage": "garbage",
    "no place": "0123456789abcdef",
    "unknown stream": "0123456789abcdef-1",
    "line break": "0123456789abcdef-1\n0",
    "huge place": "0123456789abcdef-" + "9" * 400,
    "negative place": "0123456789abcdef--1",
    "long": "a" * 30_000,
    "other digits": "0123456789abcdef-١",  # noqa: RUF001 - that is the attack
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_event_id(talker: Talker, name: str) -> None:
    try:
        found = await talker.resume(FORGED[name])[0]
    except UnicodeEncodeError:
        lines = {"mcp-session-id": talker.session, "accept": "*/*", "last-event-id": "0123456789abcdef-\xb2"}
        found = await talker.send("GET", headers=lines)
    assert (found.status, found.error) == (400, -32600)
    assert "last-event-id" in found.json["error"]["message"]


async def test_an_event_id_of_another_session_or_of_the_future(
    talker: Talker, endpoint: McpEndpoint, service: AskingService
) -> None:
    other, stranger = await Talker(endpoint).meet(), Talker(endpoint, token="bot")
    task, answered = talker.begin("late")
    await until(lambda: "content-type" in answered.headers and answered.messages)
    event_id = _ids(answered)[-1]
    assert (await other.resume(event_id)[0]).status == 400
    stranger.session = talker.session
    assert (await stranger.resume(event_id)[0]).status == 404
    assert (await talker.resume(event_id[:-1] + "2")[0]).status == 400
    service.go_on.set()
    (asked,) = await asked_on(answered)
    await talker.reply(asked, ACCEPTED)
    await task
    await talker.send("DELETE", headers={"mcp-session-id": talker.session})
    assert (await talker.resume(event_id)[0]).status == 404
    assert len(endpoint.shared.resuming._store) == 0  # type: ignore[arg-type]


async def test_what_had_to_go_cannot_be_resumed(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0, event_count=2))
    talker = await Talker(endpoint).meet()
    task, answered = talker.begin("ask", method="roots/list", params={})
    (asked,) = await asked_on(answered)
    await talker.reply(asked, {"roots": []})
    await task
    service.go_on.set()
    assert (await talker.resume(_ids(answered)[0])[0]).status == 200
    await talker.begin("chatty", 2, times=1)[0]
    found = await talker.resume(_ids(answered)[0])[0]
    assert found.status == 400
    assert endpoint.measures._events.value("dropped") == 2
    assert len(endpoint.shared.resuming._store) == 2  # type: ignore[arg-type]


async def test_old_events_go(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(event_age=0.0))
    talker = await Talker(endpoint).meet()
    service.go_on.set()
    answered = await talker.begin("chatty", times=3)[0]
    assert len(endpoint.shared.resuming._store) == 4  # type: ignore[arg-type]
    endpoint.expire_sessions()
    assert len(endpoint.shared.resuming._store) == 0  # type: ignore[arg-type]
    assert (await talker.resume(_ids(answered)[0])[0]).status == 400


async def test_too_many_that_go_on_alone_are_cancelled_when_their_reader_leaves_again(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0, max_detached=1))
    talker = await Talker(endpoint).meet()
    task, lost = talker.begin("late")
    await until(lambda: "content-type" in lost.headers and lost.messages)
    await _leave(talker, endpoint)
    back, found = talker.resume(_ids(lost)[0])
    await until(lambda: "content-type" in found.headers and found.messages)
    assert endpoint.shared.load._detached == 0
    endpoint.shared.load._detached = 1  # somebody else's
    talker.leave()
    await asyncio.gather(task, back)
    assert (endpoint.pending, endpoint.shared.load._detached) == (0, 1)


async def test_it_is_not_resumed_without_room(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(max_streams=0))
    talker = await Talker(endpoint).meet()
    service.go_on.set()
    answered = await talker.begin("chatty", times=1)[0]
    assert (await talker.resume(_ids(answered)[0])[0]).status == 503


async def test_nothing_of_another_stream_is_replayed(talker: Talker, service: AskingService) -> None:
    service.go_on.set()
    one = await talker.begin("chatty", 1, times=2)[0]
    two = await talker.begin("chatty", 2, times=2)[0]
    found = await talker.resume(_ids(one)[0])[0]
    assert found.messages == one.messages
    assert json.dumps(found.messages) != json.dumps(two.messages)


async def test_a_silent_call_can_be_resumed_too(service: AskingService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0, stream_prime_after=0.01))
    talker = await Talker(endpoint).meet()
    task, lost = talker.begin("slow")
    await until(lambda: _ids(lost))
    await _leave(talker, endpoint)
    service.finish.set()
    await task
    found = await talker.resume(_ids(lost)[-1])[0]
    assert found.messages[-1]["result"]["content"][0]["text"] == "slept"


@pytest.mark.parametrize("modern_era", [False, True])
async def test_nothing_is_left_of_a_request_that_the_server_itself_cancels(
    talker: Talker, endpoint: McpEndpoint, service: AskingService, *, modern_era: bool
) -> None:
    if modern_era:
        message, headers = modern("tools/call", {"name": "late"}, meta={"progressToken": "t"})
        task = asyncio.create_task(talker.post(message, headers))
    else:
        task, _ = talker.begin("late")
    await service.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: len(asyncio.all_tasks()) == 1)
    assert endpoint.shared.resuming._running == {}
    assert (endpoint.pending, endpoint.shared.load._detached) == (0, 0)


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
async def test_a_connection_that_breaks_while_it_is_written_to(service: AskingService, version: str) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0))
    talker = await Talker(endpoint).meet(version)

    async def broken(scope: Any, receive: Any, _: Any) -> None:
        async def send(message: Any) -> None:
            raise OSError("the wire is cut")

        await endpoint(scope, receive, send)

    talker.app = broken
    task, _ = talker.begin("late")
    await until(lambda: endpoint.shared.load._detached == 1)
    talker.app = endpoint
    service.go_on.set()
    await until(lambda: endpoint.shared.asks.pending == 1)
    stream = next(iter(endpoint.shared.resuming._running[next(iter(endpoint.shared.resuming._running))]))
    back, found = talker.resume(f"{stream}-0")
    (asked,) = await asked_on(found)
    await talker.reply(asked, ACCEPTED)
    await asyncio.gather(task, back)
    assert "result" in found.messages[-1]
