"""Readers that take nothing, or little: none costs more than its bound, none is lied to about what it has missed."""

from __future__ import annotations

import asyncio
import json
import socket
import tracemalloc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.asking import AskingService, Talker, until
from tests.edge.kit import Answered, call, modern

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.events import EventBounds, MemoryEvents
from mcpg.edge.feeds import Feed, FeedBounds, Shelf
from mcpg.edge.front import front_door
from mcpg.edge.listeners import open_listener
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, serve
from mcpg.edge.settings import EdgeSettings
from mcpg.protocol.sse import EventDecoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BOUNDS = FeedBounds(events=4, size=1000)


@pytest.fixture
def service() -> AskingService:
    return AskingService()


def _clogged(app: Any, gate: asyncio.Event, writes: int = 1) -> Any:
    """Return the application behind a connection that takes so many bodies and no more until the gate is open."""

    async def clogged(scope: Any, receive: Any, send: Any) -> None:
        taken = 0

        async def slow(message: Any) -> None:
            nonlocal taken
            if message["type"] == "http.response.body" and scope["method"] != "DELETE":
                if taken >= writes:
                    await gate.wait()
                taken += 1
            await send(message)

        await app(scope, receive, slow)

    return clogged


def _feeds(endpoint: McpEndpoint) -> list[Feed]:
    return [feed for running in endpoint.shared.resuming._running.values() for feed in running.values()]


async def test_a_stuck_reader_costs_its_bound_and_gets_the_answer_when_it_comes_back(service: AskingService) -> None:
    settings = EdgeSettings(watch_after=0.0, write_timeout=0.2, stream_queue=16, stream_bytes=4096)
    endpoint, gate = McpEndpoint(service, settings), asyncio.Event()
    talker = await Talker(endpoint).meet()
    talker.app = _clogged(endpoint, gate)
    task, answered = talker.begin("chatty", times=5_000, size=500, answer=50_000)
    await service.started.wait()
    (feed,) = _feeds(endpoint)
    count, size = feed.waiting
    assert (0 < count <= 16, size <= 4096 + 100) == (True, True)
    assert endpoint.shared.resuming._store.size < 32 * 1024  # type: ignore[attr-defined]
    await until(lambda: endpoint.shared.load._detached == 1)
    assert feed.waiting == (0, 0)
    gate.set()  # the client reads on, and learns that it has to come back
    await until(lambda: answered.whole)
    service.go_on.set()
    await task
    assert not any("result" in message for message in answered.messages)
    talker.app = endpoint
    back, found = talker.resume(answered.body.partition(b"id: ")[2].partition(b"\n")[0].decode())
    await back
    assert json.loads(found.messages[-1]["result"]["content"][0]["text"]) == ["y" * 50_000]
    assert endpoint.measures._dropped.value() > 4_900


async def test_a_reader_that_keeps_up_misses_nothing(service: AskingService) -> None:
    talker = await Talker(McpEndpoint(service, EdgeSettings(stream_queue=8))).meet()
    service.go_on.set()
    answered = await talker.begin("chatty", times=1_000)[0]
    assert [message["params"]["progress"] for message in answered.messages[:-1]] == list(range(1, 1_001))


async def test_a_modern_reader_that_takes_nothing_is_given_up(service: AskingService) -> None:
    settings = EdgeSettings(watch_after=0.0, write_timeout=0.05, stream_queue=16, stream_bytes=4096)
    endpoint, gate = McpEndpoint(service, settings), asyncio.Event()
    talker = Talker(_clogged(endpoint, gate, 0))
    message, headers = modern("tools/call", {"name": "chatty", "arguments": {"times": 500}}, meta={"progressToken": 1})
    await talker.post(message, headers)
    assert (endpoint.pending, service.notes, service.outcomes) == (0, 500, [])


async def test_a_stuck_stream_of_changes_holds_each_thing_once(service: AskingService) -> None:
    endpoint, gate = McpEndpoint(service, EdgeSettings(stream_queue=8)), asyncio.Event()
    talker = await Talker(endpoint).meet()
    for uri in ("file:///a", "file:///b"):
        message = {"jsonrpc": "2.0", "id": uri, "method": "resources/subscribe", "params": {"uri": uri}}
        assert (await talker.post(message)).status == 200
    talker.app = _clogged(endpoint, gate)
    answered = Answered()
    lines = {"mcp-session-id": talker.session, "accept": "text/event-stream"}
    task = asyncio.create_task(talker.send("GET", headers=lines, answered=answered))
    await until(lambda: answered.status)
    for number in range(1_000):
        service.lists["tools"] = str(number)
        endpoint.notify_changed("tools")
        for uri, watches in service.watches.items():
            watches[0]({"uri": uri})
            watches[0]({"uri": f"{uri}/{number}"})
    await until(lambda: not endpoint.streams._checkers)
    (stream,) = endpoint.streams._open
    assert len(stream) <= 8
    assert endpoint.streams.dropped == endpoint.measures._dropped.value() > 1_900
    gate.set()
    await until(lambda: len(answered.messages) >= 8)
    talker.leave()
    await task


