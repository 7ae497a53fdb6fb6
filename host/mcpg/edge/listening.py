"""Who listens: a session's GET stream, a client that comes back for an answer, a modern subscription. It tells nothing.

A session has one stream for changes; a newer GET takes its place, since the client has lost the older one. What such a
stream would have said is kept while there is none, each thing once; what the lost one said last is said again, for
nobody knows if it arrived. With `Last-Event-ID` a GET goes on with the answer that the event belongs to instead.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.edge.answers import offers
from mcpg.edge.events import EventsLost
from mcpg.edge.guards import accepts
from mcpg.edge.resuming import LAST_EVENT_ID
from mcpg.edge.sights import Sight
from mcpg.edge.streams import CHANGES, Notice, honoured
from mcpg.edge.subscriptions import UPDATED, Subscriptions, asked_uris, watch_all
from mcpg.edge.wires import POLLING, Wire, carry, pace_for, retry
from mcpg.protocol import frames
from mcpg.protocol.headers import SESSION, VERSION
from mcpg.protocol.shapes import SUBSCRIPTION_KEY, shape
from mcpg.protocol.sse import encode_event
from mcpg.protocol.versions import MODERN, at_least

if TYPE_CHECKING:
    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall, Watching
    from mcpg.edge.answers import Answers
    from mcpg.edge.asgi import Lines, Receive, Send
    from mcpg.edge.sessions import EndpointSessions
    from mcpg.edge.shared import Shared
    from mcpg.edge.streams import Stream
    from mcpg.protocol.headers import Headers
    from mcpg.protocol.sessions import Session

__all__ = ["Listening"]

_ALL = frozenset(CHANGES)


@dataclass(slots=True)
class _Standing:
    """How it stands with one session's notifications, with a stream or between two."""

    heard: float
    """Changes after that moment (seconds since 1970) may not have been told."""
    stream: Stream | None = None
    sight: Sight | None = None
    waiting: dict[Notice, dict[str, Any]] = field(default_factory=dict)


