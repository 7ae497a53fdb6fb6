"""A small HTTP/1.1 server that answers as a test says, honestly or not. It is not a fit for anything but tests."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcpg.effects.addresses import Address


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever a connection has ended."""

    def url(self, path: str = "/", *, host: str = "peer.example", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


Writer = asyncio.StreamWriter
Handler = Callable[[Request, Writer], Awaitable[None]]


def reply(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def answers(status: int = 200, body: bytes = b"", *headers: str) -> Handler:
    async def handler(_: Request, writer: Writer) -> None:
        writer.write(reply(status, body, *headers))

    return handler


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


@asynccontextmanager
async def serve(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        peer.connections += 1
        try:
            while not writer.is_closing():
                request = await read_request(reader)
                peer.requests.append(request)
                peer.asked.set()
                answering = asyncio.ensure_future(handler(request, writer))
                closing = asyncio.ensure_future(reader.read(1)) if request.path.startswith("/hang") else None
                await asyncio.wait([one for one in (answering, closing) if one], return_when=asyncio.FIRST_COMPLETED)
                for one in (answering, closing):
                    if one and not one.done():
                        one.cancel()
                if closing:
                    await asyncio.gather(answering, closing, return_exceptions=True)
                    break
                answering.result()
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            tasks.discard(task)
            writer.close()
            peer.gone.set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    peer = Peer(server.sockets[0].getsockname()[1])
    try:
        yield peer
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Names:
    """A resolver that answers what a test says: one answer after the other for a host, the last one for ever."""

    def __init__(self, **hosts: list[list[str]]) -> None:
        self.hosts = {name.replace("_", "."): [list(answer) for answer in given] for name, given in hosts.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[Address, ...]:
        self.asked.append(host)
        given = self.hosts.get(host, [["127.0.0.1"]])
        answer = given.pop(0) if len(given) > 1 else given[0]
        if not answer:
            raise OSError("no address")
        return tuple(ipaddress.ip_address(text) for text in answer)

    async def stop(self) -> None:
        pass