def _feed(owner: Any = None, shelf: Shelf | None = None) -> Feed:
    return Feed(BOUNDS, owner, shelf)


def _shelf(bounds: EventBounds | None = None) -> Shelf:
    store = MemoryEvents(bounds)
    store.open("s", "f")
    return Shelf(store, "s", "f", lambda: 0.0, lambda fate, number: None)


async def test_notes_are_dropped_by_number_and_by_size_and_what_is_vital_is_not() -> None:
    feed = _feed()
    feed.read()
    assert [feed.put(b"n" * 300, vital=False) for _ in range(4)] == [True, True, True, False]
    assert feed.put(b"v" * 5000, vital=True)
    assert not feed.put(b"n", vital=False)
    assert (feed.waiting[0], feed.dropped) == (4, 2)
    feed.close()
    assert not feed.put(b"after the end", vital=True)
    assert feed.dropped == 2


async def test_without_a_reader_only_so_many_notes_are_kept() -> None:
    feed = _feed(shelf=_shelf())
    feed.leave(feed.read())
    assert [feed.put(b"n", vital=False) for _ in range(6)] == [True] * 4 + [False] * 2
    assert feed.put(b"v", vital=True)
    reader = feed.read(0)
    assert (await reader.next(1.0) or b"").count(b"data: n") == 4
    assert feed.put(b"n", vital=False)


async def test_a_feed_without_a_shelf_says_nothing_to_nobody() -> None:
    feed = _feed()
    feed.leave(feed.read())
    assert not feed.put(b"n", vital=False)


class _Owner:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def part(self) -> bool:
        self.seen.append("part")
        return True

    def left(self) -> None:
        self.seen.append("left")

    def returned(self) -> None:
        self.seen.append("returned")


async def test_a_writing_reader_with_too_much_that_is_vital_has_to_come_back() -> None:
    owner, shelf = _Owner(), _shelf()
    feed = Feed(BOUNDS, owner, shelf)
    reader = feed.read()
    assert feed.put(b"1" * 2000, vital=True)
    assert feed.put(b"2" * 2000, vital=True)  # it has not had its turn yet: that is no slowness
    assert owner.seen == []
    reader.writing = True
    assert feed.put(b"3" * 2000, vital=True)
    assert (owner.seen, feed.waiting, await reader.next(1.0)) == (["left"], (0, 0), None)
    again = feed.read(0)
    assert owner.seen == ["left", "returned"]
    found = EventDecoder().feed(await again.next(1.0) or b"")
    assert [event.data[:1] for event in found] == [b"1", b"2", b"3"]


async def test_a_reader_that_is_replaced_ends_and_tells_nobody() -> None:
    owner = _Owner()
    feed = Feed(BOUNDS, owner, _shelf())
    first, second = feed.read(), feed.read(0)
    feed.leave(first)
    assert (owner.seen, await first.next(1.0)) == ([], None)
    feed.leave(second)
    assert owner.seen == ["left"]


@pytest.mark.real
async def test_what_stuck_sockets_cost(service: AskingService) -> None:
    """Eight clients call what says 10 MB each, and read nothing: measured is what the process keeps of it."""
    stuck: list[socket.socket] = []
    async with _serving(service) as (port, endpoint):
        talker = await Talker(endpoint).meet()
        tracemalloc.start()
        try:
            stuck += [_stuck(port, talker.session, number) for number in range(8)]
            await until(lambda: service.chats == 8)
            kept, _ = tracemalloc.get_traced_memory()
            waiting = [feed.waiting for feed in _feeds(endpoint)]
        finally:
            tracemalloc.stop()
            service.go_on.set()
            for each in stuck:
                each.close()
        assert all(0 < count <= 64 and size <= 256 * 1024 for count, size in waiting)
        assert kept < 8 * (256 + 128) * 1024 + EdgeSettings().event_bytes + 1024 * 1024
        await until(lambda: endpoint.pending == 0)


def _stuck(port: int, session: str, number: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    message = call("chatty", number, times=1_000, size=10_000)
    message["params"]["_meta"] = {"progressToken": number}
    body = json.dumps(message).encode()
    lines = [
        "POST /mcp HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "authorization: Bearer ana",
        "accept: application/json, text/event-stream",
        "content-type: application/json",
        f"mcp-session-id: {session}",
        f"content-length: {len(body)}",
    ]
    client.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return client


@asynccontextmanager
async def _serving(service: AskingService) -> AsyncIterator[tuple[int, McpEndpoint]]:
    endpoint = McpEndpoint(service, EdgeSettings(write_timeout=5.0))
    listener, running = open_listener("127.0.0.1:0"), Running()
    sites = [Site(front_door(endpoint, public_app(lambda: True)), listener)]
    task = asyncio.create_task(serve(sites, drain=endpoint.drain, running=running, handle_signals=False))
    await running.started.wait()
    try:
        yield int(listener.name.rpartition(":")[2]), endpoint
    finally:
        running.stop()
        await asyncio.wait_for(task, 15)
