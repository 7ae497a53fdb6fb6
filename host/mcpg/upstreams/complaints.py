"""What a child writes to standard error, as it may stand in the log: bounded, printable, without secrets.

It keeps nothing; a secret that the child encodes or cuts in two is not known again.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Complaints"]

LINES_EACH_SECOND = 20
SHORTEST_SECRET = 6
_log = logging.getLogger("mcpg.upstreams.stderr")


class Complaints:
    """The lines of the upstream `name`; `values` of its environment may be secrets and are left out."""

    def __init__(self, name: str, values: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._hidden = sorted({value for value in values if len(value) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._clock = clock
        self._second = 0
        self._lines = 0

    def say(self, line: bytes) -> str:
        """Log one line, unless there were too many in this second; return it as it may be shown."""
        text = line.decode(errors="replace").rstrip()
        for value in self._hidden:
            text = text.replace(value, "[hidden]")
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
        self._tell(text)
        return text

    def _tell(self, text: str) -> None:
        second = int(self._clock())
        if second != self._second:
            left_out = self._lines - LINES_EACH_SECOND
            if left_out > 0:
                _log.info("upstream `%s` wrote %d more lines", self._name, left_out)
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines <= LINES_EACH_SECOND and text:
            _log.info("upstream `%s` says: %s", self._name, text)
