"""Server-sent events: an encoder, and an incremental decoder within bounds. It opens no stream and parses no JSON.

Source: WHATWG HTML, section 9.2 (event streams); MCP basic/transports (event ids, keep-alive comments).
"""

from __future__ import annotations

import re

import msgspec

__all__ = ["KEEP_ALIVE", "MAX_EVENT", "Event", "EventDecoder", "EventTooLarge", "encode_event"]

KEEP_ALIVE = b":\n\n"
"""A comment that no reader hands on."""

MAX_EVENT = 4 * 1024 * 1024
"""Bytes of one event, field names and line ends included, unless the decoder is told otherwise."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_NEWLINE, _RETURN = b"\n\r"
_MARK = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event: `data` in the bytes that came (JSON decides if they are UTF-8), `id` as it stands after this event.

    `retry` is the wait before a new connection in milliseconds, if this event set one. An event with an id and empty
    data primes resumption (MCP 2025-11-25).
    """

    data: bytes
    event: str = "message"
    id: str = ""
    retry: int | None = None


class EventTooLarge(Exception):  # noqa: N818 - it states a fact
    """An event grew beyond the decoder's bound; the stream is of no more use."""


def encode_event(data: bytes | str, *, event: str = "message", event_id: str = "", retry: int | None = None) -> bytes:
    """Return the bytes of one event; `ValueError` if a name or id would break out of its line."""
    if any(sign in text for text in (event, event_id) for sign in "\r\n\0"):
        raise ValueError("an event's name and id stand on one line")
    raw = data.encode() if isinstance(data, str) else data
    head = f"id: {event_id}\n" if event_id else ""
    if event != "message":
        head += f"event: {event}\n"
    if retry is not None:
        head += f"retry: {retry}\n"
    if b"\n" in raw or b"\r" in raw:
        raw = b"\ndata: ".join(_LINE_END.split(raw))
    return b"%sdata: %s\n\n" % (head.encode(), raw)


class EventDecoder:
    """Turns chunks of a stream into events, however the chunks are cut."""

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max = max_event
        self._buffer = bytearray()
        self._searched = 0
        self._after_return = False
        self._begun = False
        self._data: list[bytes] = []
        self._size = 0
        self._name = ""
        self._retry: int | None = None
        self.last_id = ""
        """The id of the last event, for `Last-Event-ID`."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that `chunk` completes; raises `EventTooLarge` beyond the bound."""
        self._buffer += chunk
        if not self._begun and not self._begin():
            return []
        events: list[Event] = []
        start = 0
        if self._after_return and self._buffer:
            start = 1 if self._buffer[0] == _NEWLINE else 0
            self._after_return = False
        position = max(start, self._searched)
        while (found := _LINE_END.search(self._buffer, position)) is not None:
            end, position = found.span()
            self._take(bytes(self._buffer[start:end]), events)
            self._after_return = position == len(self._buffer) and self._buffer[end] == _RETURN
            start = position
        del self._buffer[:start]
        self._searched = len(self._buffer)
        if self._size + len(self._buffer) > self._max:
            raise EventTooLarge(f"event is larger than {self._max} bytes")
        return events

    def _begin(self) -> bool:
        """Drop a byte order mark; return false while the first bytes may still become one."""
        if len(self._buffer) < len(_MARK) and _MARK.startswith(self._buffer):
            return False
        if self._buffer.startswith(_MARK):
            del self._buffer[: len(_MARK)]
        self._begun = True
        return True

    def _take(self, line: bytes, events: list[Event]) -> None:
        if not line:
            self._dispatch(events)
            return
        if line.startswith(b":"):
            return
        self._size += len(line) + 1
        if self._size > self._max:
            raise EventTooLarge(f"event is larger than {self._max} bytes")
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"id" and b"\0" not in value:
            self.last_id = value.decode(errors="replace")
        elif field == b"retry" and value.isdigit() and len(value) < 10:  # noqa: PLR2004 - months, in milliseconds
            self._retry = int(value)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            name = self._name or "message"
            events.append(Event(b"\n".join(self._data), name, self.last_id, self._retry))
        self._data, self._size, self._name, self._retry = [], 0, "", None