class Listening:
    """Opens and ends the streams of sessions and subscriptions of one endpoint."""

    def __init__(self, answers: Answers, sessions: EndpointSessions, shared: Shared) -> None:
        self._answers = answers
        self._sessions = sessions
        self._settings = shared.settings
        self._streams = shared.streams
        self._resuming = shared.resuming
        self._measures = shared.measures
        self._standing: dict[str, _Standing] = {}
        self.subscriptions = Subscriptions(self.deliver, per_session=shared.settings.max_watches)

    def applies(self, headers: Headers) -> bool:
        """Return whether GET and DELETE mean something for this request: it names a session and no modern version."""
        return SESSION in headers and headers.get(VERSION) not in MODERN

    def close(self, session_id: str) -> None:
        """End the stream of a session that has ended, and what it watched."""
        self.subscriptions.close(session_id)
        standing = self._standing.pop(session_id, None)
        if standing is not None and standing.stream is not None:
            standing.stream.close()

    def deliver(self, session: Session, method: str, params: dict[str, Any]) -> None:
        """Tell a session's client something that belongs to none of its requests, now or when it listens again."""
        if session.ended:
            return
        standing = self._standing.setdefault(session.id, _Standing(session.created))
        about = str(params.get("uri", ""))
        if standing.stream is not None:
            self._streams.offer(standing.stream, method, params, about)
        elif (method, about) in standing.waiting or len(standing.waiting) < self._settings.stream_queue:
            standing.waiting[method, about] = params
        else:
            self._measures.dropped(1)

    async def get(self, caller: Caller, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        """Serve a session's stream, or go on with one that broke; raises `Refusal` 400, 404, 406 or 503."""
        if not accepts(headers.get("accept", ""), "text/event-stream"):
            text = "header `accept` does not take `text/event-stream`"
            raise Refusal(frames.INVALID_REQUEST, text, status=406)
        session = await self._sessions.use(headers[SESSION], caller)
        wire = Wire(send, lines, self._settings.write_timeout)
        if LAST_EVENT_ID in headers:
            await self._resume(session, headers[LAST_EVENT_ID], receive, wire)
        else:
            await self._hear(session, caller, receive, wire)

    async def listen(self, caller: Caller, call: McpCall, receive: Receive, send: Send, lines: Lines) -> None:
        """Serve a modern subscription: what is honoured first, then changes, and a result when we end it."""
        description = self._answers.describe()
        asked = call.params.get("notifications")
        agreed = honoured(asked, description)
        watchable = offers(description, "resources", "subscribe")
        uris = asked_uris(asked, self._settings.max_watches) if watchable else []
        kinds = frozenset(kind for kind, member in CHANGES.items() if member in agreed)
        meta = {SUBSCRIPTION_KEY: call.request_id}
        sight = Sight(self._answers, caller, call.version)
        stream = self._streams.open(caller.identity, kinds, meta, version=call.version, sight=sight)
        watched: dict[str, Watching] = {}

        def updated(params: dict[str, Any]) -> None:
            self._streams.offer(stream, UPDATED, params, str(params.get("uri", "")))

        async def prepare() -> bytes:
            await sight.look(sorted(kinds))
            watched.update(await watch_all(self._answers.service, caller, call, uris, updated))
            if watched:
                agreed["resourceSubscriptions"] = list(watched)
            params = {"notifications": agreed, "_meta": meta}
            return encode_event(frames.encode_notification("notifications/subscriptions/acknowledged", params))

        result = shape(call.method, {"_meta": meta}, call.version, description.get("serverInfo", {}))
        last = encode_event(frames.encode_response(call.request_id, result))
        wire = Wire(send, lines, self._settings.write_timeout)
        try:
            await self._streams.serve(stream, receive, wire, prepare=prepare, last=last)
        finally:
            for watching in watched.values():
                watching.close()

    async def _hear(self, session: Session, caller: Caller, receive: Receive, wire: Wire) -> None:
        """Serve the stream of a session that is for changes."""
        standing = self._standing.setdefault(session.id, _Standing(session.created))
        sight = standing.sight = standing.sight or Sight(self._answers, caller, session.version, session.id)
        sight.caller = caller
        stream = self._streams.open(session.principal, _ALL, version=session.version, sight=sight)
        self._take_over(standing, stream)

        async def prepare() -> bytes:
            await sight.look(sorted(_ALL))
            return b""

        in_order = False
        try:
            in_order = await self._streams.serve(
                stream,
                receive,
                wire,
                prepare=prepare,
                last=retry(self._settings.stream_retry) if at_least(session.version, POLLING) else b"",
                on_beat=lambda: self._sessions.touch(session),
            )
        finally:
            if standing.stream is stream:
                standing.stream, standing.heard = None, time()
                standing.waiting = stream.rest(told=not in_order)

    def _take_over(self, standing: _Standing, stream: Stream) -> None:
        """Let a new stream say what waits, what the lost one said last, and what has changed since."""
        older, standing.stream = standing.stream, stream
        if older is not None:
            standing.waiting |= older.rest(told=True)
            older.close()
        for (method, about), params in standing.waiting.items():
            stream.offer(method, params, about)
        for kind in _ALL:
            if self._streams.changed_since(kind, standing.heard):
                self._streams.check(stream, kind)
        standing.waiting, standing.heard = {}, time()

    async def _resume(self, session: Session, event_id: str, receive: Receive, wire: Wire) -> None:
        """Write what an answer's stream said after an event, and go on with it while its request is in work."""
        feed, place = self._resuming.find(session.id, event_id)
        with self._streams.counted():
            reader = feed.read(place)

            async def left() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                feed.leave(reader)

            leaving = asyncio.get_running_loop().create_task(left())
            try:
                await carry(feed, reader, wire, pace_for(self._settings, session.version))
            except (TimeoutError, EventsLost):
                pass  # it cannot go on: the server ends the connection of an unfinished answer
            finally:
                leaving.cancel()
                feed.leave(reader)
                self._measures.events("replayed", reader.replayed)
