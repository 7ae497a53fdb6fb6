"""Remembers verdicts of runs without effects. It does not decide which plugins may be memoised; their guests say so.

The key is (component digest, config digest, function, tenant, projected input); the value is the answer and its input
digest, so that a record of a remembered verdict is as complete as that of a fresh one.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcpg.contract.verdicts import Case

__all__ = ["Memo", "MemoKey"]

MemoKey = tuple[str, ...]


class Memo:
    """A bounded LRU of answers, by entries and by bytes of key text."""

    __slots__ = ("_answers", "_bytes", "_limit", "_most", "hits", "misses")

    def __init__(self, *, most: int = 65_536, limit: int = 64 * 1024 * 1024) -> None:
        self._answers: OrderedDict[MemoKey, tuple[Case, str]] = OrderedDict()
        self._bytes = 0
        self._most = most
        self._limit = limit
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: MemoKey) -> tuple[Case, str] | None:
        """Return the remembered answer and input digest, if there are any."""
        found = self._answers.get(key)
        if found is None:
            self.misses += 1
            return None
        self._answers.move_to_end(key)
        self.hits += 1
        return found

    def put(self, key: MemoKey, answer: Case, input_digest: str) -> None:
        """Remember an answer; the oldest ones go when the bounds are reached."""
        size = _size(key)
        if size > self._limit // 64:
            return
        if key not in self._answers:
            self._bytes += size
        self._answers[key] = (answer, input_digest)
        while len(self._answers) > self._most or self._bytes > self._limit:
            old, _ = self._answers.popitem(last=False)
            self._bytes -= _size(old)

    def drop(self, component: str, config: str | None = None) -> int:
        """Forget what a component (under one configuration) has answered; return how many answers that were."""
        gone = [key for key in self._answers if key[0] == component and config in {None, key[1]}]
        for key in gone:
            del self._answers[key]
            self._bytes -= _size(key)
        return len(gone)


def _size(key: MemoKey) -> int:
    return sum(map(len, key)) + 128
