"""Upstreams that are down, hang or send garbage, each beside tools that are used all the time."""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import Gateway, document, http_use, text_of, tool
from tests.system.load import Connection, Load, Peer, load_on, reached

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.system.load import Request

pytestmark = pytest.mark.real

SERVER = str(Path(__file__).with_name("bad_server.py"))
BROKEN = ("gone", "hangs", "garbage", "missing", "web-down", "web-hangs", "web-garbage")


async def _hangs(_request: Request) -> bytes:
    await asyncio.sleep(3600)
    return b""


async def _garbage(_request: Request) -> bytes:
    return b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"id": 1,'


def _stdio(way: str) -> dict[str, Any]:
    return {"stdio": {"command": [sys.executable, "-I", "-S", SERVER, way]}, "prefix": way, "timeout": "1s"}


def _web(port: int) -> dict[str, Any]:
    return {"http": {"url": f"http://127.0.0.1:{port}/mcp", "private": True}, "timeout": "1s"}


def _file(closed: int, hangs: int, garbage: int) -> dict[str, Any]:
    missing = {"stdio": {"command": ["no-such-program"]}, "timeout": "1s"}
    webs = {"web-down": _web(closed), "web-hangs": _web(hangs), "web-garbage": _web(garbage)}
    ports = {"api-down": closed, "api-hangs": hangs, "api-garbage": garbage}
    asked = {"request": {"method": "GET", "path": "/", "timeout": 500}}
    return document(
        upstreams={**{way: _stdio(way) for way in ("good", "gone", "hangs", "garbage")}, "missing": missing, **webs},
        plugins={name: http_use(port) for name, port in ports.items()},
        tools={name: tool(name, **asked) for name in ports},
    )


@pytest.fixture
async def besieged(gateway: Gateway) -> AsyncIterator[Load]:
    """A gateway with every bad upstream, under load on its echo."""
    async with AsyncExitStack() as stack:
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        hangs, garbage = [await stack.enter_async_context(Peer(how).serving()) for how in (_hangs, _garbage)]
        gateway.write(_file(closed.getsockname()[1], hangs.port, garbage.port))
        await asyncio.to_thread(gateway.start)
        load = await stack.enter_async_context(load_on(gateway.url, "echo", q="on"))
        await reached(load, 50)
        yield load
        await reached(load, 50)
    assert load.bad == []


async def _call(gateway: Gateway, name: str) -> Any:
    async with Connection(gateway.url) as client:
        answer = await client.call(name)
    return answer.get("result") or answer["error"]


async def test_bad_upstreams_affect_only_their_own_tools(gateway: Gateway, besieged: Load) -> None:
    assert text_of(await _call(gateway, "good.good")) == "good"
    for name in BROKEN:
        assert "unknown tool" in (await _call(gateway, f"{name}.good"))["message"]
    for name in ("api-down", "api-hangs"):
        result = await _call(gateway, name)
        assert result["isError"] is True, name
    garbled = await _call(gateway, "api-garbage")
    assert garbled.get("isError") is True or text_of(garbled) == '{"id": 1,'
    status = gateway.log()
    for name in BROKEN:
        assert f"upstream.{name}" in status


@pytest.mark.parametrize("way", ["hang", "garbage", "exit", "flood"])
async def test_a_bad_answer_is_an_error_and_the_next_call_is_served(gateway: Gateway, besieged: Load, way: str) -> None:
    result = await _call(gateway, f"good.{way}")
    if way != "garbage":  # what is no message is passed over, and the answer comes after it
        assert result["isError"] is True
    assert (await _call(gateway, "echo"))["structuredContent"]["name"] == "echo"
    if way == "hang":  # it is tried again once it has failed for long enough: the upstreams' own tests show that
        return
    async with asyncio.timeout(30):
        while text_of(again := await _call(gateway, "good.good")) != "good":
            assert again["isError"] is True
            await asyncio.sleep(0.1)
