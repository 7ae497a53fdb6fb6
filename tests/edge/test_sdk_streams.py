"""The official SDK's client of a session over real sockets: asked in the middle of a call, sent away, cut off."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.asking import AskingService, until
from tests.edge.sdk import over_http, serving

from mcpg.edge.settings import EdgeSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")


@pytest.fixture
def service() -> AskingService:
    return AskingService()


def _client(url: str, **options: Any) -> Any:
    return mcp.Client(over_http(url), mode="legacy", **options)


async def _elicited(_: Any, params: Any) -> Any:
    return mcp.types.ElicitResult(action="accept", content={"name": params.message})


async def _roots(_: Any) -> Any:
    return mcp.types.ListRootsResult(roots=[mcp.types.Root(uri="file:///home")])


def _said(result: Any) -> Any:
    return json.loads(result.content[0].text)


async def test_the_sdk_answers_in_the_middle_of_a_call(service: AskingService) -> None:
    async with (
        serving(service) as (url, endpoint),
        _client(url, elicitation_callback=_elicited, list_roots_callback=_roots) as client,
    ):
        form, roots = _said(await asyncio.wait_for(client.call_tool("pair", {}), 10))
        assert form["result"] == {"action": "accept", "content": {"name": "Your name?"}}
        assert roots["result"]["roots"][0]["uri"] == "file:///home"
        assert endpoint.shared.asks.pending == 0


async def test_the_sdk_comes_back_for_an_answer(service: AskingService) -> None:
    settings = EdgeSettings(loopback=True, stream_poll_after=0.05, stream_retry=0.02)
    async with (
        serving(service, settings) as (url, endpoint),
        _client(url, elicitation_callback=_elicited, list_roots_callback=_roots) as client,
    ):
        steps: list[float] = []

        async def progress(step: float, *_: Any) -> None:
            steps.append(step)

        call = asyncio.create_task(client.call_tool("late", {}, progress_callback=progress))
        await until(lambda: steps)
        await until(lambda: endpoint.shared.load._detached == 1)
        await until(lambda: endpoint.shared.load._detached == 0)
        service.go_on.set()
        (answer,) = _said(await asyncio.wait_for(call, 10))
        assert answer["result"]["action"] == "accept"
        assert (steps, endpoint.pending) == ([1], 0)
        assert _said(await client.call_tool("pair", {}))[0]["result"]["action"] == "accept"


async def test_the_sdk_comes_back_after_a_cut(service: AskingService) -> None:
    async with (
        serving(service) as (url, endpoint),
        _cut(url) as (through, cut),
        _client(through, elicitation_callback=_elicited) as client,
    ):
        steps: list[float] = []

        async def progress(step: float, *_: Any) -> None:
            steps.append(step)

        call = asyncio.create_task(client.call_tool("late", {}, progress_callback=progress))
        await until(lambda: steps)
        cut()
        await until(lambda: endpoint.shared.load._detached == 1)
        service.go_on.set()
        (answer,) = _said(await asyncio.wait_for(call, 10))
        assert answer["result"]["action"] == "accept"
        assert endpoint.measures._events.value("replayed") >= 1


@asynccontextmanager
async def _cut(url: str) -> AsyncIterator[tuple[str, Any]]:
    """Forward connections, and cut all of them when told."""
    host, _, port = url.removeprefix("http://").removesuffix("/mcp").partition(":")
    open_now: set[asyncio.StreamWriter] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(host, int(port))
        open_now.update((writer, outer))
        await asyncio.gather(pump(reader, outer), pump(inner, writer))
        open_now.difference_update((writer, outer))

    def cut() -> None:
        for writer in list(open_now):
            writer.transport.abort()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp", cut
        cut()
