"""A client on a real socket that takes nothing of its answer loses its connection; a slow one keeps it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mcpg.edge import wire
from mcpg.edge.listeners import open_listener
from mcpg.edge.serving import Running, Site, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SIZE = 20_000_000


class Big:
    """Answers with more than any buffer takes, and ends the answer or does not."""

    def __init__(self, size: int = SIZE, *, finish: bool = True) -> None:
        self.size, self.finish = size, finish

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for name in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{name}.complete"})
            return
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % self.size)]})
        await send({"type": "http.response.body", "body": b"x" * self.size, "more_body": not self.finish})


@asynccontextmanager
async def _connected(app: Big) -> AsyncIterator[socket.socket]:
    listener, running = open_listener("127.0.0.1:0"), Running()
    task = asyncio.create_task(serve([Site(app, listener)], running=running, handle_signals=False, grace=1.0))
    await running.started.wait()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, listener.socket.getsockname())
        await asyncio.get_running_loop().sock_sendall(client, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        try:
            yield client
        finally:
            running.stop()
    await asyncio.wait_for(task, 10)


async def _read(client: socket.socket, most: int, pause: float = 0.0) -> int:
    size = 0
    try:
        while size < most and (part := await asyncio.get_running_loop().sock_recv(client, 100_000)):
            size += len(part)
            await asyncio.sleep(pause)
    except ConnectionResetError:
        return 0
    return size


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once a connection is lost."""
    event, before = asyncio.Event(), wire.GuardedHttp.connection_lost

    def connection_lost(self: Any, exc: Exception | None) -> None:
        before(self, exc)
        event.set()

    monkeypatch.setattr(wire.GuardedHttp, "connection_lost", connection_lost)
    return event


@pytest.mark.parametrize("finish", [True, False], ids=["whole answer", "given up"])
async def test_who_takes_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, lost: asyncio.Event, *, finish: bool
) -> None:
    monkeypatch.setattr(wire, "STUCK", 0.05)
    async with _connected(Big(finish=finish)) as client:
        await asyncio.wait_for(lost.wait(), 10)
        assert await _read(client, SIZE) < SIZE


async def test_who_takes_a_little_at_a_time_gets_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "STUCK", 0.5)
    size = 8_000_000
    async with _connected(Big(size)) as client:
        assert await asyncio.wait_for(_read(client, size, 0.001), 30) >= size
