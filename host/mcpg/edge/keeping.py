"""What of this process's sessions a store has yet to hear, and how sessions look there. It ends none.

Uses are written behind the requests, and only when the one that is kept is a while old; ends, readiness and log levels
as soon as somebody comes by. A store that is not shared hears nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mcpg.protocol.sessions import Session
from mcpg.storage.sessions import KeptSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.storage.sessions import SessionStore

__all__ = ["Keeping", "session_from"]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, object]).decode


class Keeping:
    """Keeps sessions in `store`; a use is kept once `pace` seconds lie between it and the one that is kept."""

    def __init__(self, store: SessionStore, pace: float) -> None:
        self._store = store
        self._pace = pace
        self._changed: set[Session] = set()
        self._kept: dict[str, tuple[float, bool, str]] = {}

    def mark(self, session: Session) -> None:
        """Note that a session has changed."""
        if self._store.shared and not session.bound:
            self._changed.add(session)

    async def save(self, sessions: Sequence[Session]) -> None:
        """Keep these now, durably; raises `McpgError`, and they are tried again by `catch_up`."""
        if not self._store.shared:
            return
        self._changed.difference_update(sessions)  # what changes while they are written is to be written again
        rows = [_row(session) for session in sessions]
        try:
            await self._store.save(rows)
        except BaseException:
            self._changed.update(sessions)
            raise
        for row in rows:
            self.note(row)

    async def catch_up(self, *, everything: bool) -> None:
        """Keep what is worth it, or `everything` that has changed; raises `McpgError`."""
        due = [session for session in self._changed if everything or self._is_due(session)]
        if due:
            await self.save(due)

    def note(self, kept: KeptSession) -> None:
        """Note what the store has of a session."""
        if kept.ended:
            self._kept.pop(kept.id, None)
        else:
            self._kept[kept.id] = (kept.touched, kept.ready, kept.log_level)

    def _is_due(self, session: Session) -> bool:
        touched, ready, level = self._kept.get(session.id, (0.0, False, ""))
        has_said = (ready, level) != (session.ready, session.log_level)
        return session.ended or has_said or session.touched - touched > self._pace


def session_from(kept: KeptSession) -> Session:
    """Return a session as it is kept."""
    return Session(
        kept.id,
        kept.principal,
        kept.version,
        _decode(kept.capabilities),
        touched=kept.touched,
        ready=kept.ready,
        log_level=kept.log_level,
        created=kept.created,
        endpoint=kept.endpoint,
    )


def _row(session: Session) -> KeptSession:
    return KeptSession(
        session.id,
        session.principal,
        session.endpoint,
        session.version,
        b"{}" if session.ended else _encode(session.capabilities),
        session.created,
        session.touched,
        session.ready,
        session.log_level,
        session.ended,
    )
