"""How far the list of a site is to be trusted at a time: fresh, stale or dead. Pure, no I/O, no clock.

fresh   the list has not expired, or need not
stale   it has, and its grace is not over, or the clock was set back: what is locked still loads
dead    its grace is over, or none was ever delivered: nothing loads anew
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mcpg_revocations.envelopes import refused

if TYPE_CHECKING:
    from mcpg.contract.problems import PluginRefused
    from mcpg_revocations.lists import RevocationList

__all__ = ["BACK", "Freshness", "State", "freshness_of", "refusal_of"]

State = Literal["fresh", "stale", "dead"]
BACK = 3600
"""How many seconds the clock may fall behind the latest time that was seen, before the list counts as expired."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The state of the list that a site goes by, and why. All times in seconds since 1970.

    `source` is `feed` or `shipped`; `expires` and `dead_at` are `None` for a list that does not expire. `checked` is
    when a list was last offered and taken, or found to be the one held. `next_change` is when the state changes by
    itself. `code` names the error of a load that is refused for the state.
    """

    state: State
    source: Literal["feed", "shipped"]
    version: int
    issuer: str = ""
    issued: int = 0
    expires: int | None = None
    dead_at: int | None = None
    checked: int = 0
    emergency: bool = False
    clock_set_back: bool = False
    reason: str = ""
    code: str = ""
    next_change: int | None = None


def freshness_of(held: RevocationList | None, *, now: int, seen: int, checked: int) -> Freshness:
    """Return the state of a feed's list; `seen` is the latest time that was ever seen, and the least that it is."""
    if held is None:
        reason = "the feed has never delivered a list"
        return Freshness("dead", "feed", 0, reason=reason, code="revocation-missing", checked=checked)
    back, time = now < seen - BACK, max(now, seen)
    dead_at = None if held.expires is None else held.expires + held.grace
    state: State = "fresh"
    reason, code, change = "", "", held.expires
    if back:
        state, change = "stale", dead_at
        reason, code = f"the clock is {seen - now} s behind the latest time that was seen", "revocation-clock"
    if held.expires is not None and dead_at is not None and time > held.expires:
        state = "stale" if time <= dead_at else "dead"
        change = dead_at if state == "stale" else None
        told = "and is within its grace" if state == "stale" else f"and its grace of {held.grace} s is over"
        reason, code = f"version {held.version} expired {time - held.expires} s ago, {told}", f"revocation-{state}"
    return Freshness(
        state=state,
        source="feed",
        version=held.version,
        issuer=held.issuer,
        issued=held.issued,
        expires=held.expires,
        dead_at=dead_at,
        checked=checked,
        emergency=held.emergency,
        clock_set_back=back,
        reason=reason,
        code=code,
        next_change=None if change is None else change + 1,
    )


def refusal_of(freshness: Freshness) -> PluginRefused:
    """Return the refusal of a load for the state of the list."""
    remedy = {
        "revocation-missing": "wait for the feed, or bring a list with `mcpg revocations import`",
        "revocation-clock": "set the clock right; if it had run ahead, see `mcpg revocations status`",
    }.get(freshness.code, "bring a newer list: look at the feed, or import a mirror bundle")
    allowed = "; only plugins that are locked load" if freshness.state == "stale" else ""
    return refused(f"{freshness.reason}{allowed}", freshness.code or "revocation-dead", remedy=remedy)
