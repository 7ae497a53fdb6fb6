"""Server-sent events: the way round however the stream is cut, and the bound."""

from __future__ import annotations

import collections
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.protocol.sse import KEEP_ALIVE, Event, EventDecoder, EventTooLarge, encode_event

some = settings(deadline=None, max_examples=60)
lines = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)
events = st.builds(
    Event,
    data=st.lists(lines, min_size=1, max_size=4).map(lambda parts: "\n".join(parts).encode()),
    event=lines.filter(bool),
    id=lines.filter(bool),
    retry=st.none() | st.integers(0, 10**8),
)


def _cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(places)]


@some
@given(
    st.lists(events, max_size=4), st.lists(st.integers(0, 10_000), max_size=20), st.sampled_from(["\n", "\r", "\r\n"])
)
def test_events_survive_any_cut_and_any_line_end(sent: list[Event], cuts: list[int], line_end: str) -> None:
    stream = b"".join(
        encode_event(event.data, event=event.event, event_id=event.id, retry=event.retry) + KEEP_ALIVE for event in sent
    ).replace(b"\n", line_end.encode())
    decoder = EventDecoder()
    got = [event for chunk in _cut(stream, cuts) for event in decoder.feed(chunk)]
    assert got == sent


@some
@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_bytes_can_be_fed_and_never_hold_more_than_the_bound(chunks: list[bytes]) -> None:
    decoder = EventDecoder(max_event=60)
    try:
        for chunk in chunks:
            decoder.feed(chunk)
    except EventTooLarge:
        pass
    assert len(decoder._buffer) <= 60 + 50


@some
@given(st.binary(max_size=200))
def test_the_cut_never_changes_what_is_read(stream: bytes) -> None:
    whole, bytewise = EventDecoder(), EventDecoder()
    together = whole.feed(stream)
    one_by_one = [event for place in range(len(stream)) for event in bytewise.feed(stream[place : place + 1])]
    assert together == one_by_one


@pytest.mark.parametrize(
    "stream",
    [b"data: " + b"x" * 101, b"data: x\n" * 20, b": " + b"x" * 101, b"x" * 101, b"data:\n" * 50],
    ids=["one line", "many lines", "a comment without end", "no field", "empty lines of data"],
)
def test_an_event_beyond_the_bound_ends_the_stream(stream: bytes) -> None:
    with pytest.raises(EventTooLarge):
        EventDecoder(max_event=100).feed(stream)
    decoder = EventDecoder(max_event=100)
    with pytest.raises(EventTooLarge):
        collections.deque(map(decoder.feed, (stream[place : place + 1] for place in range(len(stream)))), maxlen=0)


def test_many_small_events_and_comments_pass_the_bound_of_one() -> None:
    decoder = EventDecoder(max_event=20)
    assert len(decoder.feed(b"data: x\n\n:ping\n" * 100)) == 100


def test_a_priming_event_has_an_id_and_no_data() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"id: 7\nretry: 500\ndata:\n\n") == [Event(b"", "message", "7", 500)]
    assert decoder.last_id == "7"


def test_an_event_without_data_is_none_but_its_id_stays() -> None:
    assert EventDecoder().feed(b"id: 7\n\ndata: a\n\n") == [Event(b"a", "message", "7")]


def test_a_byte_order_mark_is_dropped_and_odd_fields_are_passed_over() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"\xef\xbb") == []
    assert decoder.feed(b"\xbfdata: a\nid: b\0c\nretry: soon\nother\n\n") == [Event(b"a")]


@pytest.mark.parametrize("field", ["event", "event_id"])
def test_a_name_that_breaks_its_line_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        encode_event(b"x", **{field: "a\ndata: forged"})  # type: ignore[arg-type]
