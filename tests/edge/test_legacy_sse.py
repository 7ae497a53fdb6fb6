"""HTTP+SSE of 2024-11-05 without sockets: the stream, the posts, whose they are, and a reader that does not read."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.kit import Answered, Client, FakeService, call, modern, request

from mcpg.edge.front import front_door
from mcpg.edge.hub import Hub
from mcpg.edge.public import public_app
from mcpg.edge.settings import EdgeSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INIT = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
ELICIT = {"mode": "form", "message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}


class Wire:
    """One client of this transport; `stuck` makes its connection take nothing more."""

    def __init__(self, hub: Hub, service: FakeService, token: str = "ana", path: str = "/mcp") -> None:
        self.hub, self.service = hub, service
        endpoint = hub.endpoint("mcp", service)
        self.app = front_door(endpoint, public_app(lambda: True), path="/mcp")
        self.client = Client(self._routed, token)
        self.path = path
        self.answered = Answered()
        self.stuck = asyncio.Event()
        self.where = ""

    async def begin(self) -> Wire:
        self.path, self.task = "/mcp/sse", asyncio.create_task(self._get())
        await self._until(lambda: self.answered.events or self.task.done())
        self.where = self.answered.events[0].data.decode()
        return self

    async def post(self, message: Any, headers: dict[str, str] | None = None) -> Answered:
        self.path = "/mcp/" + self.where
        lines = {"content-type": "application/json"} | (headers or {})
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return await self.client.send("POST", body, lines)

    async def ask(self, message: Any) -> Any:
        before = len(self.messages)
        assert (await self.post(message)).status == 202
        return await self.next(before)

    async def next(self, before: int) -> Any:
        await self._until(lambda: len(self.messages) > before)
        return self.messages[before]

    @property
    def messages(self) -> list[Any]:
        return [json.loads(event.data) for event in self.answered.events if event.event == "message"]

    async def end(self) -> None:
        self.client.leave()
        await asyncio.wait_for(self.task, 5)

    async def _get(self) -> None:
        await self.client.send("GET", headers={"accept": "text/event-stream"}, answered=self.answered)

    async def _routed(self, scope: Any, receive: Any, send: Any) -> None:
        path, _, query = self.path.partition("?")

        async def take(message: Any) -> None:
            if scope["method"] == "GET" and self.stuck.is_set():
                await asyncio.Event().wait()
            await send(message)

        await self.app({**scope, "path": path, "query_string": query.encode()}, receive, take)

    @staticmethod
    async def _until(done: Any) -> None:
        async with asyncio.timeout(5):
            while not done():  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0)


@pytest.fixture
def hub() -> Hub:
    return Hub(EdgeSettings(write_timeout=0.05, stream_bytes=10_000, max_pending_each=4))


@pytest.fixture
async def wire(hub: Hub, service: FakeService) -> AsyncIterator[Wire]:
    wire = await Wire(hub, service).begin()
    yield wire
    await wire.end()


async def test_a_session_over_a_stream_and_posts(wire: Wire, service: FakeService) -> None:
    assert wire.answered.headers["content-type"] == "text/event-stream"
    assert wire.answered.events[0].event == "endpoint"
    assert wire.where.startswith("messages?sessionId=")
    assert (await wire.ask(request("tools/list")))["error"]["code"] == -32600
    assert (await wire.ask(request("initialize", INIT)))["result"]["protocolVersion"] == "2024-11-05"
    assert (await wire.post({"jsonrpc": "2.0", "method": "notifications/initialized"})).status == 202
    answered = await wire.ask(call("echo", 2, text="x"))
    assert (answered["id"], answered["result"]["content"][0]["text"]) == (2, "ana: x")
    assert b"event: message\ndata: {" in wire.answered.body
    assert (service.calls[0].version, service.calls[0].session != "") == ("2024-11-05", True)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_any_version_with_a_handshake_may_be_agreed_on(wire: Wire, version: str) -> None:
    opened = await wire.ask(request("initialize", INIT | {"protocolVersion": version}))
    assert opened["result"]["protocolVersion"] == version


async def test_batches_of_the_version_that_has_them(wire: Wire) -> None:
    await wire.ask(request("initialize", INIT | {"protocolVersion": "2025-03-26"}))
    answered = await wire.ask([request("ping", request_id=1), request("ping", request_id=2)])
    assert [each["id"] for each in answered] == [1, 2]


async def test_the_stream_is_asked_and_answers_by_post(wire: Wire) -> None:
    init = INIT | {"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}}
    await wire.ask(request("initialize", init))
    asked = await wire.ask(call("ask", 5, method="elicitation/create", params=ELICIT))
    assert asked["method"] == "elicitation/create"
    answered = await wire.ask({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}})
    assert json.loads(answered["result"]["content"][0]["text"]) == {"result": {"action": "decline"}}


async def test_changes_and_updates_are_told_on_the_stream(wire: Wire, hub: Hub, service: FakeService) -> None:
    await wire.ask(request("initialize", INIT))
    await wire.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    await wire.ask(request("resources/subscribe", {"uri": "file:a"}))
    before = len(wire.messages)
    hub.notify_changed("tools")
    service.watches["file:a"][0]({"uri": "file:a"})
    assert (await wire.next(before))["method"] == "notifications/resources/updated"
    service.lists["tools"] = "2"
    hub.notify_changed("tools")
    assert (await wire.next(before + 1))["method"] == "notifications/tools/list_changed"


async def test_requests_are_counted_like_any(wire: Wire, hub: Hub) -> None:
    await wire.ask(request("initialize", INIT))
    await wire.ask(call("echo", 1))
    await wire.ask(call("crash", 2))
    lines = [line for metric in hub.metrics() for line in metric.lines()]
    text = "\n".join(lines)
    assert 'version="2024-11-05",method="tools/call",outcome="ok"} 1' in text
    assert 'version="2024-11-05",method="tools/call",outcome="-32603"} 1' in text


async def test_leaving_ends_the_session_and_its_work(hub: Hub, service: FakeService) -> None:
    wire = await Wire(hub, service).begin()
    await wire.ask(request("initialize", INIT))
    await wire.ask(request("resources/subscribe", {"uri": "file:a"}))
    await wire.post(call("slow", 3))
    await service.started.wait()
    assert hub.pending == 1
    await wire.end()
    await hub.released()
    assert (service.cancelled, hub.pending, len(hub.sessions), len(hub.streams)) == (1, 0, 0, 0)
    assert service.watches == {"file:a": []}
    assert [who for who, _ in service.released] == ["ana"]
    assert await _status(wire, request("ping")) == 404


async def test_a_post_of_another_caller_or_session_is_404(wire: Wire, hub: Hub, service: FakeService) -> None:
    other = await Wire(hub, service, token="bot").begin()
    mine, other.where = other.where, wire.where
    assert await _status(other, request("initialize", INIT)) == 404
    assert not wire.messages
    other.where = mine + "x"
    assert await _status(other, request("initialize", INIT)) == 404
    other.where = "messages"
    assert await _status(other, request("initialize", INIT)) == 400
    other.where = mine + "&sessionId=2"
    assert await _status(other, request("initialize", INIT)) == 400
    await other.end()


async def test_the_sessions_of_the_two_transports_are_of_no_use_to_each_other(wire: Wire) -> None:
    streamable = Client(wire.client.app, "ana")
    wire.path = "/mcp"
    name = wire.where.partition("=")[2]
    assert (await streamable.post(request("ping"), {"mcp-session-id": name})).status == 404
    await streamable.open()
    wire.where = f"messages?sessionId={streamable.session}"
    assert await _status(wire, request("ping")) == 404


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', {}, 400),
        (json.dumps(modern("tools/list")[0]).encode(), {}, 400),
        (b"{}", {"content-type": "text/plain"}, 415),
        (json.dumps(request("ping")).encode(), {"content-encoding": "gzip"}, 415),
        (b"x" * 5_000_000, {}, 413),
        (b"{}", {"origin": "https://evil.example"}, 403),
        (json.dumps(request("ping")).encode(), {"authorization": "Bearer nobody"}, 401),
    ],
)
async def test_bad_posts_are_refused_as_posts(wire: Wire, body: bytes, headers: dict[str, str], status: int) -> None:
    assert (await wire.post(body, headers)).status == status
    assert not wire.messages


async def test_a_stream_is_refused_like_any_request(hub: Hub, service: FakeService) -> None:
    wire = Wire(hub, service)
    for path, method, headers, status in (
        ("/mcp/sse", "GET", {"accept": "application/json"}, 406),
        ("/mcp/sse", "GET", {"accept": "text/event-stream", "origin": "https://evil.example"}, 403),
        ("/mcp/sse", "GET", {"accept": "text/event-stream", "authorization": "Bearer nobody"}, 401),
        ("/mcp/sse", "POST", {}, 405),
        ("/mcp/messages", "GET", {}, 405),
        ("/other/sse", "GET", {}, 404),
    ):
        wire.path = path
        assert (await wire.client.send(method, headers=headers)).status == status
    assert len(hub.sessions) == 0


async def test_a_reader_that_takes_nothing_costs_its_bound_and_is_given_up(hub: Hub, service: FakeService) -> None:
    wire = await Wire(hub, service).begin()
    await wire.ask(request("initialize", INIT))
    wire.stuck.set()
    line = next(iter(hub.endpoint("mcp", service)._legacy._lines.values()))
    for number in range(4):
        await wire.post(call("echo", number, text="x" * 6_000))
    most = 0
    while not line.outlet.closed:
        most = max(most, line.outlet.waiting)
        await asyncio.sleep(0)
    assert most <= 10_000
    await asyncio.wait_for(wire.task, 5)
    await hub.released()
    assert (len(hub.sessions), hub.pending, line.outlet.waiting) == (0, 0, 0)
    assert await _status(wire, request("ping")) == 404


async def test_too_many_requests_at_once_are_refused_on_the_stream(wire: Wire, service: FakeService) -> None:
    await wire.ask(request("initialize", INIT))
    for number in range(4):
        await wire.post(call("slow", number))
    refused = await wire.ask(call("slow", 9))
    assert (refused["id"], refused["error"]["code"]) == (9, -32600)
    assert (await wire.ask(call("echo", 0)))["error"]["code"] == -32600
    service.finish.set()


async def test_a_session_that_gives_way_ends_its_stream(service: FakeService) -> None:
    hub = Hub(EdgeSettings(max_sessions_each=1))
    first = await Wire(hub, service).begin()
    second = await Wire(hub, service).begin()
    await asyncio.wait_for(first.task, 5)
    assert first.answered.whole
    assert len(hub.sessions) == 1
    await second.end()


async def test_answers_are_taken_until_the_end_of_the_process(hub: Hub, service: FakeService) -> None:
    wire = await Wire(hub, service).begin()
    init = INIT | {"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}}
    await wire.ask(request("initialize", init))
    asked = await wire.ask(call("ask", 5, method="elicitation/create", params=ELICIT))
    before, draining = len(wire.messages), asyncio.create_task(hub.drain(5))
    await asyncio.sleep(0)
    assert (await wire.post(request("ping"))).status == 503
    assert (await wire.post({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}})).status == 202
    assert (await wire.next(before))["id"] == 5
    assert await draining
    await asyncio.wait_for(wire.task, 5)


async def test_it_can_be_switched_off(service: FakeService) -> None:
    wire = Wire(Hub(EdgeSettings(legacy_sse=False)), service)
    for wire.path in ("/mcp/sse", "/mcp/messages"):
        assert (await wire.client.send("GET", headers={"accept": "text/event-stream"})).status == 404


async def test_the_end_of_the_process_ends_streams(hub: Hub, service: FakeService) -> None:
    wire = await Wire(hub, service).begin()
    await wire.ask(request("initialize", INIT))
    await wire.post(call("slow", 3))
    await service.started.wait()
    assert not await hub.drain(0.01)
    await asyncio.wait_for(wire.task, 5)
    assert (wire.answered.whole, service.cancelled) == (True, 1)
    wire.path = "/mcp/sse"
    assert (await wire.client.send("GET", headers={"accept": "text/event-stream"})).status == 503


async def _status(wire: Wire, message: Any) -> int:
    wire.client.gone.clear()
    return (await wire.post(message)).status
