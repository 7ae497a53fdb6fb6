"""Sessions of the versions with a handshake, as a bounded table without a clock. It closes no stream.

A session belongs to the caller (tenant and id) that opened it; for anyone else it does not exist. The table is in the
order of last use, so that expiry looks at its oldest end only. Source: MCP 2025-11-25, basic/transports (sessions).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Principal", "Session", "SessionTable"]

Principal = tuple[str, str]
"""Tenant and caller id."""


@dataclass(slots=True)
class Session:
    """What one client said when it shook hands, and what it has set since."""

    id: str
    principal: Principal
    version: str
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    touched: float = 0.0
    ready: bool = False
    """Whether notifications/initialized has come."""
    log_level: str = ""


class SessionTable:
    """Bounded by `limit` in all and `per_principal` each; sessions idle for `idle` seconds end.

    `new_id` makes ids of visible ASCII that nobody can guess. Times are seconds of one monotonic clock.
    """

    def __init__(
        self, new_id: Callable[[], str], *, limit: int = 10_000, per_principal: int = 1_000, idle: float = 1800.0
    ) -> None:
        self._new_id = new_id
        self._limit = limit
        self._per_principal = per_principal
        self._idle = idle
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._owned: dict[Principal, OrderedDict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def create(
        self, principal: Principal, version: str, capabilities: Mapping[str, Any], now: float
    ) -> tuple[Session, list[Session]]:
        """Return a new session and those that ended to make room: expired ones, and the principal's own oldest.

        Raises `Refusal` with status 503 when the table is full of other principals' live sessions.
        """
        ended = self.expire(now)
        owned = self._owned.get(principal, ())
        if len(owned) >= self._per_principal:
            ended.append(self._remove(self._sessions[next(iter(owned))]))
        elif len(self._sessions) >= self._limit:
            raise Refusal(
                frames.INTERNAL_ERROR, "too many sessions are open", status=503, headers=[("retry-after", "30")]
            )
        session = Session(self._new_id(), principal, version, capabilities, now)
        if session.id in self._sessions:
            raise Refusal(frames.INTERNAL_ERROR, "session could not be opened", status=503)
        self._sessions[session.id] = session
        self._owned.setdefault(principal, OrderedDict())[session.id] = None
        return session, ended

    def use(self, session_id: str, principal: Principal, now: float) -> Session:
        """Return the session and note its use; raises `Refusal` 404 if it is unknown, over, or someone else's."""
        session = self._sessions.get(session_id)
        if session is None or session.principal != principal:
            raise _no_session()
        if now - session.touched > self._idle:
            self._remove(session)
            raise _no_session()
        self.touch(session, now)
        return session

    def touch(self, session: Session, now: float) -> None:
        """Note a use of a session that may have ended meanwhile."""
        if session.id in self._sessions:
            session.touched = now
            self._sessions.move_to_end(session.id)
            self._owned[session.principal].move_to_end(session.id)

    def end(self, session_id: str, principal: Principal, now: float) -> Session:
        """End a session at its owner's wish; raises `Refusal` 404 as `use` does."""
        return self._remove(self.use(session_id, principal, now))

    def expire(self, now: float) -> list[Session]:
        """End and return the sessions that nobody used for `idle` seconds."""
        ended: list[Session] = []
        while self._sessions:
            oldest = next(iter(self._sessions.values()))
            if now - oldest.touched <= self._idle:
                break
            ended.append(self._remove(oldest))
        return ended

    def _remove(self, session: Session) -> Session:
        del self._sessions[session.id]
        owned = self._owned[session.principal]
        del owned[session.id]
        if not owned:
            del self._owned[session.principal]
        return session


def _no_session() -> Refusal:
    return Refusal(frames.INVALID_REQUEST, "session is not known; initialize again", status=404)
