"""Paused runs in memory: they end with the process. See `parked_sqlite` for runs that survive it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from mcpg.storage.ports import StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MemoryParked"]


class _Value(NamedTuple):
    value: bytes
    ends: float
    owner: str


class MemoryParked:
    """Implements `Parked`; `clock` gives seconds since 1970, `entries` bounds values and spent ids each."""

    def __init__(
        self, *, entries: int = 10_000, size: int = 64 * 1024 * 1024, clock: Callable[[], float] = time.time
    ) -> None:
        self._entries, self._limit, self._clock = entries, size, clock
        self._values: dict[str, _Value] = {}
        self._spent: dict[str, float] = {}
        self._size = 0

    async def put(self, key: str, value: bytes, *, ttl: float, owner: str = "") -> None:
        """Keep `value` until it is taken. See `Parked.put`."""
        now = self._clock()
        if len(self._values) >= self._entries or self._size + len(value) > self._limit:
            self._expire(now)
        if self._fresh(key, now):
            raise KeyError(key)
        if len(self._values) >= self._entries or self._size + len(value) > self._limit:
            raise StoreFull("too many paused calls are waiting", remedy="let them end, or raise the bound")
        self._values[key] = _Value(value, now + ttl, owner)
        self._size += len(value)

    async def take(self, key: str) -> bytes | None:
        """Return the value and forget it. See `Parked.take`."""
        now = self._clock()
        found = self._values.get(key)
        if found is None:
            return None
        self._forget(key)
        return found.value if found.ends > now else None

    async def spend(self, identifier: str, *, ttl: float) -> bool:
        """Return True the first time only. See `Parked.spend`."""
        now = self._clock()
        if self._spent.get(identifier, now) > now:
            return False
        if len(self._spent) >= self._entries:
            self._spent = {each: ends for each, ends in self._spent.items() if ends > now}
        if len(self._spent) >= self._entries:
            raise StoreFull("too many one-time ids are remembered", remedy="let them end, or raise the bound")
        self._spent[identifier] = now + ttl
        return True

    async def drop(self, owner: str) -> int:
        """Forget all values of `owner`. See `Parked.drop`."""
        keys = [key for key, held in self._values.items() if held.owner == owner]
        for key in keys:
            self._forget(key)
        return len(keys)

    async def keys(self) -> list[str]:
        """Return the keys of all values that can still be taken."""
        now = self._clock()
        return [key for key, held in self._values.items() if held.ends > now]

    async def close(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._spent.clear()
        self._size = 0

    def _fresh(self, key: str, now: float) -> bool:
        found = self._values.get(key)
        if found is not None and found.ends <= now:
            self._forget(key)
            return False
        return found is not None

    def _forget(self, key: str) -> None:
        self._size -= len(self._values.pop(key).value)

    def _expire(self, now: float) -> None:
        for key in [key for key, held in self._values.items() if held.ends <= now]:
            self._forget(key)
