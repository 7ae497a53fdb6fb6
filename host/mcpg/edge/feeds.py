"""The events of one answer in their order, for one reader at a time. It writes to no connection.

What must arrive (answers, our own requests and their ends) is vital; progress and log messages are not, and are dropped
while more than a bound waits for a reader that does not take it, so that it never costs more than that bound. A feed
with a store outlives its reader: who comes back reads on from the place that it names. One without goes on with nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mcpg.edge.events import Kept
from mcpg.protocol.sse import encode_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.edge.events import EventStore

__all__ = ["Feed", "FeedBounds", "Owner", "Reader", "Shelf"]

_CHUNK = 64 * 1024
"""Bytes after which what waits is written, with the event that passes them."""


@dataclass(frozen=True, slots=True)
class FeedBounds:
    """How many events, and bytes of them, may wait for one reader before what is not vital is dropped."""

    events: int = 64
    size: int = 256 * 1024


class Owner(Protocol):
    """Whose answer it is: told when its reader leaves and when another comes."""

    def part(self) -> bool:
        """Go on without a reader if there is room for one more that does."""
        ...

    def left(self) -> None:
        """Go on without a reader, or end, as the rules are."""
        ...

    def returned(self) -> None:
        """Go on with a reader again."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """The place of one stream in a store; `stream` names it in event ids."""

    store: EventStore
    session: str
    stream: str
    clock: Callable[[], float]
    count: Callable[[str, int], None]
    """Told how many events were `stored` and `dropped`."""

    def event_id(self, place: int) -> str:
        """Return the id of the event at a place."""
        return f"{self.stream}-{place}"

    def add(self, place: int, event: bytes, *, vital: bool) -> None:
        """Keep an event."""
        dropped = self.store.add(self.session, self.stream, place, event, vital=vital, now=self.clock())
        self.count("stored", 1)
        self.count("dropped", dropped)


class Feed:
    """The stream of one answer; `place` is that of its last event."""

    def __init__(
        self,
        bounds: FeedBounds,
        owner: Owner | None = None,
        shelf: Shelf | None = None,
        *,
        place: int = 0,
        closed: bool = False,
    ) -> None:
        self.shelf = shelf
        self.place = place
        self.closed = closed
        self.dropped = 0
        """Notifications that found no room."""
        self._bounds = bounds
        self._owner = owner
        self._reader: Reader | None = None
        self._waiting: deque[Kept] = deque()
        self._size = 0
        self._unread = 0
        self.wake = asyncio.Event()

    @property
    def waiting(self) -> tuple[int, int]:
        """How many events wait for the reader, and their bytes."""
        return len(self._waiting), self._size

    @property
    def crowded(self) -> bool:
        """Whether so much waits that the reader should get a turn."""
        return 2 * len(self._waiting) >= self._bounds.events or 2 * self._size >= self._bounds.size

    def put(self, data: bytes, *, vital: bool) -> bool:
        """Append a message; return false if it was dropped: nothing follows the end, and notifications want room."""
        if self.closed or not (vital or self._has_room(len(data))):
            self.dropped += not self.closed
            return False
        self.place += 1
        if self.shelf is None:
            event = encode_event(data)
        else:
            event = encode_event(data, event_id=self.shelf.event_id(self.place))
            self.shelf.add(self.place, event, vital=vital)
        self._unread += not vital
        reader = self._reader
        if reader is not None and not reader.replaying:
            if self.shelf is not None and reader.writing and self._size > self._bounds.size:
                self.leave(reader)  # what waits is kept, and read when its client comes back
            else:
                self._waiting.append(Kept(self.place, event))
                self._size += len(event)
        self.wake.set()
        return True

    def close(self) -> None:
        """Put nothing more; a reader ends after what waits for it."""
        self.closed = True
        self._owner = None
        if self.shelf is not None:
            self.shelf.store.close(self.shelf.session, self.shelf.stream)
        self.wake.set()

    def read(self, after: int | None = None) -> Reader:
        """Return a new reader, which takes the place of any other; it begins `after` a place, or with what comes."""
        older, self._reader = self._reader, Reader(self, self.place if after is None else after)
        self._reader.replaying = after is not None
        self._forget_waiting()
        if older is None and after is not None and self._owner is not None:
            self._owner.returned()
        self.wake.set()
        return self._reader

    def leave(self, reader: Reader) -> None:
        """Let a reader go; the owner learns of it unless another has taken its place."""
        if self._let_go(reader) and self._owner is not None:
            self._owner.left()

    def part(self, reader: Reader) -> bool:
        """Let a reader go that is to come back, if the owner may go on without; return whether it went."""
        if self.shelf is None or self._owner is None or not self.reads(reader):
            return False
        return self._owner.part() and self._let_go(reader)

    def reads(self, reader: Reader) -> bool:
        """Return whether this is the reader."""
        return self._reader is reader

    def take(self) -> Kept | None:
        """Return the first of what waits, for the reader."""
        if not self._waiting:
            return None
        kept = self._waiting.popleft()
        self._size -= len(kept.event)
        return kept

    def _let_go(self, reader: Reader) -> bool:
        if self._reader is not reader:
            return False
        self._reader = None
        self._forget_waiting()
        self.wake.set()
        return True

    def _has_room(self, size: int) -> bool:
        """Return whether a notification may wait: of those nobody has read yet there is a bound, kept or not."""
        if self._reader is None or self._reader.replaying:
            return self.shelf is not None and self._unread < self._bounds.events and size <= self._bounds.size
        return len(self._waiting) < self._bounds.events and self._size + size <= self._bounds.size

    def _forget_waiting(self) -> None:
        self._waiting.clear()
        self._size = self._unread = 0


class Reader:
    """Reads a feed from a place on."""

    __slots__ = ("_feed", "place", "replayed", "replaying", "writing")

    def __init__(self, feed: Feed, place: int) -> None:
        self._feed = feed
        self.place = place
        self.replaying = False
        """Whether it still reads what is kept, from before it came."""
        self.replayed = 0
        self.writing = False
        """Whether its connection is taking a chunk: as long as it takes none, this stays so."""

    async def next(self, timeout: float) -> bytes | None:  # noqa: ASYNC109 - silence is an answer, not an error
        """Return what is there to write, empty bytes after `timeout` seconds of silence, none at the end.

        The end is that of the feed, or another reader's coming. Raises `EventsLost`.
        """
        feed = self._feed
        while True:
            if not feed.reads(self):
                return None
            if chunk := self._chunk():
                return chunk
            if feed.closed:
                return None
            feed.wake.clear()
            try:
                async with asyncio.timeout(timeout):
                    await feed.wake.wait()
            except TimeoutError:
                return b""

    def _chunk(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while size < _CHUNK and (kept := self._step()) is not None:
            self.place = kept.place
            parts.append(kept.event)
            size += len(kept.event)
        return b"".join(parts)

    def _step(self) -> Kept | None:
        if self.replaying and (shelf := self._feed.shelf) is not None:
            kept = shelf.store.next(shelf.session, shelf.stream, self.place)
            if kept is not None:
                self.replayed += 1
                return kept
            self.replaying = False
        return self._feed.take()
