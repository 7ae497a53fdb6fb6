"""The store of events: what is replayed is the exact rest of one stream, or it is said that it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mcpg.edge.events import EventBounds, EventsLost, MemoryEvents

BOUNDS = EventBounds(session_events=6, session_bytes=4_000, all_bytes=7_000, age=10.0)
SESSIONS, STREAMS = st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"])


@dataclass
class _Told:
    """What one stream was told, as it should be."""

    open: bool = True
    events: dict[int, tuple[bytes, bool]] = field(default_factory=dict)


class Events(RuleBasedStateMachine):
    """Streams that open, fill, close and are read, against plain lists without bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryEvents(BOUNDS)
        self.told: dict[tuple[str, str], _Told] = {}
        self.now = 0.0

    @rule(session=SESSIONS, stream=STREAMS)
    def open(self, session: str, stream: str) -> None:
        if (session, stream) not in self.told:
            self.told[session, stream] = _Told()
            self.store.open(session, stream)

    @rule(session=SESSIONS, stream=STREAMS, size=st.integers(0, 5_000), vital=st.booleans(), wait=st.floats(0, 3))
    def add(self, session: str, stream: str, size: int, *, vital: bool, wait: float) -> None:
        self.now += wait
        told = self.told.get((session, stream))
        place = len(told.events) + 1 if told is not None else 1
        event = b"%s %s %d " % (session.encode(), stream.encode(), place) + b"x" * size
        before = len(self.store)
        dropped = self.store.add(session, stream, place, event, vital=vital, now=self.now)
        if told is None or not told.open:
            assert (dropped, len(self.store)) == (0, before)
        else:
            told.events[place] = (event, vital)
            assert len(self.store) == before + 1 - dropped

    @rule(session=SESSIONS, stream=STREAMS)
    def close(self, session: str, stream: str) -> None:
        self.store.close(session, stream)
        if (session, stream) in self.told:
            self.told[session, stream].open = False

    @rule(session=SESSIONS)
    def forget(self, session: str) -> None:
        self.store.forget(session)
        self.told = {key: told for key, told in self.told.items() if key[0] != session}

    @rule(wait=st.floats(0, 20))
    def expire(self, wait: float) -> None:
        self.now += wait
        self.store.expire(self.now)

    @rule(session=SESSIONS, stream=STREAMS, after=st.integers(0, 12))
    def replay(self, session: str, stream: str, after: int) -> None:
        told = self.told.get((session, stream), _Told())
        found: dict[int, bytes] = {}
        try:
            while (kept := self.store.next(session, stream, max(found, default=after))) is not None:
                assert kept.place > max(found, default=after)
                found[kept.place] = kept.event
        except EventsLost:
            assert not found
            assert any(vital for place, (_, vital) in told.events.items() if place > after)
            return
        rest = {place: event for place, (event, _) in told.events.items() if place > after}
        assert found.items() <= rest.items()
        if self.store.last(session, stream) is not None:
            assert all(place in found for place in rest if told.events[place][1])

    @rule(session=SESSIONS, stream=STREAMS)
    def know(self, session: str, stream: str) -> None:
        told, last = self.told.get((session, stream)), self.store.last(session, stream)
        if told is None:
            assert last is None
        else:
            assert last == len(told.events) or (last is None and not told.open)

    @invariant()
    def bounds_hold(self) -> None:
        store = self.store
        entries = list(store._order)
        assert store.size == sum(entry.size for entry in entries) <= BOUNDS.all_bytes
        for session in store._sessions.values():
            own = [entry for entry in entries if entry.stream.session is session]
            assert own == list(session.order)
            assert len(own) <= BOUNDS.session_events
            assert session.size == sum(entry.size for entry in own) <= BOUNDS.session_bytes
            assert session.streams
            assert all(stream.open or stream.kept for stream in session.streams.values())
        assert all(before.at <= after.at for before, after in pairwise(entries))


TestEvents = Events.TestCase
TestEvents.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_within_its_bounds_everything_is_replayed() -> None:
    store = MemoryEvents()
    store.open("s", "1")
    for place in range(1, 101):
        assert store.add("s", "1", place, b"%d" % place, vital=place % 2 == 0, now=0.0) == 0
    for after in (0, 50, 99, 100):
        found = []
        while (kept := store.next("s", "1", found[-1] if found else after)) is not None:
            found.append(kept.place)
        assert found == list(range(after + 1, 101))


def test_one_sessions_events_do_not_push_out_anothers_share() -> None:
    store = MemoryEvents(EventBounds(session_events=3))
    for session in ("quiet", "loud"):
        store.open(session, "1")
    store.add("quiet", "1", 1, b"q", vital=True, now=0.0)
    assert sum(store.add("loud", "1", place, b"l", vital=True, now=0.0) for place in range(1, 1000)) == 996
    assert store.next("quiet", "1", 0) is not None
    with pytest.raises(EventsLost):
        store.next("loud", "1", 0)


def test_an_event_that_is_larger_than_all_is_lost_and_said_to_be() -> None:
    store = MemoryEvents(EventBounds(session_bytes=1000))
    store.open("s", "1")
    assert store.add("s", "1", 1, b"x" * 1001, vital=True, now=0.0) == 1
    assert (len(store), store.size) == (0, 0)
    with pytest.raises(EventsLost):
        store.next("s", "1", 0)
    assert store.next("s", "1", 1) is None
