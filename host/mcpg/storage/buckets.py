"""The arithmetic of accounts: exact integers, no clock of its own, no I/O. It knows no scopes or reservations.

An account holds what is *spent*, in millionths times nanoseconds (`SCALE`), so that refill has no rounding: after any
number of steps it is what one step over the whole time would be. What is left is the capacity less what is spent; a
changed capacity therefore holds at once. Spent never falls below zero.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SCALE", "Bucket"]

SCALE = 1_000_000_000


@dataclass(slots=True)
class Bucket:
    """One account; times are nanoseconds of one clock that never goes back."""

    at: int
    """When it was last brought up to date."""
    began: int
    """When its window began."""
    spent: int = 0
    capacity: int = 0
    refill: int = 0
    window: int = 0

    def advance(self, now: int) -> None:
        """Let flow back what the time since has brought, and begin a new window when the old one is over."""
        elapsed = now - self.at
        if elapsed > 0:
            self.at = now
            if self.refill:
                self.spent = max(0, self.spent - elapsed * self.refill)
        if self.window and now - self.began >= self.window * SCALE:
            self.began = now - (now - self.began) % (self.window * SCALE)
            self.spent = 0

    def left(self) -> int:
        """Return whole millionths that can be spent now; never negative, also in debt."""
        return max(0, (self.capacity * SCALE - self.spent) // SCALE)

    def fits(self, cost: int) -> bool:
        """Whether `cost` millionths can be spent now."""
        return self.spent + cost * SCALE <= self.capacity * SCALE

    def wait(self, cost: int) -> float | None:
        """Return the seconds until `cost` fits, rounded up to a millisecond; None when it never will."""
        if cost > self.capacity:
            return None
        lacking = self.spent + (cost - self.capacity) * SCALE
        waits = []
        if self.refill:
            waits.append(-(-lacking // self.refill))
        if self.window:
            waits.append(self.began + self.window * SCALE - self.at)
        return -(-max(0, min(waits)) // 1_000_000) / 1000 if waits else None

    def spend(self, millionths: int) -> None:
        """Spend (or, negative, give back) without asking whether it fits."""
        self.spent = max(0, self.spent + millionths * SCALE)
