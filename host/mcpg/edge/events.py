"""Events that are kept for clients that come back: the port, and the store in memory. It sends none and knows no id.

A stream is kept from `open`; its events stand in the order of their places, from 1. What goes first for want of room is
what came first, of the session where its own share is full, else of all. Notifications that are gone leave a gap that
nobody misses; a gap where an answer or a request of ours stood is told (`EventsLost`).
Source: MCP 2025-11-25, basic/transports (resumability and redelivery).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

__all__ = ["EventBounds", "EventStore", "EventsLost", "Kept", "MemoryEvents"]

_OVERHEAD = 400
"""Bytes that an event costs beside its own."""


class EventsLost(Exception):  # noqa: N818 - it states a fact
    """Something that must not be left out is no longer kept: the stream cannot be resumed from there."""


class Kept(NamedTuple):
    """One event of a stream as it is sent."""

    place: int
    event: bytes


@dataclass(frozen=True, slots=True)
class EventBounds:
    """What may be kept: events and bytes of one session, bytes of all of them, and for how many seconds."""

    session_events: int = 512
    session_bytes: int = 4 * 1024 * 1024
    all_bytes: int = 64 * 1024 * 1024
    age: float = 300.0


class EventStore(Protocol):
    """Keeps events of streams, which belong to sessions. It is asked on the event loop and must not block."""

    def open(self, session: str, stream: str) -> None:
        """Begin to keep a stream."""
        ...

    def add(self, session: str, stream: str, place: int, event: bytes, *, vital: bool, now: float) -> int:
        """Keep one event of an open stream; return how many had to go for it. Those of other streams are left out."""
        ...

    def next(self, session: str, stream: str, after: int) -> Kept | None:
        """Return the first event that is kept after a place, none if there is none; raises `EventsLost`."""
        ...

    def last(self, session: str, stream: str) -> int | None:
        """Return the last place of a stream that is known, 0 while it is empty, none for any other."""
        ...

    def close(self, session: str, stream: str) -> None:
        """Take no more events for a stream; it is known as long as one of them is kept."""
        ...

    def forget(self, session: str) -> None:
        """Forget all streams of a session."""
        ...

    def expire(self, now: float) -> None:
        """Forget events that are too old."""
        ...


@dataclass(slots=True, eq=False)
class _Session:
    name: str
    streams: dict[str, _Stream] = field(default_factory=dict)
    order: OrderedDict[_Entry, None] = field(default_factory=OrderedDict)
    size: int = 0


@dataclass(slots=True, eq=False)
class _Stream:
    name: str
    session: _Session
    kept: OrderedDict[int, _Entry] = field(default_factory=OrderedDict)
    last: int = 0
    lost: int = 0
    """The last place of something vital that had to go."""
    open: bool = True


@dataclass(slots=True, eq=False)
class _Entry:
    stream: _Stream
    place: int
    event: bytes
    vital: bool
    at: float

    @property
    def size(self) -> int:
        return len(self.event) + _OVERHEAD


class MemoryEvents:
    """Implements `EventStore` in this process's memory, within `bounds`."""

    def __init__(self, bounds: EventBounds | None = None) -> None:
        self._bounds = bounds or EventBounds()
        self._sessions: dict[str, _Session] = {}
        self._order: OrderedDict[_Entry, None] = OrderedDict()
        self.size = 0
        """Bytes of all that is kept, with what keeping costs."""

    def __len__(self) -> int:
        return len(self._order)

    def open(self, session: str, stream: str) -> None:
        """Begin to keep a stream. See `EventStore.open`."""
        owner = self._sessions.setdefault(session, _Session(session))
        owner.streams[stream] = _Stream(stream, owner)

    def add(self, session: str, stream: str, place: int, event: bytes, *, vital: bool, now: float) -> int:
        """Keep one event. See `EventStore.add`."""
        found = self._find(session, stream)
        if found is None or not found.open:
            return 0
        entry = _Entry(found, place, event, vital, now)
        owner = found.session
        found.last = place
        found.kept[place] = entry
        owner.order[entry] = None
        self._order[entry] = None
        owner.size += entry.size
        self.size += entry.size
        return self._make_room(owner)

    def next(self, session: str, stream: str, after: int) -> Kept | None:
        """Return the first event after a place. See `EventStore.next`."""
        found = self._find(session, stream)
        if found is None:
            return None
        if found.lost > after:
            raise EventsLost
        if not found.kept:
            return None
        for place in range(max(after + 1, next(iter(found.kept))), found.last + 1):
            entry = found.kept.get(place)
            if entry is not None:
                return Kept(place, entry.event)
        return None

    def last(self, session: str, stream: str) -> int | None:
        """Return the last place of a stream. See `EventStore.last`."""
        found = self._find(session, stream)
        return None if found is None else found.last

    def close(self, session: str, stream: str) -> None:
        """Take no more events for a stream. See `EventStore.close`."""
        found = self._find(session, stream)
        if found is not None:
            found.open = False
            self._tidy(found)

    def forget(self, session: str) -> None:
        """Forget all streams of a session. See `EventStore.forget`."""
        owner = self._sessions.pop(session, None)
        if owner is None:
            return
        for entry in owner.order:
            del self._order[entry]
        self.size -= owner.size

    def expire(self, now: float) -> None:
        """Forget events that are too old. See `EventStore.expire`."""
        while self._order:
            entry = next(iter(self._order))
            if now - entry.at <= self._bounds.age:
                break
            self._drop(entry)

    def _make_room(self, owner: _Session) -> int:
        """Drop what came first until the bounds hold; return how many events that were."""
        before, bounds = len(self._order), self._bounds
        while len(owner.order) > bounds.session_events or owner.size > bounds.session_bytes:
            self._drop(next(iter(owner.order)))
        while self.size > bounds.all_bytes:
            self._drop(next(iter(self._order)))
        return before - len(self._order)

    def _drop(self, entry: _Entry) -> None:
        stream, owner = entry.stream, entry.stream.session
        del self._order[entry], owner.order[entry], stream.kept[entry.place]
        owner.size -= entry.size
        self.size -= entry.size
        if entry.vital:
            stream.lost = entry.place
        self._tidy(stream)

    def _tidy(self, stream: _Stream) -> None:
        """Forget a stream that is over and empty, and a session without streams."""
        if stream.open or stream.kept:
            return
        streams = stream.session.streams
        if streams.get(stream.name) is stream:
            del streams[stream.name]
        if not streams:
            self._sessions.pop(stream.session.name, None)

    def _find(self, session: str, stream: str) -> _Stream | None:
        owner = self._sessions.get(session)
        return None if owner is None else owner.streams.get(stream)
