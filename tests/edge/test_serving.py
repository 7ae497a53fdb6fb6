"""Real sockets: two listeners in one loop, disconnects, drains, slow and fat heads, Unix sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.kit import FakeService, call, modern, request

from mcpg.contract.problems import ConfigError
from mcpg.edge import wire
from mcpg.edge.admin import AdminViews, admin_app
from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.front import front_door
from mcpg.edge.listeners import open_listener
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, serve
from mcpg.edge.settings import EdgeSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOKEN = "0123456789abcdef"
VIEWS = AdminViews(
    metrics=lambda: "mcpg_up 1\n", status=lambda: {"ok": True}, plugins=list, upstreams=list, tools=lambda: ["a"]
)


class Gateway:
    """A gateway on real sockets."""

    def __init__(self, service: FakeService, folder: Path) -> None:
        self.endpoint = McpEndpoint(service, EdgeSettings(loopback=True, watch_after=0.001))
        self.ready = False
        self.lifespan: list[str] = []
        self.main = open_listener("127.0.0.1:0")
        self.admin = open_listener(f"unix:{folder}/admin.sock")
        self.port = int(self.main.name.rpartition(":")[2])
        self.running = Running()
        self.task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncIterator[None]:
        self.lifespan.append("up")
        yield
        self.lifespan.append("down")

    async def begin(self, *, grace: float = 5.0, signals: bool = False) -> None:
        app = front_door(self.endpoint, public_app(lambda: self.ready, lifespan=self._lifespan))
        sites = [Site(app, self.main), Site(admin_app(TOKEN, VIEWS), self.admin)]
        self.task = asyncio.create_task(
            serve(sites, drain=self.endpoint.drain, grace=grace, running=self.running, handle_signals=signals)
        )
        await asyncio.wait_for(self.running.started.wait(), 10)

    async def end(self) -> None:
        self.running.stop()
        if self.task is not None:
            await asyncio.wait_for(self.task, 10)

    async def ask(self, data: bytes, *, admin: bool = False) -> bytes:
        """Send raw bytes and return all that comes until the connection ends."""
        reader, writer = await self.connect(admin=admin)
        writer.write(data)
        got = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return got

    async def connect(self, *, admin: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if admin:
            return await asyncio.open_unix_connection(str(self.admin.path))
        return await asyncio.open_connection("127.0.0.1", self.port)


@pytest.fixture
async def gateway(service: FakeService, tmp_path: Path) -> AsyncIterator[Gateway]:
    gateway = Gateway(service, tmp_path)
    yield gateway
    await gateway.end()
    for listener in (gateway.main, gateway.admin):
        listener.close()


def _http(message: Any, headers: dict[str, str], *, close: bool = True) -> bytes:
    body = json.dumps(message).encode()
    lines = {
        "host": "localhost",
        "accept": "*/*",
        "content-type": "application/json",
        "authorization": "Bearer ana",
        "content-length": str(len(body)),
        "connection": "close" if close else "keep-alive",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body


def _get(path: str, **headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{lines}\r\n".encode()


async def test_two_listeners_in_one_loop(gateway: Gateway) -> None:
    await gateway.begin()
    got = await gateway.ask(_http(*modern("tools/call", {"name": "echo", "arguments": {"text": "hi"}})))
    assert got.startswith(b"HTTP/1.1 200 OK")
    assert b"ana: hi" in got
    assert b"server:" not in got.lower()
    assert (await gateway.ask(_get("/health"))).endswith(b'{"status":"ok"}')
    assert b" 503 " in await gateway.ask(_get("/ready"))
    gateway.ready = True
    assert b" 200 " in await gateway.ask(_get("/ready"))
    for path in ("/docs", "/openapi.json", "/metrics", "/admin/v1/status", "/mcp/x"):
        assert b" 404 " in await gateway.ask(_get(path))
    assert gateway.lifespan == ["up"]
    await gateway.end()
    assert gateway.lifespan == ["up", "down"]


async def test_the_admin_listener_shows_nothing_without_its_token(gateway: Gateway) -> None:
    await gateway.begin()
    for path in ("/metrics", "/admin/v1/status", "/nothing", "/docs"):
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
            got = await gateway.ask(_get(path, **headers), admin=True)
            assert got.startswith(b"HTTP/1.1 401 "), path
            assert b"mcpg_up" not in got
    good = {"authorization": f"Bearer {TOKEN}"}
    assert b"mcpg_up 1" in await gateway.ask(_get("/metrics", **good), admin=True)
    assert b'{"ok":true}' in await gateway.ask(_get("/admin/v1/status", **good), admin=True)
    assert b'["a"]' in await gateway.ask(_get("/admin/v1/tools", **good), admin=True)
    assert b" 404 " in await gateway.ask(_get("/nothing", **good), admin=True)
    with pytest.raises(ValueError, match="16"):
        admin_app("short", VIEWS)


async def test_a_modern_client_that_hangs_up_cancels_its_request(gateway: Gateway, service: FakeService) -> None:
    await gateway.begin()
    _, writer = await gateway.connect()
    writer.write(_http(*modern("tools/call", {"name": "slow"})))
    await asyncio.wait_for(service.started.wait(), 5)
    writer.close()
    assert await gateway.endpoint.shared.load.idle(5)
    assert service.cancelled == 1


async def test_a_sessions_client_that_hangs_up_does_not(gateway: Gateway, service: FakeService) -> None:
    await gateway.begin()
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}}
    got = await gateway.ask(_http(request("initialize", params), {}))
    session = got.partition(b"mcp-session-id: ")[2].partition(b"\r\n")[0].decode()
    _, writer = await gateway.connect()
    writer.write(_http(call("slow"), {"mcp-session-id": session}))
    await asyncio.wait_for(service.started.wait(), 5)
    writer.close()
    async with asyncio.timeout(5):
        while not gateway.endpoint.shared.load._detached:  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.001)
    service.finish.set()
    assert await gateway.endpoint.shared.load.idle(5)
    assert (service.finished, service.cancelled) == (1, 0)


async def test_a_signal_lets_requests_finish(gateway: Gateway, service: FakeService) -> None:
    await gateway.begin(signals=True)
    slow = asyncio.create_task(gateway.ask(_http(*modern("tools/call", {"name": "slow"}))))
    await asyncio.wait_for(service.started.wait(), 5)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(gateway.running.stopping.wait(), 5)
    refused = await gateway.ask(_http(*modern("tools/list")))
    assert b" 503 " in refused
    assert b"connection: close" in refused
    service.finish.set()
    assert b"slept" in await slow
    assert gateway.task is not None
    await asyncio.wait_for(gateway.task, 10)
    assert gateway.admin.path is not None
    assert not gateway.admin.path.exists()


async def test_what_does_not_finish_is_told_so(gateway: Gateway, service: FakeService) -> None:
    await gateway.begin(grace=0.05)
    slow = asyncio.create_task(gateway.ask(_http(*modern("tools/call", {"name": "slow"}))))
    await asyncio.wait_for(service.started.wait(), 5)
    gateway.running.stop()
    assert b"may have happened" in await slow


async def test_a_stream_does_not_hold_up_the_end(gateway: Gateway) -> None:
    await gateway.begin()
    message, headers = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    listening = asyncio.create_task(gateway.ask(_http(message, headers)))
    async with asyncio.timeout(5):
        while not len(gateway.endpoint.streams):  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.001)
    await gateway.end()
    got = await listening
    assert b"acknowledged" in got
    assert b'"resultType":"complete"' in got


async def test_a_head_that_never_ends_is_given_up(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_TIMEOUT", 0.05)
    await gateway.begin()
    assert await gateway.ask(b"") == b""
    assert await gateway.ask(b"POST /mcp HTTP/1.1\r\nhost: loc") == b""
    first = _http(*modern("tools/list"), close=False)
    assert (await gateway.ask(first + b"POST")).count(b"HTTP/1.1 200") == 1


async def test_the_time_of_a_head_does_not_run_on(
    gateway: Gateway, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_TIMEOUT", 0.05)
    await gateway.begin()
    slow = asyncio.create_task(gateway.ask(_http(*modern("tools/call", {"name": "slow"}))))
    await asyncio.wait_for(service.started.wait(), 5)
    await asyncio.sleep(0.1)  # longer than a head may take: the request is not a head any more
    service.finish.set()
    assert b"slept" in await slow


async def test_a_fat_head_is_refused(gateway: Gateway) -> None:
    await gateway.begin()
    reader, writer = await gateway.connect()
    writer.write(b"POST /mcp HTTP/1.1\r\nx: " + b"y" * 40_000)
    await writer.drain()
    writer.write(b"y" * 40_000)
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 431 ")
    writer.close()
    whole = _http(*modern("tools/list")).replace(b"\r\n\r\n", b"\r\nx-big: " + b"y" * 40_000 + b"\r\n\r\n", 1)
    assert (await gateway.ask(whole)).startswith(b"HTTP/1.1 431 ")


async def test_a_trailer_is_no_header(gateway: Gateway, service: FakeService) -> None:
    await gateway.begin()
    message, headers = modern("tools/list")
    head, _, body = _http(message, headers).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b"content-length", b"authorization"))]
    chunked = b"\r\n".join([*lines, b"transfer-encoding: chunked", b"x-forwarded-for: 10.0.0.1"])
    got = await gateway.ask(chunked + b"\r\n\r\n%x\r\n%s\r\n0\r\nauthorization: Bearer ana\r\n\r\n" % (len(body), body))
    assert b" 401 " in got
    assert "authorization" not in service.seen[-1].headers


async def test_keep_alive_serves_many_requests_on_one_connection(gateway: Gateway) -> None:
    await gateway.begin()
    data = _http(*modern("tools/list"), close=False) * 20 + _http(*modern("tools/list"))
    assert (await gateway.ask(data)).count(b"HTTP/1.1 200 OK") == 21


async def test_an_application_that_does_not_start_is_said(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(app: Any) -> AsyncIterator[None]:
        raise ConfigError("no")
        yield

    listener = open_listener("127.0.0.1:0")
    with pytest.raises(ConfigError, match="did not start"):
        await serve([Site(public_app(lambda: True, lifespan=broken), listener)], handle_signals=False)


def test_addresses(tmp_path: Path) -> None:
    for wrong in ("8787", ":80", "localhost:http", "localhost:99999", "unix:/nowhere/at/all", "192.0.2.1:1"):
        with pytest.raises(ConfigError):
            open_listener(wrong)
    with (
        open_listener("127.0.0.1:0").socket as opened,
        pytest.raises(ConfigError, match=r"cannot listen on `127.0.0.1:[0-9]+`: address already in use$"),
    ):
        open_listener(f"127.0.0.1:{opened.getsockname()[1]}")
    anywhere = open_listener("0.0.0.0:0")
    assert not anywhere.loopback
    anywhere.close()


def test_a_unix_socket_is_its_owners_only(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/s.sock"
    first = open_listener(address)
    assert first.path is not None
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert not first.loopback
    with pytest.raises(ConfigError, match="listening there"):
        open_listener(address)
    first.socket.close()
    second = open_listener(address)
    second.close()
    assert not first.path.exists()
    first.path.write_text("mine")
    with pytest.raises(ConfigError, match="no socket"):
        open_listener(address)
    assert first.path.read_text() == "mine"
