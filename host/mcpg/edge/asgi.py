"""ASGI types, whole answers and bounded bodies. It knows no MCP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcpg.protocol.headers import Headers

__all__ = [
    "STREAM_LINES",
    "App",
    "ClientGone",
    "Intake",
    "Lines",
    "Receive",
    "Scope",
    "Send",
    "encode_lines",
    "pieces",
    "send_whole",
]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Lines = list[tuple[bytes, bytes]]
"""Header lines as ASGI has them."""

STREAM_LINES: Lines = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]

_PIECE = 64 * 1024
_JSON = (b"content-type", b"application/json")


class ClientGone(Exception):  # noqa: N818 - it states a fact
    """The client left before its request was whole; nobody waits for an answer."""


async def send_whole(send: Send, status: int, body: bytes = b"", lines: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send a whole answer: JSON if there is a body, with its length, so that headers and body leave together."""
    headers = [(b"content-length", b"%d" % len(body)), *lines]
    if body:
        headers.append(_JSON)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def pieces(data: bytes) -> Iterator[bytes]:
    """Yield data in parts small enough that who takes some of it all the time takes each in time."""
    if len(data) <= _PIECE:
        yield data
        return
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]


def encode_lines(headers: Iterable[tuple[str, str]]) -> Lines:
    """Return a refusal's headers as ASGI has them; a line break in one is a mistake of ours and is dropped with it."""
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in headers
        if not any(sign in name + value for sign in "\r\n\0")
    ]


class Intake:
    """Reads request bodies within bounds: each one's size and time, and all unfinished ones together.

    One timer a second looks for those that take too long; a timer for each would cost more than reading most bodies.
    """

    def __init__(self, max_body: int, body_timeout: float, max_reading: int) -> None:
        self._max_body = max_body
        self._timeout = body_timeout
        self._max_reading = max_reading
        self._deadlines: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._sweeping = False
        self.reading = 0
        """Bytes of bodies that have come in part."""

    async def read(self, headers: Headers, receive: Receive) -> bytes:
        """Return the body; raises `Refusal` with 400, 408, 413 or 503, and `ClientGone`."""
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or len(declared) > 20:  # noqa: PLR2004 - digits of 2^64
            raise Refusal(frames.INVALID_REQUEST, "header `content-length` is no number", status=400)
        if int(declared) > self._max_body:
            raise self._too_large()
        body = await self._read_in_time(receive)
        if len(body) > self._max_body:
            raise self._too_large()
        return body

    async def _read_in_time(self, receive: Receive) -> bytes:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a body is read in a task")
        self._deadlines[task] = monotonic() + self._timeout
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(min(1.0, self._timeout), self._sweep)
        try:
            body, more = await _receive(receive)
            return await self._read_rest(body, receive) if more else body
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise _closing(408, "request body did not come in time") from None
        finally:
            del self._deadlines[task]
            self._late.discard(task)

    def _sweep(self) -> None:
        now = monotonic()
        for task, deadline in self._deadlines.items():
            if deadline <= now and task not in self._late:
                self._late.add(task)
                task.cancel()
        self._sweeping = bool(self._deadlines)
        if self._sweeping:
            asyncio.get_running_loop().call_later(min(1.0, self._timeout), self._sweep)

    async def _read_rest(self, first: bytes, receive: Receive) -> bytes:
        parts, size, more, counted = [first], len(first), True, 0
        try:
            while more:
                if size > self._max_body:
                    raise self._too_large()
                self.reading += size - counted
                counted = size
                if self.reading > self._max_reading:
                    raise _closing(503, "too many request bodies are being read")
                part, more = await _receive(receive)
                parts.append(part)
                size += len(part)
        finally:
            self.reading -= counted
        return b"".join(parts)

    def _too_large(self) -> Refusal:
        return _closing(413, f"request body is larger than {self._max_body} bytes")


async def _receive(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


def _closing(status: int, text: str) -> Refusal:
    """Return a refusal that also ends the connection, for the rest of the body is not wanted."""
    headers = [("connection", "close")]
    if status == 503:  # noqa: PLR2004 - HTTP
        headers.append(("retry-after", "1"))
    return Refusal(frames.INVALID_REQUEST, text, status=status, headers=headers)
