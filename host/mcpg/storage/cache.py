"""A bounded cache in memory: least recently used goes first. It computes nothing and serves one event loop."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Lru"]

Value = TypeVar("Value")


class _Slot(NamedTuple, Generic[Value]):
    value: Value
    size: int
    owner: str
    ends: float


class Lru(Generic[Value]):
    """At most `entries` values of at most `size` bytes together; for answers, verdicts, parsed documents.

    `clock` gives seconds that never go back. A value belongs to an `owner` (a plugin use, a backend), so that all that
    an owner has said can be dropped at once when it, its configuration or its data changes.
    """

    __slots__ = ("_clock", "_entries", "_limit", "_owners", "_slots", "size")

    def __init__(self, *, entries: int, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        if entries < 1 or size < 1:
            raise ValueError("a cache holds at least one entry and one byte")
        self._entries = entries
        self._limit = size
        self._clock = clock
        self._slots: OrderedDict[Hashable, _Slot[Value]] = OrderedDict()
        self._owners: dict[str, set[Hashable]] = {}
        self.size = 0
        """Bytes held now, as their owners counted them."""

    def __len__(self) -> int:
        return len(self._slots)

    def get(self, key: Hashable) -> Value | None:
        """Return the value of `key`, or None when there is none or its time is over."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        if slot.ends <= self._clock():
            self.discard(key)
            return None
        self._slots.move_to_end(key)
        return slot.value

    def put(self, key: Hashable, value: Value, *, size: int = 1, ttl: float | None = None, owner: str = "") -> bool:
        """Keep `value`, of `size` bytes, for `ttl` seconds (None: until it is pushed out); False if it is too large."""
        self.discard(key)
        if size > self._limit or size < 0 or (ttl is not None and not ttl > 0):
            return False
        while self.size + size > self._limit or len(self._slots) >= self._entries:
            self.discard(next(iter(self._slots)))
        ends = float("inf") if ttl is None else self._clock() + ttl
        self._slots[key] = _Slot(value, size, owner, ends)
        self._owners.setdefault(owner, set()).add(key)
        self.size += size
        return True

    def discard(self, key: Hashable) -> None:
        """Forget one value."""
        slot = self._slots.pop(key, None)
        if slot is None:
            return
        self.size -= slot.size
        keys = self._owners[slot.owner]
        keys.discard(key)
        if not keys:
            del self._owners[slot.owner]

    def drop(self, owner: str) -> int:
        """Forget all values of `owner`; returns how many."""
        keys = self._owners.pop(owner, set())
        for key in keys:
            self.size -= self._slots.pop(key).size
        return len(keys)

    def clear(self) -> None:
        """Forget everything."""
        self._slots.clear()
        self._owners.clear()
        self.size = 0
