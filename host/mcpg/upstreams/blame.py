"""What a call that failed says of its upstream, and to its caller. It calls nothing.

The code says what may have happened: `upstream-unavailable` nothing, `upstream-unknown` anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import UpstreamFailed

if TYPE_CHECKING:
    from mcpg.upstreams.deliveries import Delivery
    from mcpg.upstreams.faults import Fault
    from mcpg.upstreams.pool import Lane
    from mcpg.upstreams.specs import UpstreamSpec

__all__ = ["UNAVAILABLE", "UNKNOWN", "Blame"]

UNAVAILABLE: Final = "upstream-unavailable"
UNKNOWN: Final = "upstream-unknown"


class Blame:
    """Counts failures against the link on which they were, so that one caller's process is not another's trouble."""

    def __init__(self, spec: UpstreamSpec) -> None:
        self._spec = spec
        self._counted: Fault | None = None

    def failed(self, what: str, code: str) -> UpstreamFailed:
        """Return the failure of one call, in words that follow the upstream's name."""
        return UpstreamFailed(
            f"upstream `{self._spec.name}` {what}",
            code=code,
            where=f"upstreams.{self._spec.name}",
            remedy="see its state and last error output; check that its command or url works",
        )

    def left_alone(self, seconds: float) -> UpstreamFailed:
        """Return the failure of a call that is not made, because those before it failed."""
        what = f"failed {self._spec.failures} times in a row and is left alone for {seconds:.1f} s"
        return self.failed(what, UNAVAILABLE)

    def not_connected(self, lane: Lane) -> UpstreamFailed:
        """Return the failure of a call that found no link."""
        supervisor = lane.supervisor
        if supervisor.state == "stopped":
            return self.failed("was stopped", UNAVAILABLE)
        why = f": it {supervisor.last_error}" if supervisor.last_error else ""
        return self.failed(f"is not connected{why}", UNAVAILABLE)

    def of(self, fault: Fault, lane: Lane, now: float) -> UpstreamFailed:
        """Return what a fault means for its caller, and count it: one death fails many calls, and counts once."""
        if fault is not self._counted:
            self._counted = fault
            self._count(lane, now)
        return self.failed(str(fault), UNKNOWN if fault.processed else UNAVAILABLE)

    def late(self, delivery: Delivery, lane: Lane, now: float) -> UpstreamFailed:
        """Return what a passed deadline means; only silence since the call was given counts against the upstream."""
        if not delivery.placed:
            return self.failed("had no place for the call before its deadline", UNAVAILABLE)
        if delivery.link is None:
            return self.not_connected(lane)
        if delivery.link.heard == delivery.heard:
            self._count(lane, now)
        took = now - delivery.began
        return self.failed(f"did not answer `{delivery.method}` within {took:.1f} s", UNKNOWN)

    def _count(self, lane: Lane, now: float) -> None:
        if lane.breaker.failed(now):
            lane.supervisor.suspect()
