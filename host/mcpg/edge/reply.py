"""The answer to one posted message: whole JSON, or a stream once something had to be said earlier. It answers nothing.

Until the first message of ours or the first keep-alive nothing is written, so that a quick answer is one piece with its
own status, and costs nothing of what follows here. From then on one task writes what waits in the feed. In a session
the feed outlives its connection: the client comes back for the rest by GET (`listening`).
Source: MCP basic/transports (Streamable HTTP: sending messages).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from mcpg.contract.ports import CannotAsk
from mcpg.edge.asgi import encode_lines, send_whole
from mcpg.edge.events import EventsLost
from mcpg.edge.feeds import Feed
from mcpg.edge.wires import POLLING, Wire, carry, pace_for, prime
from mcpg.protocol.frames import encode_notification
from mcpg.protocol.notices import Notices
from mcpg.protocol.shapes import lower_notification
from mcpg.protocol.sse import KEEP_ALIVE
from mcpg.protocol.versions import at_least

if TYPE_CHECKING:
    from typing import Any

    from mcpg.contract.ports import McpCall
    from mcpg.edge.answers import Answer
    from mcpg.edge.asgi import Lines, Send
    from mcpg.edge.asks import Asks
    from mcpg.edge.feeds import Owner, Reader
    from mcpg.edge.resuming import Resuming
    from mcpg.edge.settings import EdgeSettings
    from mcpg.protocol.sessions import Session

__all__ = ["CallChannel", "Reply"]


class Reply:
    """What is written for one request; `lines` are headers that every answer carries.

    With a session and `resuming` the client may come back for it.
    """

    __slots__ = (
        "_feed",
        "_lines",
        "_reader",
        "_resuming",
        "_send",
        "_session",
        "_settings",
        "_writer",
        "done",
        "gone",
        "owner",
    )

    def __init__(
        self,
        send: Send,
        lines: Lines,
        settings: EdgeSettings,
        session: Session | None = None,
        resuming: Resuming | None = None,
    ) -> None:
        self._send = send
        self._lines = lines
        self._settings = settings
        self._session = session
        self._resuming = resuming
        self._feed: Feed | None = None
        self._reader: Reader | None = None
        self._writer: asyncio.Task[None] | None = None
        self.owner: Owner | None = None
        self.gone = False
        """Whether its own connection is over: what is said from then on is kept for who comes back, or dropped."""
        self.done = False

    @property
    def silence(self) -> float:
        """Seconds without a word after which `beat` is due, infinite once there is a stream that beats by itself."""
        if self._feed is not None:
            return float("inf")
        settings = self._settings
        if not self._polls:
            return settings.keep_alive
        return min(settings.keep_alive, settings.stream_prime_after, settings.stream_poll_after or float("inf"))

    @property
    def dropped(self) -> int:
        """How many notifications found no room."""
        return 0 if self._feed is None else self._feed.dropped

    async def say(self, message: bytes, *, vital: bool = False) -> bool:
        """Send one message, which makes the answer a stream; return whether it is on its way or kept."""
        if self.done or (self._feed is None and self.gone):
            return False
        feed = self._feed or self._begin()
        said = feed.put(message, vital=vital)
        if feed.crowded:
            await asyncio.sleep(0)  # a turn for the task that writes, before there is no room
        return said

    def beat(self) -> None:
        """Make the answer a stream: what stands between us takes silence for an end, and its client can come back."""
        if self._feed is None and not self.done and not self.gone:
            self._begin(self.silence)

    def leave(self) -> None:
        """Note that the client has left this connection."""
        self.gone = True
        if self._feed is not None and self._reader is not None:
            self._feed.leave(self._reader)
            self._stop_writer()
        elif self.owner is not None:
            self.owner.left()

    async def finish(self, answer: Answer) -> None:
        """Send the answer and end: whole if nothing was sent before, else as the stream's last event."""
        self.done = True
        if self._feed is not None:
            if answer.body:  # nothing is left to say where all of a batch was withdrawn
                self._feed.put(answer.body, vital=True)
            await self._close(self._feed)
        elif not self.gone:
            await send_whole(self._send, answer.status, answer.body, [*self._lines, *encode_lines(answer.headers)])

    async def finish_empty(self) -> None:
        """End without an answer: the client has said that it wants none."""
        self.done = True
        if self._feed is not None:
            await self._close(self._feed)
        elif not self.gone:
            await Wire(self._send, self._lines, self._settings.write_timeout).end()

    def abandon(self) -> None:
        """End without a word: nobody is left who could finish."""
        self.done = True
        if self._feed is not None:
            self._end_feed(self._feed)
            self._stop_writer()

    @property
    def _polls(self) -> bool:
        return self._session is not None and at_least(self._session.version, POLLING)

    def _begin(self, waited: float = 0.0) -> Feed:
        """Become a stream; one that begins because its client has `waited` has something to write at once."""
        if self._session is not None and self._resuming is not None and self.owner is not None:
            feed = self._resuming.open(self._session.id, self.owner)
        else:
            feed = Feed(self._settings.feed_bounds, self.owner)
        self._feed, self._reader = feed, feed.read()
        self._writer = asyncio.get_running_loop().create_task(self._write(feed, self._reader, waited))
        return feed

    async def _write(self, feed: Feed, reader: Reader, waited: float) -> None:
        settings = self._settings
        wire = Wire(self._send, self._lines, settings.write_timeout)
        try:
            if feed.shelf is not None and self._polls:
                await wire.write(prime(feed.shelf.event_id(0), settings.stream_retry))
            elif waited:
                await wire.write(KEEP_ALIVE)
            version = "" if self._session is None else self._session.version
            await carry(feed, reader, wire, pace_for(settings, version, waited))
        except (TimeoutError, EventsLost):
            feed.leave(reader)
            if feed.shelf is not None:
                await self._linger(wire)
        except Exception:  # noqa: BLE001 - however the connection broke, nobody reads there any more
            feed.leave(reader)

    async def _linger(self, wire: Wire) -> None:
        """End the connection of a client that takes nothing, when it does: so it learns that it has to come back."""
        with contextlib.suppress(Exception):
            await wire.linger()

    async def _close(self, feed: Feed) -> None:
        self._end_feed(feed)
        writer = self._writer
        if writer is None or self._reader is None or not feed.reads(self._reader):
            self._stop_writer()
            return
        try:
            await asyncio.wait((writer,))
        finally:
            self._stop_writer()

    def _end_feed(self, feed: Feed) -> None:
        if self._resuming is not None and feed.shelf is not None:
            self._resuming.close(feed)
        else:
            feed.close()

    def _stop_writer(self) -> None:
        if self._writer is not None and not self._writer.done():
            self._writer.cancel()


class CallChannel:
    """The client's side of one call: sends what its client asked to be told, and asks clients of sessions."""

    __slots__ = ("_asks", "_notices", "_reply", "_session", "_version")

    def __init__(self, reply: Reply, call: McpCall, session: Session | None = None, asks: Asks | None = None) -> None:
        self._reply = reply
        self._notices = Notices(call)
        self._version = call.version
        self._session = session
        self._asks = asks

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that belongs to this request; dropped when the client cannot take it."""
        admitted = self._notices.admit(method, params)
        lowered = None if admitted is None else lower_notification(method, admitted, self._version)
        if lowered is not None:
            await self._reply.say(encode_notification(method, lowered))

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request that belongs to this request. See `Channel.ask`."""
        if self._asks is None or self._session is None:
            raise CannotAsk(f"clients of `{self._version}` take no requests")
        return await self._asks.ask(self._session, self._carry, method, params)

    async def _carry(self, message: bytes) -> None:
        if not await self._reply.say(message, vital=True):
            raise CannotAsk("the client has left this request, and has nothing to resume it from")
