"""How peers of each revision behave beside the features: who leaves, who says no, who forgets, who cuts a stream."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.matrix import table
from tests.peers.fetch import fetch
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.record import PeerError
from tests.peers.revisions import MODERN
from tests.peers.server import start_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.matrix.context import Grid
    from tests.peers.client import Client
    from tests.peers.gateway import Door
    from tests.peers.server import Server

SESSIONS = table.REVISIONS[1:4]
NEW = table.REVISIONS[3:]


@pytest.fixture
def behind(tmp_path: Path, compiled: Path) -> Any:
    """Return what starts a server of one revision behind a gateway."""

    @asynccontextmanager
    async def behind(upstream: str) -> AsyncIterator[tuple[Server, Door]]:
        async with (
            start_server(upstream) as server,
            start_gateway(tmp_path, {"peer": http_upstream(server)}, compiled=compiled) as door,
        ):
            yield server, door
        assert server.problems == []

    return behind


@asynccontextmanager
async def among(grid: Grid, upstream: str) -> AsyncIterator[tuple[Server, Door]]:
    """Yield one of the five servers behind the gateway of this module."""
    server = grid.servers[upstream]
    server.features.forget()
    server.problems.clear()
    yield server, grid.door
    assert server.problems == []


async def slow(server: Server, client: Client, tool: str = "slow", **options: Any) -> Any:
    pending = client.begin("tools/call", {"name": f"{server.name}.{tool}", "arguments": {}}, **options)
    await server.until(lambda: server.features.slow)
    return pending


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", NEW)
@pytest.mark.parametrize("client", SESSIONS)
async def test_leaving_a_stream_cancels_nothing_in_a_session(grid: Grid, client: str, upstream: str) -> None:
    async with among(grid, upstream) as (server, door), door.connect(client) as peer:
        await (await slow(server, peer)).disconnect()
        assert await peer.text(f"v{upstream}.echo", {"text": "meanwhile"}) == "meanwhile"
        assert server.features.cancelled == []
        server.features.release.set()
        await server.until(lambda: server.features.finished)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", NEW)
async def test_leaving_a_stream_cancels_without_a_session(grid: Grid, upstream: str) -> None:
    async with among(grid, upstream) as (server, door), door.connect(MODERN) as peer:
        await (await slow(server, peer)).disconnect()
        await server.until(lambda: server.features.cancelled)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", NEW)
@pytest.mark.parametrize("client", table.REVISIONS[:4])
async def test_ending_a_session_cancels(grid: Grid, client: str, upstream: str) -> None:
    async with among(grid, upstream) as (server, door):
        async with door.connect(client) as peer:
            pending = await slow(server, peer)
            pending.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        await server.until(lambda: server.features.cancelled)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", NEW)
@pytest.mark.parametrize("client", SESSIONS)
async def test_a_client_comes_back_for_its_answer(grid: Grid, client: str, upstream: str) -> None:
    async with among(grid, upstream) as (server, door), door.connect(client) as peer:
        pending = await slow(server, peer, "steady", progress="mine")
        await peer.until(lambda: peer.told("notifications/progress"))
        await pending.disconnect()
        server.features.release.set()
        await server.until(lambda: server.features.finished)
        lines = {"accept": "text/event-stream", "last-event-id": peer.last_event}
        reply = await fetch("GET", peer.url, {**peer.session_headers(), **lines})
        assert reply.status == 200
        events = [event.data async for event in reply.events()]
        assert [f'"id":{pending.id}' in event.replace(" ", "") for event in events] == [True]
        assert "released" in events[0]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS[2:])
@pytest.mark.parametrize("client", table.REVISIONS[2:])
async def test_a_user_who_says_no(grid: Grid, client: str, upstream: str) -> None:
    async def no(_params: dict[str, Any]) -> dict[str, Any]:
        return {"action": "decline"}

    async with among(grid, upstream) as (_, door), door.connect(client) as peer:
        peer.handlers["elicitation/create"] = no
        assert await peer.text(f"v{upstream}.elicit") == "decline"
        assert peer.problems == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
@pytest.mark.parametrize("client", table.REVISIONS[:4])
async def test_a_client_that_answers_with_an_error(grid: Grid, client: str, upstream: str) -> None:
    async def rejected(_params: dict[str, Any]) -> dict[str, Any]:
        raise PeerError(-1, "User rejected sampling request")

    async with among(grid, upstream) as (_, door), door.connect(client) as peer:
        peer.handlers["sampling/createMessage"] = rejected
        result = await peer.call(f"v{upstream}.sample")
        assert result["isError"] is True
        assert "-1" in result["content"][0]["text"] or "rejected" in result["content"][0]["text"]
        assert peer.problems == []


@pytest.mark.parametrize("upstream", SESSIONS)
async def test_an_upstream_that_cuts_its_streams(behind: Any, upstream: str) -> None:
    async with behind(upstream) as (server, door), door.connect(MODERN) as peer:
        server.cut = True
        assert await peer.text("progress", progress=1) == "done"
        assert len(peer.told("notifications/progress")) == 3
        assert len(server.resumed) == 1


@pytest.mark.parametrize("upstream", SESSIONS)
async def test_an_upstream_that_forgets_its_sessions(behind: Any, upstream: str) -> None:
    async with behind(upstream) as (server, door), door.connect(MODERN) as peer:
        assert await peer.text("echo", {"text": "one"}) == "one"
        server.forget()
        assert await peer.text("echo", {"text": "two"}) == "two"
        await peer.watch()
        await peer.subscribe(server.features.uri("note"))
        await server.until(lambda: server.subscribed and server.listeners)
        server.forget()
        await server.until(lambda: server.subscribed and server.listeners, 20)
        await server.touch()
        await peer.until(lambda: peer.told("notifications/resources/updated"))


@pytest.mark.parametrize("upstream", table.REVISIONS[1:])
async def test_an_upstream_that_answers_with_streams_only(behind: Any, upstream: str) -> None:
    async with behind(upstream) as (server, door), door.connect("2025-11-25") as peer:
        server.always_streams = True
        assert await peer.text("echo", {"text": "hi"}) == "hi"
        assert len(await peer.pages("tools")) > 10  # more than one page of the server's


@pytest.mark.parametrize("upstream", table.REVISIONS)
async def test_an_upstream_that_has_only_tools(upstream: str, tmp_path: Path, compiled: Path) -> None:
    async with start_server(upstream) as server:
        server.without = {"prompts", "resources", "completions", "logging"}
        async with start_gateway(tmp_path, {"peer": http_upstream(server)}, compiled=compiled) as door:
            for client in NEW:
                async with door.connect(client) as peer:
                    assert await peer.text("echo", {"text": "hi"}) == "hi"
                    assert await peer.pages("prompts") == await peer.pages("resources") == []
        assert server.problems == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
async def test_a_batch(grid: Grid, upstream: str) -> None:
    async with among(grid, upstream) as (_, door), door.connect("2025-03-26") as peer:
        calls = [
            {
                "jsonrpc": "2.0",
                "id": name,
                "method": "tools/call",
                "params": {"name": f"v{upstream}.{name}", "arguments": {}},
            }
            for name in ("echo", "sample")
        ]
        answering = asyncio.ensure_future(peer.batch([*calls, {"jsonrpc": "2.0", "id": "p", "method": "ping"}]))
        status, answers = await answering
        assert status == 200
        assert {each["id"] for each in answers if "method" not in each} == {"echo", "sample", "p"}
