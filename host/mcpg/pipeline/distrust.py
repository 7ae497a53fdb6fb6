"""What has been fenced of late: what such a plugin said before counts for no call that has not been answered yet.

The pool refuses passes; this is for what passes have said already. It fences nothing itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Distrust"]


class _Fenced(NamedTuple):
    number: int
    use: str
    component: str


class Distrust:
    """The newest fences, numbered: a call remembers how many there were when it began."""

    __slots__ = ("_newest", "count")

    def __init__(self, most: int = 1024) -> None:
        self._newest: deque[_Fenced] = deque(maxlen=most)
        self.count = 0
        """Fences so far."""

    def note(self, use: str, component: str) -> None:
        """Count a fence of a use with this component."""
        self._newest.append(_Fenced(self.count, use, component))
        self.count += 1

    def found(self, trace: Iterable[Mapping[str, Any]], since: int) -> str:
        """Return a use that the trace goes by and that was fenced after the first `since` fences, else ''."""
        fenced = {(each.use, each.component) for each in self._newest if each.number >= since}
        for entry in trace:
            use = str(entry.get("use", ""))
            if (use, entry.get("component")) in fenced and not entry.get("shadow") and not entry.get("skipped"):
                return use
        return ""
