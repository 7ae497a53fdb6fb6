"""What tests with the official SDK share: a served endpoint, its transport over HTTP, what every client must do."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
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

mcp = pytest.importorskip("mcp")


@asynccontextmanager
async def serving(
    service: FakeService, settings: EdgeSettings | None = None, *, mounted: bool = False
) -> AsyncIterator[tuple[str, McpEndpoint]]:
    """Serve one endpoint on a socket; gives its URL too."""
    endpoint = McpEndpoint(service, settings or EdgeSettings(loopback=True))
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
async def over_http(url: str, token: str = "ana") -> AsyncIterator[Any]:
    """Open the transport of a client whose caller has this token."""
    import httpx2  # noqa: PLC0415 - comes with the SDK
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - slow to import

    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


async def exercise(client: Any) -> None:
    """Do with a client what every one of them must be able to."""
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
