"""The peers speak with one another, each revision with its own, without a gateway: what they test with is sound."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.peers.client import connect
from tests.peers.client_stdio import spawn
from tests.peers.record import PeerError
from tests.peers.revisions import ALL, LEGACY, MODERN, revision
from tests.peers.server import Server, start_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.peers.client import Client

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def both(name: str, **options: Any) -> AsyncIterator[tuple[Server, Client]]:
    async with start_server(name) as server, connect(name, server.url, **options) as client:
        yield server, client
    assert server.problems == []
    assert client.problems == []


@pytest.fixture(params=ALL)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_calls_lists_and_reads(name: str) -> None:
    async with both(name) as (server, client):
        assert await client.text("echo", {"text": "hi"}) == "hi"
        assert "grow" in [tool["name"] for tool in await client.pages("tools")]
        assert await client.text("add", {"a": 1, "b": 2}) == "3"
        assert (await client.call("fail"))["isError"] is True
        await client.call("mixed")
        await client.call("listed")
        uris = [each["uri"] for each in await client.pages("resources")]
        read = [await client.request("resources/read", {"uri": uri}) for uri in uris]
        assert read[0]["contents"][0]["text"] == "first"
        with pytest.raises(PeerError, match="not found") as missing:
            await client.request("resources/read", {"uri": "peer://none"})
        assert missing.value.code == (-32602 if revision(name).modern else -32002)
        prompt = await client.request("prompts/get", {"name": "greet", "arguments": {"who": "Ana"}})
        assert prompt["messages"][0]["content"]["text"] == "Hello Ana."
        completion = {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "who", "value": "an"}}
        completed = await client.request("completion/complete", completion)
        assert completed["completion"]["values"] == ["ana", "anton"]
        assert len(server.requests("tools/call")) == 5


async def test_progress_and_logs(name: str) -> None:
    async with both(name) as (_, client):
        assert await client.text("progress", progress="mine") == "done"
        assert [each.params["progress"] for each in client.told("notifications/progress")] == [1, 2, 3]
        await client.set_level("info")
        await client.call("log")
        assert [each.params["level"] for each in client.told("notifications/message")] == ["info", "error"]


async def test_cancel(name: str) -> None:
    async with both(name) as (server, client):
        pending = client.begin("tools/call", {"name": "slow", "arguments": {}})
        await server.until(lambda: server.features.slow)
        await pending.cancel()
        await server.until(lambda: server.features.cancelled)
        pending.task.cancel()
        assert await client.text("echo", {"text": "still"}) == "still"


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        ("elicit", "accept ana"),
        ("sample", "assistant hello"),
        ("roots", "file:///home/ana"),
        ("both", "assistant hello; file:///home/ana"),
        ("twice", "assistant hello"),
    ],
)
async def test_asks(name: str, tool: str, says: str) -> None:
    known = tool != "elicit" or revision(name).since("2025-06-18")
    async with both(name) as (_, client):
        assert await client.text(tool) == says
        if not known:
            assert "which its revision does not know" in client.problems[0]
            client.problems.clear()
        assert len(client.asked) == (2 if tool in {"both", "twice"} else 1)


async def test_does_not_ask_for_what_was_not_declared(name: str) -> None:
    async with both(name, capabilities={}) as (_, client):
        if revision(name).modern:
            with pytest.raises(PeerError) as error:
                await client.call("sample")
            assert (error.value.code, error.value.data) == (-32021, {"requiredCapabilities": {"sampling": {}}})
        else:
            assert (await client.call("sample"))["isError"] is True
        assert client.asked == []


async def test_changes_and_updates(name: str) -> None:
    async with both(name) as (server, client):
        await client.watch()
        await client.subscribe(server.features.uri("note"))
        await server.until(lambda: server.subscribed and server.listeners)
        await server.grow()
        await server.touch()
        await client.until(lambda: client.told("notifications/tools/list_changed"))
        updated = await client.until(lambda: client.told("notifications/resources/updated"))
        assert updated[0].params["uri"] == server.features.uri("note")


@pytest.mark.parametrize("old", ["2025-03-26", "2025-06-18", "2025-11-25"])
async def test_resumes_a_stream_that_was_cut(old: str) -> None:
    async with both(old) as (server, client):
        server.cut = True
        assert await client.text("progress", progress=7) == "done"
        assert len(client.told("notifications/progress")) == 3
        assert (len(server.resumed), client.resumes) == (1, 1)


async def test_batches_where_there_are_such() -> None:
    async with both("2025-03-26") as (_, client):
        wanted = [{"jsonrpc": "2.0", "id": f"b{n}", "method": "ping"} for n in range(3)]
        status, answers = await client.batch(
            [*wanted, {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}]
        )
        assert status == 200
        assert sorted(each["id"] for each in answers) == ["b0", "b1", "b2"]


async def test_a_server_notes_what_its_revision_forbids() -> None:
    async with start_server("2025-06-18") as server, connect("2025-03-26", server.url) as client:
        with pytest.raises(PeerError):
            await client.call("echo")
    assert any("mcp-protocol-version" in each for each in server.problems)
    async with start_server(MODERN) as server, connect(MODERN, server.url, headers={"mcp-name": "other"}) as client:
        with pytest.raises(PeerError, match="-32020"):
            await client.call("echo")
    assert any("mcp-name" in each for each in server.problems)


@pytest.mark.parametrize("name", [LEGACY[0], LEGACY[-1], MODERN])
async def test_over_stdio(name: str) -> None:
    command = [sys.executable, "-m", "tests.peers.stdio", "--revision", name]
    async with spawn(name, command, env={"PYTHONPATH": str(ROOT)}) as client:
        assert await client.text("echo", {"text": "hi"}) == "hi"
        assert await client.text("sample") == "assistant hello"
        await client.watch()
        await client.subscribe("peer://peer/note")
        await client.call("grow")
        await client.call("touch")
        await client.until(lambda: client.told("notifications/tools/list_changed"))
        await client.until(lambda: client.told("notifications/resources/updated"))
    assert client.problems == []
    assert client.stderr == b""
