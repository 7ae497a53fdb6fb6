"""Newline-delimited messages, as stdio carries them: chunks to lines within a bound. It parses no JSON.

Source: MCP basic/transports (stdio): one message a line, no newline within.
"""

from __future__ import annotations

__all__ = ["LineDecoder"]


class LineDecoder:
    """Cuts a stream into lines; a line beyond the bound is skipped to its end and reported as none."""

    def __init__(self, max_line: int = 4 * 1024 * 1024) -> None:
        self._max = max_line
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False

    def feed(self, chunk: bytes) -> list[bytes | None]:
        """Return the lines that `chunk` completes, without blank ones; none stands for one that was too long."""
        lines: list[bytes | None] = []
        self._buffer += chunk
        start = 0
        while (end := self._buffer.find(b"\n", max(start, self._searched))) >= 0:
            line = bytes(self._buffer[start:end]).strip()
            if self._skipping or len(line) > self._max:
                lines.append(None)
            elif line:
                lines.append(line)
            self._skipping = False
            start = end + 1
        del self._buffer[:start]
        if len(self._buffer) > self._max or self._skipping:
            self._skipping = True
            self._buffer.clear()
        self._searched = len(self._buffer)
        return lines
