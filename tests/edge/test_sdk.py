"""The official SDK's client against the endpoint and the stdio server, in both eras."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.sdk import exercise, over_http, serving

if TYPE_CHECKING:
    from tests.edge.kit import FakeService

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")

ROOT = Path(__file__).parents[2]
MODES = ["legacy", "2026-07-28", "auto"]


def _over_stdio() -> Any:
    env = {"PYTHONPATH": str(ROOT)}
    program = str(Path(__file__).with_name("stdio_program.py"))
    return mcp.StdioServerParameters(command=sys.executable, args=[program], env=env, cwd=str(ROOT))


@pytest.mark.parametrize("mounted", [False, True], ids=["front door", "embedded"])
@pytest.mark.parametrize("mode", MODES)
async def test_the_sdkover_http(service: FakeService, mode: str, mounted: Any) -> None:
    async with serving(service, mounted=mounted) as (url, endpoint):
        async with mcp.Client(over_http(url), mode=mode) as client:
            await exercise(client)
            assert len(endpoint.sessions) == (1 if mode == "legacy" else 0)
        assert len(endpoint.sessions) == 0


@pytest.mark.parametrize("mode", MODES)
async def test_the_sdk_over_stdio(mode: str) -> None:
    async with mcp.Client(_over_stdio(), mode=mode) as client:
        await exercise(client)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_cancelling_with_the_sdk(service: FakeService, mode: str) -> None:
    async with serving(service) as (url, endpoint), mcp.Client(over_http(url), mode=mode) as client:
        call = asyncio.create_task(client.call_tool("slow", {}))
        await asyncio.wait_for(service.started.wait(), 10)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert await endpoint.shared.load.idle(10)
        assert service.cancelled == 1
        assert (await client.call_tool("echo", {"text": "on"})).content[0].text == "ana: on"


async def test_the_sdk_hears_of_changes(service: FakeService) -> None:
    async with serving(service) as (url, endpoint):
        async with (
            mcp.Client(over_http(url), mode="2026-07-28") as client,
            client.listen(tools_list_changed=True) as heard,
        ):
            service.lists["tools"] = "2"
            endpoint.notify_changed("tools")
            event = await asyncio.wait_for(anext(aiter(heard)), 10)
            assert "tools" in type(event).__name__.lower()
        seen: asyncio.Queue[Any] = asyncio.Queue()
        async with mcp.Client(over_http(url), mode="legacy", message_handler=seen.put):
            async with asyncio.timeout(10):
                while not len(endpoint.streams):  # noqa: ASYNC110 - what is awaited has no event
                    await asyncio.sleep(0.01)
            service.lists["tools"] = "3"
            endpoint.notify_changed("tools")
            message = await asyncio.wait_for(seen.get(), 10)
            assert message.method == "notifications/tools/list_changed"


async def test_the_sdk_is_turned_away_without_a_credential(service: FakeService) -> None:
    async with serving(service) as (url, _):
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - the SDK wraps it in groups
            async with mcp.Client(over_http(url, token="wrong"), mode="legacy"):
                pass
        assert caught.value is not None
    assert not service.calls
