"""Reads MCP messages from HTTP answers: one JSON body, or a stream of events. It dispatches nothing."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from mcpg.protocol import frames
from mcpg.protocol.sse import EventDecoder, EventTooLarge
from mcpg.upstreams.faults import Nonsense

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mcpg.protocol.sse import Event
    from mcpg.upstreams.outbound import Reply

__all__ = ["EventStream", "media_type", "read_messages"]

MAX_NOISE = 100
"""Events of one stream that may be no message."""
MAX_RETRY_SECONDS = 10.0
MAX_EVENT_ID = 1024


def media_type(reply: Reply) -> str:
    """Return the answer's media type in lower case, without parameters."""
    return reply.header("content-type").partition(";")[0].strip().lower()


def read_messages(body: bytes) -> list[frames.Message]:
    """Return the message in `body`, or those of a batch (2025-03-26); raises `Nonsense`."""
    try:
        if not frames.is_batch(body):
            return [frames.parse(body)]
        parts = frames.parse_batch(body)
    except frames.FrameError as error:
        raise Nonsense("answered with something that is no MCP message") from error
    if bad := next((part for part in parts if isinstance(part, frames.FrameError)), None):
        raise Nonsense("answered with something that is no MCP message") from bad
    return [part for part in parts if not isinstance(part, frames.FrameError)]


class EventStream:
    """Messages of an event stream, which may be resumed: `last_id` and `retry` (seconds) live on over connections."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.last_id = ""
        self.retry = 0.5
        self.noise = 0

    async def messages(self, reply: Reply) -> AsyncGenerator[frames.Message, None]:
        """Yield each message until the stream ends; raises `Nonsense` for a huge event or too many bad ones."""
        decoder = EventDecoder(self._limit)
        async with aclosing(reply.chunks()) as chunks:
            async for chunk in chunks:
                try:
                    events = decoder.feed(chunk)
                except EventTooLarge as error:
                    raise Nonsense(f"sent an event of more than {self._limit} bytes") from error
                for event in events:
                    for message in self._read(event):
                        yield message

    def _read(self, event: Event) -> list[frames.Message]:
        if event.id and len(event.id) <= MAX_EVENT_ID and event.id.isascii() and event.id.isprintable():
            self.last_id = event.id
        if event.retry is not None:
            self.retry = min(event.retry / 1000, MAX_RETRY_SECONDS)
        if event.event != "message" or not event.data:
            return []
        try:
            return read_messages(event.data)
        except Nonsense:
            self.noise += 1
            if self.noise > MAX_NOISE:
                raise
            return []
