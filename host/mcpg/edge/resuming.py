"""Streams of sessions that can be resumed: which of them run, and where an event id leads. It writes to no connection.

An event id names its stream by a random word and the event by its place: what another session was sent, or nobody,
leads nowhere. Whose session it is was checked before. Source: MCP 2025-11-25, basic/transports (resumability).
"""

from __future__ import annotations

import re
import secrets
from time import monotonic
from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.edge.events import EventsLost, MemoryEvents
from mcpg.edge.feeds import Feed, FeedBounds, Shelf
from mcpg.edge.metrics import Gauge
from mcpg.protocol import frames

if TYPE_CHECKING:
    from mcpg.edge.events import EventStore
    from mcpg.edge.feeds import Owner
    from mcpg.edge.measures import EdgeMeasures
    from mcpg.edge.metrics import Metric

__all__ = ["LAST_EVENT_ID", "Resuming"]

LAST_EVENT_ID = "last-event-id"

_EVENT_ID = re.compile(r"([0-9a-f]{16})-([0-9]{1,9})")


class Resuming:
    """The resumable streams of all sessions in this process."""

    def __init__(
        self, measures: EdgeMeasures, bounds: FeedBounds | None = None, store: EventStore | None = None
    ) -> None:
        self._measures = measures
        self._bounds = bounds or FeedBounds()
        self._store = MemoryEvents() if store is None else store
        self._running: dict[str, dict[str, Feed]] = {}

    def open(self, session: str, owner: Owner) -> Feed:
        """Return the stream of a request that begins to have one; `close` it when the request has ended."""
        stream = secrets.token_hex(8)
        self._store.open(session, stream)
        shelf = Shelf(self._store, session, stream, monotonic, self._measures.events)
        feed = self._running.setdefault(session, {})[stream] = Feed(self._bounds, owner, shelf)
        return feed

    def close(self, feed: Feed) -> None:
        """End a stream: what is kept of it can still be read for a while."""
        feed.close()
        shelf = feed.shelf
        if shelf is not None:
            running = self._running.get(shelf.session, {})
            running.pop(shelf.stream, None)
            if not running:
                self._running.pop(shelf.session, None)

    def find(self, session: str, event_id: str) -> tuple[Feed, int]:
        """Return the stream of an event and the event's place; raises `Refusal` 400 where there is none to resume.

        Not 404: that says that the session is over, and it is not.
        """
        found = _EVENT_ID.fullmatch(event_id)
        if found is None:
            raise _refused("header `last-event-id` is no event id of this gateway")
        stream, place = found[1], int(found[2])
        feed = self._running.get(session, {}).get(stream)
        last = feed.place if feed is not None else self._store.last(session, stream)
        if last is None or place > last:
            raise _refused("header `last-event-id` names no stream of this session that is still kept")
        try:
            self._store.next(session, stream, place)
        except EventsLost:
            raise _refused("events after header `last-event-id` are no longer kept; send the request again") from None
        if feed is None:
            shelf = Shelf(self._store, session, stream, monotonic, self._measures.events)
            feed = Feed(self._bounds, None, shelf, place=last, closed=True)
        return feed, place

    def forget(self, session: str) -> None:
        """Forget all streams of a session that has ended."""
        self._running.pop(session, None)
        self._store.forget(session)

    def expire(self) -> None:
        """Forget what is too old; call it now and then."""
        self._store.expire(monotonic())

    def metrics(self) -> list[Metric]:
        """Return how much is kept, for a registry."""
        store = self._store
        if not isinstance(store, MemoryEvents):
            return []
        return [
            Gauge("mcpg_events_kept", "Events kept for clients that come back.", lambda: len(store)),
            Gauge("mcpg_events_kept_bytes", "Bytes of them, with what keeping costs.", lambda: store.size),
        ]


def _refused(text: str) -> Refusal:
    return Refusal(frames.INVALID_REQUEST, text, status=400)
