"""Sessions of the versions with a handshake, as a bounded table without a clock. It closes no stream and seals nothing.

A session belongs to the caller (all of `Caller.identity`) and the endpoint that it was opened for; for anyone else it
does not exist. What has ended leaves a tombstone until its id could no longer be read anyway. Tombstones are bounded
too: beyond, the oldest go, and no session that was made before them is taken in from elsewhere any more.
Source: MCP 2025-11-25, basic/transports (sessions).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.documents import Caller

__all__ = ["Principal", "Session", "SessionLimits", "SessionTable", "no_session"]

Principal = tuple[str, str, str, str]
"""`Caller.identity`: tenant, identity plugin, issuer and id."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How many sessions may be open, and how long; times in seconds."""

    most: int = 10_000
    per_caller: int = 1_000
    per_tenant: int = 10_000
    idle: float = 1800.0
    """A session that nobody used for so long ends."""
    age: float = 86_400.0
    """A session ends then, however busy it is."""
    tombstones: int = 40_000


@dataclass(slots=True, eq=False)
class Session:
    """What one client said when it shook hands, and what it has set since. Times are seconds since 1970."""

    id: str
    """What the inside knows it by: records, policies, links to upstreams. Nobody gets in with it."""
    principal: Principal
    version: str
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    touched: float = 0.0
    ready: bool = False
    """Whether notifications/initialized has come."""
    log_level: str = ""
    created: float = 0.0
    endpoint: str = ""
    token: str = ""
    """What the client knows it by: the sealed id."""
    caller: Caller | None = None
    """Who used it last, none before anybody did in this process."""
    ended: bool = False
    in_work: int = 0
    """Requests of it that are in work here: as long as there are any, it is not idle."""
    bound: bool = False
    """Whether it lives and dies with one connection of this process."""


class SessionTable:
    """Sessions in the order of their last use, bounded by `limits`; times are seconds of one clock."""

    def __init__(self, limits: SessionLimits | None = None) -> None:
        self.limits = limits or SessionLimits()
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._owned: dict[Principal, OrderedDict[str, None]] = {}
        self._tenants: dict[str, int] = {}
        self._tombs: OrderedDict[str, float] = OrderedDict()
        self.floor = 0.0
        """No session made until then is taken in: whether it has ended is no longer known."""

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, session_id: str) -> Session | None:
        """Return a session that is open."""
        return self._sessions.get(session_id)

    def all(self) -> list[Session]:
        """Return every open session, the one that was used longest ago first."""
        return list(self._sessions.values())

    def add(self, session: Session, now: float, *, new: bool = False) -> list[Session]:
        """Take a session in, `new` or made elsewhere; return its owner's own sessions that ended to make room.

        Raises `Refusal` 503 when there is no room but others' sessions, and 404 for one that is over or may be.
        """
        if not new and (session.created <= self.floor or session.id in self._tombs or self._over(session, now)):
            raise no_session()
        if session.id in self._sessions:
            raise Refusal(frames.INTERNAL_ERROR, "session could not be opened", status=503)
        ended = self._make_room(session.principal)
        self._sessions[session.id] = session
        self._sessions.move_to_end(session.id)
        self._owned.setdefault(session.principal, OrderedDict())[session.id] = None
        tenant = session.principal[0]
        self._tenants[tenant] = self._tenants.get(tenant, 0) + 1
        return ended

    def alive(self, session: Session, now: float) -> bool:
        """Return whether a session is open and neither idle for too long nor too old; it does not end it."""
        return not session.ended and session.id in self._sessions and not self._over(session, now)

    def touch(self, session: Session, now: float) -> None:
        """Note a use of a session that may have ended meanwhile."""
        if session.id in self._sessions:
            session.touched = max(session.touched, now)
            self._sessions.move_to_end(session.id)
            self._owned[session.principal].move_to_end(session.id)

    def end(self, session: Session) -> bool:
        """End a session, which its id outlives as a tombstone; return whether it was open."""
        self.bury(session.id, session.created)
        if session.id not in self._sessions:
            return False
        session.ended = True
        del self._sessions[session.id]
        owned, tenant = self._owned[session.principal], session.principal[0]
        del owned[session.id]
        if not owned:
            del self._owned[session.principal]
        self._tenants[tenant] -= 1
        if not self._tenants[tenant]:
            del self._tenants[tenant]
        return True

    def bury(self, session_id: str, created: float) -> None:
        """Remember that a session has ended."""
        self._tombs[session_id] = created
        while len(self._tombs) > self.limits.tombstones:
            _, oldest = self._tombs.popitem(last=False)
            self.floor = max(self.floor, oldest)

    def ended(self, session_id: str) -> bool:
        """Return whether a session of that id has ended, as far as is remembered."""
        return session_id in self._tombs

    def expire(self, now: float, slack: float = 0.0) -> list[Session]:
        """End and return what was idle for too long, by `slack` more: a look at the oldest uses only."""
        found: list[Session] = []
        for session in self._sessions.values():
            if now - session.touched <= self.limits.idle + slack:
                break
            found.append(session)
        for session in found:
            if session.in_work:
                self.touch(session, now)
            else:
                self.end(session)
        return [session for session in found if session.ended]

    def sweep(self, now: float) -> list[Session]:
        """End and return what is too old, and forget tombstones whose ids nobody can read any more."""
        old = [session for session in self._sessions.values() if now - session.created > self.limits.age]
        for session in old:
            self.end(session)
        for session_id in [each for each, created in self._tombs.items() if now - created > self.limits.age]:
            del self._tombs[session_id]
        return old

    def _over(self, session: Session, now: float) -> bool:
        idle = now - session.touched > self.limits.idle and not session.in_work
        return idle or now - session.created > self.limits.age

    def _make_room(self, principal: Principal) -> list[Session]:
        owned, limits = self._owned.get(principal, ()), self.limits
        crowded = (
            len(owned) >= limits.per_caller
            or self._tenants.get(principal[0], 0) >= limits.per_tenant
            or len(self._sessions) >= limits.most
        )
        if not crowded:
            return []
        if not owned:
            raise Refusal(
                frames.INTERNAL_ERROR, "too many sessions are open", status=503, headers=[("retry-after", "30")]
            )
        oldest = self._sessions[next(iter(owned))]
        self.end(oldest)
        return [oldest]


def no_session() -> Refusal:
    """Return the refusal of a session that is unknown, over, someone else's or another endpoint's: which, it hides."""
    return Refusal(frames.INVALID_REQUEST, "session is not known; initialize again", status=404)
