"""Bytes of any kind through what reads them first: lines, events, headers, mirrored arguments. Bounds hold."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.values import junk, light, schemas

from mcpg.contract.ports import Refusal
from mcpg.protocol.headers import Headers, decode_value, encode_value, fold
from mcpg.protocol.lines import LineDecoder
from mcpg.protocol.mirrors import check_mirrors, mirrors_of, mirrors_to_send
from mcpg.protocol.refusals import Rejected
from mcpg.protocol.sse import EventDecoder, EventTooLarge, encode_event

hostile = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b":", b"data: ", b"id: 1", b"{", b"x" * 9]
)
bytes_ = st.lists(hostile | st.binary(max_size=6), max_size=12).map(b"".join)
names = st.sampled_from([b"mcp-name", b"MCP-Method", b"mcp-param-a", b"Authorization", b"cookie", b"x"]) | bytes_


def _cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(marks)]


@light
@given(bytes_, st.lists(st.integers(0, 99), max_size=5))
def test_lines_do_not_depend_on_how_they_arrive(stream: bytes, places: list[int]) -> None:
    whole, pieces = LineDecoder(max_line=20), LineDecoder(max_line=20)
    together = whole.feed(stream + b"\n")
    one_by_one = [line for chunk in _cut(stream + b"\n", places) for line in pieces.feed(chunk)]
    short = [line.strip() for line in stream.split(b"\n") if line.strip() and len(line) <= 20]
    assert [line for line in together if line in short] == [line for line in one_by_one if line in short] == short
    assert len(pieces._buffer) == 0


@light
@given(st.lists(bytes_, max_size=10))
def test_a_line_without_end_holds_no_more_than_its_bound(chunks: list[bytes]) -> None:
    decoder = LineDecoder(max_line=10)
    for chunk in chunks:
        assert all(line is None or b"\n" not in line for line in decoder.feed(chunk))
        assert len(decoder._buffer) <= 10


@light
@given(
    bytes_,
    st.sampled_from(["message", "endpoint"]),
    st.text("ab1-", max_size=5),
    st.lists(st.integers(0, 99), max_size=4),
)
def test_an_event_holds_its_data_whatever_it_is(data: bytes, event: str, event_id: str, places: list[int]) -> None:
    """Line ends of every kind become one kind, which is what a reader sees (JSON has none within)."""
    stream = encode_event(data, event=event, event_id=event_id)
    decoder = EventDecoder()
    events = [found for chunk in _cut(stream, places) for found in decoder.feed(chunk)]
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert [(found.data, found.event, found.id) for found in events] == [(plain, event, event_id)]


@light
@given(st.lists(bytes_, max_size=10))
def test_a_stream_of_anything_is_read_or_ended(chunks: list[bytes]) -> None:
    decoder = EventDecoder(max_event=30)
    try:
        for chunk in chunks:
            for event in decoder.feed(chunk):
                assert b"\r" not in event.data
    except EventTooLarge:
        pass


@light
@given(st.lists(st.tuples(names, bytes_), max_size=8))
def test_headers_of_any_bytes_are_folded_or_refused(lines: list[tuple[bytes, bytes]]) -> None:
    try:
        headers = fold(lines)
    except Rejected as refusal:
        status = refusal.status
    else:
        status = 200
        assert all(name == name.lower() for name in headers)
        assert headers.mirrored.items() <= headers.items()
    assert status in {200, 400, 431}


@light
@given(st.text(max_size=20))
def test_a_header_value_of_any_text_stands_for_one_thing(value: str) -> None:
    decoded = decode_value(value)
    assert decoded is None or decode_value(encode_value(decoded)) == decoded


@light
@given(schemas | junk, junk, st.dictionaries(st.sampled_from(["mcp-param-a", "mcp-param-b"]), st.text(max_size=6)))
def test_mirrors_of_any_schema_and_arguments(schema: Any, arguments: Any, sent: dict[str, str]) -> None:
    mirrors = mirrors_of(schema)
    try:
        check_mirrors(mirrors, arguments, Headers())
        check_mirrors(mirrors, arguments, sent)
    except Refusal as refusal:
        code = refusal.code
    else:
        code = -32020
    assert code == -32020
    assert all(isinstance(value, str) for value in mirrors_to_send(mirrors, arguments).values())
