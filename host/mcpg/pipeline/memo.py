"""Remembers verdicts of runs without effects. It does not decide which plugins may be memoised; their guests say so.

The key is (component digest, config digest, function, tenant, projected input); the value is the answer and what a
record says of it (digests of input and answer), so that a remembered verdict's record is as complete as a fresh one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.storage import Lru

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.verdicts import Case

__all__ = ["Memo", "MemoKey"]

MemoKey = tuple[str, ...]


class Memo:
    """A bounded cache of answers; a component's answers can be forgotten at once."""

    __slots__ = ("_answers", "hits", "misses")

    def __init__(self, *, entries: int = 65_536, size: int = 64 * 1024 * 1024) -> None:
        self._answers: Lru[tuple[Case, Mapping[str, Any]]] = Lru(entries=entries, size=size)
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: MemoKey) -> tuple[Case, Mapping[str, Any]] | None:
        """Return the remembered answer and what a record says of it, if there are any."""
        found = self._answers.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
        return found

    def put(self, key: MemoKey, answer: Case, facts: Mapping[str, Any]) -> None:
        """Remember an answer; the least used ones go when the bounds are reached."""
        self._answers.put(key, (answer, facts), size=sum(map(len, key)) + 512, owner=key[0])

    def clear(self) -> None:
        """Forget every answer."""
        self._answers.clear()

    def drop(self, component: str) -> int:
        """Forget what a component has answered; return how many answers that were."""
        return self._answers.drop(component)
