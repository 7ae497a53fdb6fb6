"""A changed file under load: the new plan is there at once, no call fails, and a bad file changes nothing."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import KEYS, RULES, document, text_of, tool
from tests.system.load import Connection, load_on, reached

if TYPE_CHECKING:
    from tests.system.kit import Gateway

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")


def _file(number: int) -> dict[str, Any]:
    return document(tools={"version": tool("fake", mock={"text": f"version {number}"})})


async def _version(gateway: Gateway) -> str:
    async with Connection(gateway.url) as client:
        return text_of((await client.call("version"))["result"])


async def _until(gateway: Gateway, version: int) -> None:
    async with asyncio.timeout(60):
        while await _version(gateway) != f"version {version}":  # noqa: ASYNC110 - another process has no event of ours
            await asyncio.sleep(0.02)


async def test_reload_on_change_and_signal_under_load(gateway: Gateway) -> None:
    gateway.write(_file(1))
    await asyncio.to_thread(gateway.start)
    async with load_on(gateway.url, "echo", q="on") as load:
        await reached(load, 50)
        for number in (2, 3):
            gateway.write(_file(number))
            await _until(gateway, number)
        for number in (4, 5):
            gateway.write(_file(number))
            gateway.send(signal.SIGHUP)
            await _until(gateway, number)
        await reached(load, 50)
    assert load.bad == []


async def test_changed_rules_alone_are_obeyed_under_load(gateway: Gateway) -> None:
    gateway.write(_file(1))
    await asyncio.to_thread(gateway.start)
    async with load_on(gateway.url, "echo", q="on") as load:
        await reached(load, 50)
        gateway.write(_file(1), RULES + 'forbid(principal, action, resource) when { resource.name == "version" };')
        async with asyncio.timeout(60), Connection(gateway.url) as client:
            while "result" in (answer := await client.call("version")):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        await reached(load, 50)
    assert load.bad == []
    assert answer["error"]["message"] == "unknown tool: version"


BAD = {
    "no YAML": ("{", "yaml"),
    "an unknown key": (json.dumps(document(tols={})), "did you mean `tools`?"),
    "an unknown plugin": (json.dumps(document(plugins={"x": {"from": "builtin:no-such"}})), "no-such"),
    "a bad configuration": (
        json.dumps(document(plugins={"x": {"from": "builtin:limit-rate", "config": {"rules": 7}}})),
        "rules",
    ),
    "a bad binding": (json.dumps(document(tools={"x": tool("fake", mcok=1)})), "mcok"),
    "a grant of nonsense": (
        json.dumps(document(plugins={"x": {"from": "builtin:backend-mock", "grants": {"http": {"hots": []}}}})),
        "hots",
    ),
}


async def test_a_bad_file_changes_nothing_and_is_reported(gateway: Gateway) -> None:
    gateway.write(_file(1))
    await asyncio.to_thread(gateway.start)
    async with load_on(gateway.url, "echo", q="on", connections=2) as load:
        for what, (text, told) in BAD.items():
            before = len(gateway.log())
            gateway.config.write_text(text)
            gateway.send(signal.SIGHUP)
            await asyncio.to_thread(gateway.until, lambda said=told, at=before: said in gateway.log()[at:])
            assert await _version(gateway) == "version 1", what
        gateway.write(_file(2), "permit(principal, action, resource) when { this is no Cedar };")
        await asyncio.to_thread(gateway.until, lambda: "rules.cedar" in gateway.log())
        assert await _version(gateway) == "version 1"
        gateway.write(_file(3))
        await _until(gateway, 3)
    assert load.bad == []
    assert gateway.stop() == 0
    assert gateway.verified()["ok"]


async def test_a_session_hears_that_the_list_changed(gateway: Gateway) -> None:
    import httpx2  # noqa: PLC0415 - comes with the SDK
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - as above

    gateway.write(document())
    await asyncio.to_thread(gateway.start)
    headers = {"authorization": f"Bearer {KEYS['ana']}"}
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with httpx2.AsyncClient(headers=headers, timeout=30) as client:
        streams = streamable_http_client(gateway.url, http_client=client)
        async with mcp.Client(streams, mode="legacy", message_handler=heard.put) as session:
            gateway.write(_file(1))
            async with asyncio.timeout(30):
                message = await heard.get()
            assert message.method == "notifications/tools/list_changed"
            names = [each.name for each in (await session.list_tools()).tools]
            assert "version" in names
        streams = streamable_http_client(gateway.url, http_client=client)
        async with (
            mcp.Client(streams, mode="2026-07-28") as modern,
            modern.listen(tools_list_changed=True) as changes,
        ):
            gateway.write(document())
            async with asyncio.timeout(30):
                event = await anext(aiter(changes))
            assert "tools" in type(event).__name__.lower()
            assert "version" not in [each.name for each in (await modern.list_tools()).tools]
