"""A feed under every order of writing, reading and coming back: nothing vital is missed, twice, or out of order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mcpg.edge.events import EventBounds, EventsLost, MemoryEvents
from mcpg.edge.feeds import Feed, FeedBounds, Reader, Shelf
from mcpg.protocol.sse import EventDecoder

BOUNDS = FeedBounds(events=4, size=600)


class _Owner:
    """Counts whether there is a reader, as the owner is told."""

    def __init__(self) -> None:
        self.alone = False

    def part(self) -> bool:
        assert not self.alone
        self.alone = True
        return True

    def left(self) -> None:
        assert not self.alone
        self.alone = True

    def returned(self) -> None:
        assert self.alone
        self.alone = False


class Feeding(RuleBasedStateMachine):
    """One feed, one client with a connection that comes and goes; `vital` and `got` are what was said and heard."""

    bounds = EventBounds()

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryEvents(self.bounds)
        self.store.open("s", "f")
        self.owner = _Owner()
        shelf = Shelf(self.store, "s", "f", lambda: 0.0, lambda fate, number: None)
        self.feed = Feed(BOUNDS, self.owner, shelf)
        self.reader: Reader | None = self.feed.read()
        self.vital: list[str] = []
        self.said: list[str] = []
        self.got: list[str] = []
        self.place = 0
        self.lost = False
        self.closed = False

    @rule(vital=st.booleans(), size=st.integers(0, 400), writing=st.booleans())
    def say(self, *, vital: bool, size: int, writing: bool) -> None:
        if self.reader is not None:
            self.reader.writing = writing
        name = f"{len(self.said)}{'v' if vital else 'n'}"
        if self.feed.put(f"{name} {'x' * size}".encode(), vital=vital):
            assert not self.closed
            self.said.append(name)
            self.vital += [name] if vital else []
        else:
            assert self.closed or not vital
        if self.reader is not None and not self.feed.reads(self.reader):
            self.reader = None  # it was too slow

    @precondition(lambda self: self.reader is not None)
    @rule()
    def hear(self) -> None:
        assert self.reader is not None
        try:
            chunk = self.reader._chunk()
        except EventsLost:
            self._lose()
            return
        for event in EventDecoder().feed(chunk):
            place = int(event.id.rpartition("-")[2])
            assert place > self.place
            self.place = place
            self.got.append(event.data.decode().split()[0])

    @precondition(lambda self: self.reader is not None)
    @rule(politely=st.booleans())
    def leave(self, *, politely: bool) -> None:
        assert self.reader is not None
        if not (politely and self.feed.part(self.reader)):
            self.feed.leave(self.reader)
        self.reader = None

    @rule()
    def come_back(self) -> None:
        self.reader = self.feed.read(self.place)

    @rule()
    def close(self) -> None:
        self.closed = True
        self.feed.close()

    @invariant()
    def what_was_heard_was_said_in_that_order(self) -> None:
        rest = iter(self.said)
        assert all(name in rest for name in self.got)
        assert len(set(self.got)) == len(self.got)

    @invariant()
    def what_waits_is_bounded(self) -> None:
        notes = sum(b"n " in kept.event for kept in self.feed._waiting)
        assert notes <= BOUNDS.events
        if self.reader is None:
            assert self.feed.waiting == (0, 0)
        if not self.closed:
            assert self.owner.alone == (self.reader is None)

    def teardown(self) -> None:
        self.come_back()
        self.hear()
        if not self.lost:
            assert [name for name in self.got if name.endswith("v")] == self.vital

    def _lose(self) -> None:
        raise AssertionError("nothing had to go")


class Starving(Feeding):
    """The same with a store that is too small: what is lost is said to be."""

    bounds = EventBounds(session_events=2)

    def _lose(self) -> None:
        assert len(self.vital) > len([name for name in self.got if name.endswith("v")])
        self.lost = True


TestFeeding = Feeding.TestCase
TestStarving = Starving.TestCase
TestFeeding.settings = TestStarving.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
