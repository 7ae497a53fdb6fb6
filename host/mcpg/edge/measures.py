"""What the edge counts. Methods are named only if they exist, so that no client can invent a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.edge.metrics import Counter, Histogram
from mcpg.protocol.methods import LEGACY_METHODS, MODERN_METHODS
from mcpg.protocol.tasks import METHODS as TASK_METHODS

if TYPE_CHECKING:
    from mcpg.edge.metrics import Metric

__all__ = ["EdgeMeasures"]

_METHODS = LEGACY_METHODS | MODERN_METHODS | TASK_METHODS


class EdgeMeasures:
    """The edge's counters, to be added to a registry by `metrics()`."""

    def __init__(self) -> None:
        self._requests = Counter("mcpg_requests_total", "Requests answered.", ("version", "method", "outcome"))
        self._seconds = Histogram("mcpg_request_seconds", "Time to the answer of a request.", ("method",))
        self._refused = Counter("mcpg_refused_total", "Requests refused before any work, by status.", ("status",))
        self._dropped = Counter("mcpg_notifications_dropped_total", "Notifications that found a full queue.")
        self._asks = Counter("mcpg_asks_total", "Requests to clients that ended, by how.", ("outcome",))
        self._events = Counter("mcpg_events_total", "Events of resumable streams, by what became of them.", ("fate",))

    def metrics(self) -> tuple[Metric, ...]:
        """Return everything that is counted here."""
        return (self._requests, self._seconds, self._refused, self._dropped, self._asks, self._events)

    def answered(self, version: str, method: str, outcome: str, seconds: float) -> None:
        """Count a request that was worked on; `outcome` is `ok`, `cancelled` or the JSON-RPC code."""
        known = method if method in _METHODS else "other"
        self._requests.inc(version, known, outcome)
        self._seconds.observe(seconds, known)

    def refused(self, status: str) -> None:
        """Count a request that was refused before any work."""
        self._refused.inc(status)

    def dropped(self, number: int) -> None:
        """Count notifications that found a full queue."""
        if number:
            self._dropped.inc(by=number)

    def asked(self, outcome: str) -> None:
        """Count a request to a client that has ended.

        `answered`, `error`, `cancelled`, `unreachable`, `refused` (too many), or `unknown`: an answer to none of ours.
        """
        self._asks.inc(outcome)

    def events(self, fate: str, number: int = 1) -> None:
        """Count events that were `stored`, `replayed` to a client that came back, or `dropped` for want of room."""
        if number:
            self._events.inc(fate, by=number)
