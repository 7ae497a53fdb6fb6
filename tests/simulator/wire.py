"""HTTP/1.1 on a raw socket, so that a registry can cut, stall and flood. It knows nothing of registries.

A reply's body is bytes, or an iterator of chunks that may end with `RESET` (the connection is torn down at once) or
wait on `Wire.closing`. `promised` is the Content-Length that is sent, which a body need not keep.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    import ssl

__all__ = ["RESET", "Reply", "Request", "Wire", "chunks"]

RESET = b"\0reset"
"""A chunk that is never sent: the connection is reset in its place."""
MAX_HEAD = 256 * 1024


@dataclass(slots=True)
class Request:
    """One request as it came; header names are in lower case, `sent` counts the body bytes of its reply."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int = 0
    sent: int = 0

    @property
    def line(self) -> str:
        return f"{self.method} {self.target}"

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass(slots=True)
class Reply:
    """What is answered; without `promised`, bytes are promised as they are and chunks are sent chunked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""
    promised: int | None = None


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


Handler = Callable[[Request], Awaitable[Reply]]


class Wire:
    """A listener on loopback: it reads requests, keeps them, and writes what the handler answers."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.requests: list[Request] = []
        self.connections = 0
        self.closing = asyncio.Event()

    async def start(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port, ssl=self._tls, limit=MAX_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self.closing.set()
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        gone = (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError, asyncio.CancelledError)
        try:
            while not writer.is_closing():
                request = await _read(reader, writer)
                self.requests.append(request)
                reply = await self._handler(request)
                request.status = reply.status
                await _write(writer, request, reply)
        except gone:
            pass
        finally:
            self._tasks.discard(task)
            if self.closing.is_set():
                writer.transport.abort()
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    first = await reader.readexactly(1)
    if not first.isalpha():
        raise ConnectionAbortedError("this is no HTTP; TLS, if it begins with 0x16")
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Request(method, target, unquote(path), dict(parse_qsl(query, keep_blank_values=True)), headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


async def _write(writer: asyncio.StreamWriter, request: Request, reply: Reply) -> None:
    bodiless = request.method == "HEAD" or reply.status in {204, 304}
    headers, length = dict(reply.headers), reply.promised
    if length is None and isinstance(reply.body, bytes):
        length = len(reply.body)
    if reply.status not in {204, 304}:
        headers |= {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    phrase = HTTPStatus(reply.status).phrase
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
    if not bodiless:
        body = chunks(reply.body) if isinstance(reply.body, bytes) else reply.body
        await _write_body(writer, request, body, length)
    await writer.drain()


async def _write_body(
    writer: asyncio.StreamWriter, request: Request, body: AsyncIterator[bytes], length: int | None
) -> None:
    """Send the chunks; a body that ends before its promised length ends the connection too."""
    start = request.sent
    async for chunk in body:
        if chunk is RESET:
            await _reset(writer)
            return
        writer.write(chunk if length is not None else b"%x\r\n%b\r\n" % (len(chunk), chunk))
        await writer.drain()
        request.sent += len(chunk)
    if length is None:
        writer.write(b"0\r\n\r\n")
    elif request.sent - start != length:
        writer.close()


async def _reset(writer: asyncio.StreamWriter) -> None:
    """Tear the connection down: the peer has what was sent, then an error in place of an end."""
    await writer.drain()
    with contextlib.suppress(OSError, AttributeError, NotImplementedError):
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
