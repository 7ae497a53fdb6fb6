"""How many notifications one run may send: token buckets in a bounded table. Pure, the time comes in."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["Pace"]

_RUNS = 4096


class Pace:
    """`per_second` tokens for each run, `burst` at most; runs that were quiet for long are forgotten first."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._rate = per_second
        self._burst = float(burst)
        self._runs: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, run: str, now: float) -> bool:
        """Take one token of `run` at `now` (seconds) and say whether there was one."""
        tokens, last = self._runs.get(run, (self._burst, now))
        tokens = min(self._burst, tokens + (now - last) * self._rate)
        allowed = tokens >= 1.0
        self._runs[run] = (tokens - 1.0 if allowed else tokens, now)
        self._runs.move_to_end(run)
        if len(self._runs) > _RUNS:
            self._runs.popitem(last=False)
        return allowed
