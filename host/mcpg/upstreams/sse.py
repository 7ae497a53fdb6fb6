"""MCP over the HTTP with SSE of 2024-11-05: one GET stream that answers, POSTs that ask. It restarts nothing.

The stream's first event names where to POST. It must be on the origin of the stream: our credential goes there, and a
server must not be able to send it, or our requests, to another one.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import EffectDenied
from mcpg.effects.targets import parse_target
from mcpg.protocol.sse import EventDecoder, EventTooLarge
from mcpg.upstreams.bodies import media_type
from mcpg.upstreams.clients import PLAIN
from mcpg.upstreams.courier import Courier
from mcpg.upstreams.duplex import Duplex
from mcpg.upstreams.faults import Fault, Lost, Nonsense, NotSent, Rejected, SessionGone
from mcpg.upstreams.outbound import Outbound

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.protocol.sse import Event
    from mcpg.upstreams.clients import Role
    from mcpg.upstreams.oauth import Streams
    from mcpg.upstreams.outbound import Reply
    from mcpg.upstreams.specs import HttpSpec

__all__ = ["SseLink"]

OK = 200
BAD_REQUEST = 400
GONE = frozenset({404, 410})
EVENTS = "text/event-stream"
SKIPPED_BYTES = 64 * 1024
MAX_ENDPOINT = 4096


class SseLink(Duplex):
    """One stream from its start to its end. Implements `Link`."""

    old = True

    def __init__(
        self,
        spec: HttpSpec,
        max_message: int,
        connector: Streams,
        changed: Callable[[str], None],
        role: Role = PLAIN,
    ) -> None:
        super().__init__(max_message, changed, role)
        self._spec = spec
        self._outbound = Outbound(spec, connector, max_message)
        self._courier = Courier(self._post_quietly)
        self._endpoint: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader: asyncio.Task[None] | None = None
        self._headers = [*spec.headers.items(), ("content-type", "application/json"), ("accept", "application/json")]

    async def open(self) -> None:
        """Open the stream and wait until it says where to POST; raises `Fault`."""
        self._courier.start()
        self._reader = asyncio.create_task(self._read(), name="upstream events")
        waited: tuple[asyncio.Future[Any], ...] = (self._endpoint, self.lost)
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not self._endpoint.done():
            raise self.lost.result()

    async def close(self) -> None:
        """End the stream; calls in flight fail."""
        self._end(Lost("was stopped"))
        await self._courier.stop()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    async def _write(self, line: bytes) -> None:
        self._ready_to_write(line)
        if not self._endpoint.done():
            raise NotSent("is not connected")
        async with self._outbound.stream("POST", self._headers, line, url=self._endpoint.result()) as reply:
            if media_type(reply) != EVENTS:
                with suppress(Nonsense):
                    await reply.read(SKIPPED_BYTES)
            if reply.status in GONE:
                self._end(SessionGone("has forgotten the session"))
                raise SessionGone("has forgotten the session")
            if reply.status >= BAD_REQUEST:
                raise Rejected(reply.status)

    def _write_soon(self, line: bytes) -> None:
        if not self.lost.done():
            self._courier.put(line)

    async def _post_quietly(self, line: bytes) -> None:
        try:
            await self._write(line)
        except Fault:
            self.nonsense += 1

    async def _read(self) -> None:
        """Take in the stream until it ends; whatever ends it ends the link."""
        try:
            headers = [*self._spec.headers.items(), ("accept", EVENTS), ("cache-control", "no-store")]
            async with self._outbound.stream("GET", headers) as reply:
                if reply.status != OK:
                    raise Rejected(reply.status)
                if media_type(reply) != EVENTS:
                    raise Nonsense("answered with something that is no event stream")
                await self._take_events(reply)
            self._end(Lost("closed its event stream"))
        except Fault as fault:
            self._end(fault)
        except EventTooLarge:
            self._end(Nonsense(f"sent an event of more than {self._max} bytes"))

    async def _take_events(self, reply: Reply) -> None:
        decoder = EventDecoder(self._max)
        async with aclosing(reply.chunks()) as chunks:
            async for chunk in chunks:
                for event in decoder.feed(chunk):
                    self._take_event(event)
                if self.lost.done():
                    return

    def _take_event(self, event: Event) -> None:
        if event.event == "endpoint" and not self._endpoint.done():
            self._endpoint.set_result(self._place(event.data))
        elif event.event == "message" and event.data:
            self._take_text(event.data)

    def _place(self, data: bytes) -> str:
        """Return where to POST; raises `Fault` when it is no URL, or on another origin."""
        try:
            here = parse_target(self._spec.url)
            there = here.join(data[: MAX_ENDPOINT + 1].decode().strip())
        except (EffectDenied, UnicodeDecodeError):
            raise Nonsense("named an endpoint that is no URL") from None
        if len(data) > MAX_ENDPOINT or there.origin != here.origin:
            raise Fault("named an endpoint on another origin than its stream")
        return there.url
