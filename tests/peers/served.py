"""A small HTTP/1.1 server on loopback, in the test's own loop: whole answers and event streams. It knows no MCP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Incoming", "Outgoing", "Served"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it came."""

    verb: str
    target: str
    lines: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.lines)

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def times(self, name: str) -> int:
        return sum(each == name for each, _ in self.lines)


class Outgoing:
    """The answer to one request; `gone` is set when its reader has left."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.gone = asyncio.Event()
        self.begun = False
        self.ended = False

    def send(self, status: int, body: bytes = b"", media: str = "application/json", **more: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
        if body:
            lines.append(f"content-type: {media}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        self._write("\r\n".join([*lines, "", ""]).encode() + body)
        self.begun = self.ended = True

    def json(self, message: Any, status: int = 200, **more: str) -> None:
        self.send(status, json.dumps(message).encode(), **more)

    def begin(self, **more: str) -> None:
        lines = ["HTTP/1.1 200 X", "content-type: text/event-stream", "transfer-encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        self._write("\r\n".join([*lines, "", ""]).encode())
        self.begun = True

    def event(self, data: Any, *, event: str = "", event_id: str = "", retry: int = 0) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        fields = [("event", event), ("id", event_id), ("retry", str(retry) if retry else ""), ("data", text)]
        lines = [f"{name}: {value}\n" for name, value in fields if value or name == "data"]
        self._chunk("".join([*lines, "\n"]).encode())

    def comment(self) -> None:
        self._chunk(b": still here\n\n")

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self._write(b"0\r\n\r\n")

    def cut(self) -> None:
        self.ended = True
        self._transport.abort()

    def _chunk(self, data: bytes) -> None:
        self._write(b"%x\r\n%s\r\n" % (len(data), data))

    def _write(self, data: bytes) -> None:
        if not self.gone.is_set() and not self._transport.is_closing():
            self._transport.write(data)


class _Connection(asyncio.Protocol):
    def __init__(self, served: Served) -> None:
        self._served = served
        self._buffer = bytearray()
        self._current: Outgoing | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._served.connections.add(transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._transport is not None
        self._served.connections.discard(self._transport)
        if self._current is not None:
            self._current.gone.set()

    def _advance(self) -> None:
        if self._task is not None or (end := self._buffer.find(b"\r\n\r\n")) < 0:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        pairs = tuple((k.strip().lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines))
        length = int(dict(pairs).get("content-length", "0"))
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        verb, target, _ = first.split(" ")
        assert self._transport is not None
        self._current = Outgoing(self._transport)
        self._task = asyncio.ensure_future(self._handle(Incoming(verb, target, pairs, body), self._current))

    async def _handle(self, incoming: Incoming, outgoing: Outgoing) -> None:
        assert self._transport is not None
        try:
            await self._served.handler(incoming, outgoing)
            if not outgoing.begun:
                outgoing.send(500)
            outgoing.end()
        except Exception as error:  # noqa: BLE001 - a mistake of the peer must show in the test, not in a log
            self._served.mistakes.append(repr(error))
            self._transport.abort()
        finally:
            self._task = self._current = None
        if not self._transport.is_closing():
            self._advance()


class Served:
    """A server at `url` while it runs; `mistakes` are errors of the handler itself."""

    def __init__(self, handler: Callable[[Incoming, Outgoing], Awaitable[None]]) -> None:
        self.handler = handler
        self.connections: set[asyncio.Transport] = set()
        self.mistakes: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for transport in list(self.connections):
                transport.abort()
            await self._server.wait_closed()
