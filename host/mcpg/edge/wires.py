"""One HTTP answer that is an event stream: begun, written in time, ended. It orders no events and keeps none.

A write waits for the client as long as the settings say, anew for each piece of what is long; then `TimeoutError` tells
that it takes nothing.
Source: WHATWG HTML, section 9.2 (event streams); MCP 2025-11-25, basic/transports (priming, `retry`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcpg.edge.asgi import STREAM_LINES, pieces
from mcpg.protocol.sse import KEEP_ALIVE, encode_event
from mcpg.protocol.versions import HANDSHAKE, at_least

if TYPE_CHECKING:
    from mcpg.edge.asgi import Lines, Send
    from mcpg.edge.feeds import Feed, Reader
    from mcpg.edge.settings import EdgeSettings

__all__ = ["POLLING", "Pace", "Wire", "carry", "pace_for", "prime", "retry"]

POLLING = "2025-11-25"
"""The first version whose clients come back when their connection is ended early, and know an event without data."""


class Wire:
    """Writes one event stream; `lines` are the headers that it carries beside its own."""

    __slots__ = ("_begun", "_lines", "_send", "_timeout")

    def __init__(self, send: Send, lines: Lines, timeout: float) -> None:
        self._send = send
        self._lines = lines
        self._timeout = timeout
        self._begun = False

    async def write(self, data: bytes) -> None:
        """Write, after the head if this is the first; raises `TimeoutError`."""
        for piece in pieces(data):
            async with asyncio.timeout(self._timeout):
                await self._begin()
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """Write the last bytes and end; raises `TimeoutError`."""
        *before, last = pieces(data)
        for piece in before:
            await self.write(piece)
        async with asyncio.timeout(self._timeout):
            await self.linger(last)

    async def linger(self, data: bytes = b"") -> None:
        """End as `end` does, as late as the client takes it."""
        await self._begin()
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def _begin(self) -> None:
        if not self._begun:
            lines = [*STREAM_LINES, *self._lines]
            await self._send({"type": "http.response.start", "status": 200, "headers": lines})
            self._begun = True


class Pace:
    """When a stream is kept alive, and when its client is sent away to come back; seconds, 0 for never."""

    __slots__ = ("keep_alive", "over", "poll_after", "retry")

    def __init__(self, keep_alive: float, poll_after: float = 0.0, wait: float = 1.0, *, waited: float = 0.0) -> None:
        self.keep_alive = keep_alive
        self.poll_after = poll_after
        self.retry = retry(wait)
        self.over = 0.0
        if poll_after:
            self.over = asyncio.get_running_loop().time() + max(0.0, poll_after - waited)

    def wait(self, now: float) -> float:
        """Return how long silence may last from now."""
        return min(self.keep_alive, max(0.0, self.over - now)) if self.over else self.keep_alive


def pace_for(settings: EdgeSettings, version: str, waited: float = 0.0) -> Pace:
    """Return the pace of a session's answer, for which its client has `waited` already.

    Only clients of a version that knows it are sent away to come back.
    """
    if version not in HANDSHAKE or not at_least(version, POLLING):
        return Pace(settings.keep_alive)
    return Pace(settings.keep_alive, settings.stream_poll_after, settings.stream_retry, waited=waited)


def prime(event_id: str, wait: float) -> bytes:
    """Return the event that tells a client, before anything has been said, where to resume and how soon."""
    return encode_event(b"", event_id=event_id, retry=int(wait * 1000))


def retry(wait: float) -> bytes:
    """Return what tells a client how many seconds to wait before it comes back."""
    return b"retry: %d\n\n" % int(wait * 1000)


async def carry(feed: Feed, reader: Reader, wire: Wire, pace: Pace) -> None:
    """Write what a reader reads until its end; raises `TimeoutError` and `EventsLost`, and ends nothing then."""
    loop = asyncio.get_running_loop()
    while True:
        chunk = await reader.next(pace.wait(loop.time()))
        if chunk is None:
            await wire.end()
            return
        if pace.over and loop.time() >= pace.over:
            if feed.part(reader):
                await wire.end(chunk + pace.retry)
                return
            pace.over = loop.time() + pace.poll_after
        reader.writing = True
        await wire.write(chunk or KEEP_ALIVE)
        reader.writing = False
