"""Sessions of whole gateways: what a kill leaves of them, two processes on one state, HTTP+SSE, who presents what."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import KEYS, Gateway, document, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real
httpx2 = pytest.importorskip("httpx2")
mcp = pytest.importorskip("mcp")

KEPT = document(server={"sessions": "sqlite"})
INIT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


class Client:
    """One caller's requests in a session."""

    def __init__(self, gateway: Gateway, who: str = "ana", session: str = "") -> None:
        self.gateway, self.who, self.session = gateway, who, session

    def post(self, method: str, params: dict[str, Any] | None = None) -> Any:
        return self._send("POST", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}})

    def open(self) -> Client:
        self.session = self.post("initialize", INIT).headers["mcp-session-id"]
        return self

    def say(self) -> int | str:
        answered = self.post("tools/call", {"name": "echo", "arguments": {"q": "on"}})
        return text_of(answered.json()["result"]) if answered.status_code == 200 else int(answered.status_code)

    def end(self) -> int:
        return int(self._send("DELETE").status_code)

    def _send(self, method: str, **options: Any) -> Any:
        lines = {"authorization": f"Bearer {KEYS[self.who]}", "accept": "application/json, text/event-stream"}
        if self.session:
            lines["mcp-session-id"] = self.session
        return httpx2.request(method, self.gateway.url, headers=lines, timeout=30, **options)


def test_a_session_outlives_a_kill_and_its_end_does_too(gateway: Gateway) -> None:
    gateway.write(KEPT)
    gateway.start()
    stays, ended = Client(gateway).open(), Client(gateway).open()
    said = stays.say()
    assert ended.end() == 204
    gateway.stop(signal.SIGKILL)
    gateway.start()
    assert stays.say() == said
    assert ended.say() == 404
    assert Client(gateway, "bot", stays.session).say() == 404
    assert Client(gateway, "ana", stays.session[:-1]).say() == 404


def test_two_processes_share_sessions_by_key_and_file(new_gateway: Callable[[str], Gateway]) -> None:
    one, other = new_gateway("one"), new_gateway("other")
    one.write(KEPT)
    one.start()
    _share(one, other, "seal.keys")
    _link(one, other, "sessions.db")
    other.write(KEPT)
    other.start()
    here = Client(one).open()
    there = Client(other, session=here.session)
    assert here.say() == there.say()
    assert here.end() == 204
    other.until(lambda: there.say() == 404, 10)
    assert Client(other, session=Client(one, "bot").open().session).say() == 404


def _share(one: Gateway, other: Gateway, name: str) -> None:
    shutil.copy(one.state / name, other.state / name)


def _link(one: Gateway, other: Gateway, name: str) -> None:
    place: Path = other.state / name
    place.symlink_to(one.state / name)
    for suffix in ("-wal", "-shm"):
        (other.state / (name + suffix)).symlink_to(one.state / (name + suffix))


async def test_the_sdk_over_sse_at_every_endpoint(gateway: Gateway) -> None:
    from mcp.client.sse import sse_client  # noqa: PLC0415 - slow to import

    gateway.write(document(profiles={"team": {"tools": {"include": ["echo"]}}}))
    gateway.start()
    lines = {"authorization": f"Bearer {KEYS['ana']}"}
    for path in ("/mcp", "/team/mcp"):
        url = gateway.url.removesuffix("/mcp") + path + "/sse"
        async with mcp.Client(sse_client(url, headers=lines), mode="legacy") as client:
            result = await client.call_tool("echo", {"q": path})
            assert path in result.content[0].text


def _processes(gateway: Gateway) -> set[int]:
    """Return the gateway's children that serve the upstream."""
    assert gateway.process is not None
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parts = stat.read_text().rpartition(") ")[2].split()
            if int(parts[1]) == gateway.process.pid and b"sdk_server" in (stat.parent / "cmdline").read_bytes():
                found.add(int(stat.parent.name))
    return found


async def test_processes_of_a_session_end_with_it_over_each_transport(gateway: Gateway) -> None:
    from mcp.client.sse import sse_client  # noqa: PLC0415 - slow to import

    server = str(Path(__file__).with_name("sdk_server.py"))
    things = {"stdio": {"command": [sys.executable, server, "things"]}, "sessions": "session"}
    gateway.write(document(upstreams={"things": things}))
    gateway.start()
    gateway.until(lambda: len(_processes(gateway)) == 1, 30)
    own = _processes(gateway)

    def count(client: Client) -> str:
        answered = client.post("tools/call", {"name": "count", "arguments": {"to": 1}})
        return answered.text

    one, two = Client(gateway).open(), Client(gateway).open()
    for client in (one, two):
        assert "counted by things" in await asyncio.to_thread(count, client)
    assert len(_processes(gateway) - own) == 2
    assert one.end() == 204
    gateway.until(lambda: len(_processes(gateway) - own) == 1, 30)
    assert "counted by things" in await asyncio.to_thread(count, two)
    url, lines = gateway.url + "/sse", {"authorization": f"Bearer {KEYS['ana']}"}
    async with mcp.Client(sse_client(url, headers=lines), mode="legacy") as client:
        assert (await client.call_tool("count", {"to": 1})).content[0].text == "counted by things"
        assert len(_processes(gateway) - own) == 2
    gateway.until(lambda: len(_processes(gateway) - own) == 1, 30)
    two.end()
    gateway.until(lambda: _processes(gateway) == own, 30)
