"""Remembers verdicts of runs without effects. It does not decide which plugins may be memoised; their guests say so.

The key is (component digest, config digest, function, tenant, projected input); the value is the answer and its input
digest, so that a record of a remembered verdict is as complete as that of a fresh one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.storage import Lru

if TYPE_CHECKING:
    from mcpg.contract.verdicts import Case

__all__ = ["Memo", "MemoKey"]

MemoKey = tuple[str, ...]


class Memo:
    """A bounded cache of answers; a component's answers can be forgotten at once."""

    __slots__ = ("_answers", "hits", "misses")

    def __init__(self, *, entries: int = 65_536, size: int = 64 * 1024 * 1024) -> None:
        self._answers: Lru[tuple[Case, str]] = Lru(entries=entries, size=size)
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: MemoKey) -> tuple[Case, str] | None:
        """Return the remembered answer and input digest, if there are any."""
        found = self._answers.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
        return found

    def put(self, key: MemoKey, answer: Case, input_digest: str) -> None:
        """Remember an answer; the least used ones go when the bounds are reached."""
        self._answers.put(key, (answer, input_digest), size=sum(map(len, key)) + 256, owner=key[0])

    def drop(self, component: str) -> int:
        """Forget what a component has answered; return how many answers that were."""
        return self._answers.drop(component)
