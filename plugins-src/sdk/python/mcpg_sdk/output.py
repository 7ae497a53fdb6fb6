"""What a plugin prints: lines of the gateway's log, if its manifest lists the driver `log`; else it is dropped."""

from __future__ import annotations

import io
import sys
from typing import Any

from .effects import log
from .run import MOST_LINES, running

__all__ = ["begin", "replace"]


class Output(io.TextIOBase):
    """A standard stream whose lines, the first 32 of a pass, are asked for as effects of `log` at level `debug`."""

    encoding = "utf-8"

    def __init__(self, *, told: bool) -> None:
        self._told = told
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        self._line = self._line[-4096:]
        for line in lines:
            self._tell(line)
        return len(text)

    def forget(self) -> None:
        """Drop a line that was not ended, so that no pass depends on another."""
        self._line = ""

    def _tell(self, line: str) -> None:
        run: Any = running()
        if not self._told or run is None or run.said >= MOST_LINES or not line.strip():
            return
        run.said += 1
        log("debug", line)


def replace(*, told: bool) -> None:
    """Put these streams where `print`, `logging` and `warnings` write; the real ones would end the instance."""
    sys.stdout = Output(told=told)
    sys.stderr = Output(told=told)


def begin() -> None:
    """Begin a pass."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Output):
            stream.forget()
