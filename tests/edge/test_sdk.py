"""The official SDK's client against the endpoint and the stdio server, in both eras."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.front import embed, front_door
from mcpg.edge.listeners import open_listener
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, serve
from mcpg.edge.settings import EdgeSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.edge.kit import FakeService

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")

ROOT = Path(__file__).parents[2]
MODES = ["legacy", "2026-07-28", "auto"]


@asynccontextmanager
async def _serving(service: FakeService, *, mounted: bool = False) -> AsyncIterator[tuple[str, McpEndpoint]]:
    endpoint = McpEndpoint(service, EdgeSettings(loopback=True))
    rest = public_app(lambda: True)
    if mounted:
        embed(rest, "/mcp", endpoint)
    listener, running = open_listener("127.0.0.1:0"), Running()
    app = rest if mounted else front_door(endpoint, rest)
    task = asyncio.create_task(
        serve([Site(app, listener)], drain=endpoint.drain, running=running, handle_signals=False)
    )
    await running.started.wait()
    try:
        yield f"http://{listener.name}/mcp", endpoint
    finally:
        running.stop()
        await asyncio.wait_for(task, 15)


@asynccontextmanager
async def _over_http(url: str, token: str = "ana") -> AsyncIterator[Any]:
    import httpx2  # noqa: PLC0415 - comes with the SDK
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - slow to import

    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


def _over_stdio() -> Any:
    env = {"PYTHONPATH": str(ROOT)}
    program = str(Path(__file__).with_name("stdio_program.py"))
    return mcp.StdioServerParameters(command=sys.executable, args=[program], env=env, cwd=str(ROOT))


async def _exercise(client: Any) -> None:
    tools = await client.list_tools()
    assert [tool.name for tool in tools.tools][:2] == ["echo", "slow"]
    result = await client.call_tool("echo", {"text": "grüße", "region": "eu ä"})
    assert result.content[0].text == "ana: grüße"
    steps: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append(progress)

    result = await client.call_tool("progress", {}, progress_callback=on_progress)
    assert (result.content[0].text, steps) == ("done", [1, 2, 3])
    with pytest.raises(mcp.MCPError) as caught:
        await client.call_tool("nothing", {})
    assert caught.value.error.code == -32602
    with pytest.raises(mcp.MCPError) as caught:
        await client.call_tool("crash", {})
    assert caught.value.error.code == -32603
    assert "hunter2" not in str(caught.value)
    with pytest.raises(mcp.MCPError):
        await client.list_prompts()


@pytest.mark.parametrize("mounted", [False, True], ids=["front door", "embedded"])
@pytest.mark.parametrize("mode", MODES)
async def test_the_sdk_over_http(service: FakeService, mode: str, mounted: Any) -> None:
    async with _serving(service, mounted=mounted) as (url, endpoint):
        async with mcp.Client(_over_http(url), mode=mode) as client:
            await _exercise(client)
            assert len(endpoint.sessions) == (1 if mode == "legacy" else 0)
        assert len(endpoint.sessions) == 0


@pytest.mark.parametrize("mode", MODES)
async def test_the_sdk_over_stdio(mode: str) -> None:
    async with mcp.Client(_over_stdio(), mode=mode) as client:
        await _exercise(client)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_cancelling_with_the_sdk(service: FakeService, mode: str) -> None:
    async with _serving(service) as (url, endpoint), mcp.Client(_over_http(url), mode=mode) as client:
        call = asyncio.create_task(client.call_tool("slow", {}))
        await asyncio.wait_for(service.started.wait(), 10)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert await endpoint.shared.load.idle(10)
        assert service.cancelled == 1
        assert (await client.call_tool("echo", {"text": "on"})).content[0].text == "ana: on"


async def test_the_sdk_hears_of_changes(service: FakeService) -> None:
    async with _serving(service) as (url, endpoint):
        async with (
            mcp.Client(_over_http(url), mode="2026-07-28") as client,
            client.listen(tools_list_changed=True) as heard,
        ):
            service.lists["tools"] = "2"
            endpoint.notify_changed("tools")
            event = await asyncio.wait_for(anext(aiter(heard)), 10)
            assert "tools" in type(event).__name__.lower()
        seen: asyncio.Queue[Any] = asyncio.Queue()
        async with mcp.Client(_over_http(url), mode="legacy", message_handler=seen.put):
            async with asyncio.timeout(10):
                while not len(endpoint.streams):  # noqa: ASYNC110 - what is awaited has no event
                    await asyncio.sleep(0.01)
            service.lists["tools"] = "3"
            endpoint.notify_changed("tools")
            message = await asyncio.wait_for(seen.get(), 10)
            assert message.method == "notifications/tools/list_changed"


async def test_the_sdk_is_turned_away_without_a_credential(service: FakeService) -> None:
    async with _serving(service) as (url, _):
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - the SDK wraps it in groups
            async with mcp.Client(_over_http(url, token="wrong"), mode="legacy"):
                pass
        assert caught.value is not None
    assert not service.calls
