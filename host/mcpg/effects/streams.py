"""Splits a streamed body into events: Server-Sent Events or JSON lines. Pure; the connector bounds the whole stream.

Source: the HTML standard's event stream format. Only `data` matters here; names, ids and retry times are dropped.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

__all__ = ["LineEvents", "SseEvents", "event_value", "splitter"]

_LINE = re.compile(rb"\r\n|\n|\r")


class LineEvents:
    """One event for each line that is not empty."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that `chunk` completes."""
        *lines, self._rest = _lines(self._rest + chunk)
        return [line for line in lines if line.strip()]

    def finish(self) -> list[bytes]:
        """Return what is left when the stream has ended: a last line needs no end."""
        rest, self._rest = self._rest.strip(), b""
        return [rest] if rest else []


class SseEvents:
    """One event for each block with data; a block that the stream's end cuts off is no event."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that `chunk` completes."""
        *lines, self._rest = _lines(self._rest + chunk)
        events: list[bytes] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data))
                    self._data = []
            elif line == b"data" or line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
        return events

    def finish(self) -> list[bytes]:
        """Return the event that a final line end alone would have completed."""
        return self.feed(b"\n") if self._rest == b"\r" else []


def _lines(text: bytes) -> list[bytes]:
    # A carriage return at the end may be half of a CRLF: it stays in the rest until more has come.
    if text.endswith(b"\r"):
        lines = _LINE.split(text[:-1])
        lines[-1] += b"\r"
        return lines
    return _LINE.split(text)


def splitter(kind: Literal["sse", "lines"]) -> LineEvents | SseEvents:
    """Return a new splitter of that kind."""
    return SseEvents() if kind == "sse" else LineEvents()


def event_value(data: bytes) -> object:
    """Return an event's data as JSON, or as text when it is none (`[DONE]`)."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data.decode("utf-8", "replace")
