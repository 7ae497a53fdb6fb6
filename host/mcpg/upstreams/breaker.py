"""When to leave a failing upstream alone: a breaker for calls and a backoff for connecting. It reads no clock."""

from __future__ import annotations

import random
from typing import Literal

__all__ = ["Breaker", "backoff"]

BASE_SECONDS = 0.2
CEILING_SECONDS = 30.0


def backoff(attempt: int, *, base: float = BASE_SECONDS, ceiling: float = CEILING_SECONDS) -> float:
    """Return the seconds to wait before `attempt` (from 1): doubling, capped, half to all of it at random."""
    full = min(ceiling, base * 2.0 ** min(attempt - 1, 16))
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads restarts, guards nothing


class Breaker:
    """Opens after `threshold` failures in a row; then one call per `cooldown` seconds goes through as a probe."""

    __slots__ = ("_cooldown", "_failures", "_probe", "_threshold", "_until")

    def __init__(self, threshold: int, cooldown: float) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._failures = 0
        self._until = 0.0
        self._probe = False

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """The state as it stands; an open breaker becomes half-open with the first call after its cooldown."""
        if self._failures < self._threshold:
            return "closed"
        return "half-open" if self._probe else "open"

    def admit(self, now: float) -> float:
        """Return 0.0 if a call may go, else the seconds until the next probe may."""
        if self._failures < self._threshold:
            return 0.0
        if now < self._until:
            return self._until - now
        self._probe = True
        self._until = now + self._cooldown
        return 0.0

    def succeeded(self) -> bool:
        """Close; return whether the breaker was open before."""
        was_open = self._failures >= self._threshold
        self._failures = 0
        self._probe = False
        return was_open

    def failed(self, now: float) -> bool:
        """Count a failure; return whether it opened the breaker."""
        self._failures += 1
        self._probe = False
        if self._failures < self._threshold:
            return False
        self._until = now + self._cooldown
        return True
