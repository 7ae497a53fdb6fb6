"""The official SDK's client over HTTP+SSE of 2024-11-05, and a client on a raw socket that stops reading."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.kit import FakeService, call, request
from tests.edge.sdk import exercise, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")

ASK = {"mode": "form", "message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}
INIT = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


def _over_sse(url: str, token: str = "ana") -> Any:
    from mcp.client.sse import sse_client  # noqa: PLC0415 - slow to import

    return sse_client(url + "/sse", headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def service() -> FakeService:
    return FakeService()


async def test_the_sdk_over_sse(service: FakeService) -> None:
    async with serving(service) as (url, endpoint):
        async with mcp.Client(_over_sse(url), mode="legacy") as client:
            await exercise(client)
            assert len(endpoint.shared.sessions) == 1
        async with asyncio.timeout(10):
            while endpoint.shared.sessions:  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.01)
        await endpoint.shared.released()
        assert [who for who, _ in service.released] == ["ana"]


async def test_the_sdk_is_asked_over_sse(service: FakeService) -> None:
    import mcp_types  # noqa: PLC0415 - comes with the SDK

    async def answer(_: Any, params: Any) -> Any:
        return mcp_types.ElicitResult(action="accept", content={"said": params.message})

    async with (
        serving(service) as (url, _),
        mcp.Client(_over_sse(url), mode="legacy", elicitation_callback=answer) as client,
    ):
        result = await client.call_tool("ask", {"method": "elicitation/create", "params": ASK})
        answered = json.loads(result.content[0].text)["result"]
        assert (answered["action"], answered["content"]) == ("accept", {"said": "Sure?"})


async def test_the_sdk_hears_of_changes_over_sse(service: FakeService) -> None:
    seen: asyncio.Queue[Any] = asyncio.Queue()
    async with (
        serving(service) as (url, endpoint),
        mcp.Client(_over_sse(url), mode="legacy", message_handler=seen.put) as client,
    ):
        await client.list_tools()
        service.lists["tools"] = "2"
        endpoint.notify_changed("tools")
        message = await asyncio.wait_for(seen.get(), 10)
        assert message.method == "notifications/tools/list_changed"


async def test_the_sdk_is_turned_away_from_sse_without_a_credential(service: FakeService) -> None:
    async with serving(service) as (url, endpoint):
        with pytest.raises(BaseException, match=r"401|TaskGroup|Unauthorized"):
            async with mcp.Client(_over_sse(url, token="wrong"), mode="legacy"):
                pass
        assert not endpoint.shared.sessions


@pytest.fixture
async def http() -> AsyncIterator[Any]:
    import httpx2  # noqa: PLC0415 - comes with the SDK

    async with httpx2.AsyncClient(headers={"authorization": "Bearer ana"}, timeout=20) as client:
        yield client


async def test_a_socket_that_is_not_read_is_given_up(service: FakeService, http: Any) -> None:
    async with serving(service) as (url, endpoint):
        host, _, port = url.removeprefix("http://").removesuffix("/mcp").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=16 * 1024)
        lines = f"GET /mcp/sse HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n"
        writer.write(f"{lines}Authorization: Bearer ana\r\n\r\n".encode())
        head = await reader.readuntil(b"sessionId=")
        where = url + "/messages?sessionId=" + (await reader.readuntil(b"\n")).decode().strip()
        assert head.startswith(b"HTTP/1.1 200")
        assert (await http.post(where, json=request("initialize", INIT))).status_code == 202
        line = next(iter(endpoint._legacy._lines.values()))
        status, most, sent = 202, 0, 0
        while status == 202 and sent < 500:
            status = (await http.post(where, json=call("echo", sent, text="x" * 60_000))).status_code
            most, sent = max(most, line.outlet.waiting), sent + 1
        writer.transport.abort()
        assert (status, most <= endpoint.shared.settings.stream_bytes) == (404, True)
        async with asyncio.timeout(10):
            while endpoint.shared.sessions:  # noqa: ASYNC110 - what is awaited has no event
                await asyncio.sleep(0.01)
