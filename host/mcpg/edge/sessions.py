"""Sessions of all endpoints of one process: opened, found by their sealed ids, kept, and ended. It does their work not.

Most uses are a look into memory. An id that this process has not seen is read with the seal key, and the store is asked
what became of the session; so whichever process holds the keys can go on with it. A session that has ended is told to
`on_end` once, for whatever reason: its client's wish, idleness, age, want of room, or another process.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import McpgError
from mcpg.edge.keeping import Keeping, session_from
from mcpg.edge.session_ids import SessionIds, new_name
from mcpg.protocol import frames
from mcpg.protocol.sessions import Session, SessionTable, no_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from mcpg.contract.documents import Caller
    from mcpg.edge.session_ids import Opened
    from mcpg.protocol.sessions import SessionLimits
    from mcpg.sealing import Sealer
    from mcpg.storage.sessions import KeptSession, SessionStore

__all__ = ["EndpointSessions", "Sessions"]

_log = logging.getLogger("mcpg.edge")
_SWEEPING = 30.0
_FORGETTING = 60.0
"""Seconds between two looks for what is too old, here and in the store."""
_SHARES = 10
"""A use is kept once a tenth of the idle time has gone by; so much later than by its own clock, a session may end."""


class Sessions:
    """All sessions of this process; `on_end` is called once for each that ends. Times are seconds since 1970."""

    def __init__(
        self,
        limits: SessionLimits,
        sealer: Sealer,
        store: SessionStore,
        *,
        on_end: Callable[[Session], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.table = SessionTable(limits)
        self._ids = SessionIds(sealer, limits.age)
        self._store = store
        self._on_end = on_end
        self._clock = clock
        self._by_token: dict[str, Session] = {}
        self._forgot = self._swept = self._renewed = 0.0
        self._failing = False
        self._keeping = Keeping(store, limits.idle / _SHARES)
        self._slack = limits.idle / _SHARES * 2 if store.shared else 0.0

    def __len__(self) -> int:
        return len(self.table)

    def at(self, endpoint: str) -> EndpointSessions:
        """Return the sessions of one endpoint."""
        return EndpointSessions(self, endpoint)

    async def open(
        self, endpoint: str, caller: Caller, version: str, capabilities: Mapping[str, Any], *, bound: bool = False
    ) -> Session:
        """Return a new session; raises `Refusal` 503 when there is no room for it or it cannot be kept.

        One that is `bound` ends with its connection and is not kept.
        """
        now = self._clock()
        self._bury(self.table.expire(now, self._slack))
        session = Session(
            new_name(), caller.identity, version, capabilities, now, created=now, endpoint=endpoint, caller=caller
        )
        session.bound = bound
        self._bury(self.table.add(session, now, new=True))
        session.token = self._ids.seal(session)
        if bound:
            return session
        self._by_token[session.token] = session
        try:
            await self._keeping.save([session])
        except McpgError as error:
            self._bury([session] if self.table.end(session) else [])
            raise _unavailable(error) from error
        return session

    async def use(self, endpoint: str, token: str, caller: Caller) -> Session:
        """Return the session and note its use; raises `Refusal` 404 if it is unknown, over, or someone else's."""
        session = self._by_token.get(token)
        if session is None:
            session = await self._recognise(endpoint, token, caller)
        elif session.principal != caller.identity or session.endpoint != endpoint:
            raise no_session()
        now = self._clock()
        if not self.table.alive(session, now):
            await self._ask_again(session, now)
        self.table.touch(session, now)
        session.caller = caller
        self._keeping.mark(session)
        return session

    async def end(self, endpoint: str, token: str, caller: Caller) -> Session:
        """End a session at its owner's wish, durably; raises `Refusal` 404 as `use` does, and 503."""
        session = await self.use(endpoint, token, caller)
        if self.table.end(session):
            self._bury([session])
        try:
            await self._keeping.save([session])
        except McpgError as error:
            raise _unavailable(error) from error
        return session

    def touch(self, session: Session) -> None:
        """Note that a session is in use, without a request."""
        self.table.touch(session, self._clock())
        self._keeping.mark(session)

    def close(self, sessions: Iterable[Session]) -> None:
        """End sessions at our own wish."""
        self._bury([session for session in sessions if self.table.end(session)])

    def expire(self) -> None:
        """End the sessions that were idle for too long, or are too old."""
        now = self._clock()
        self._bury(self.table.expire(now, self._slack))
        self._bury(self.table.sweep(now))

    async def tend(self, *, everything: bool = False) -> None:
        """Keep what has changed, hear what other processes changed, end what is over; call it every second or so.

        `everything` keeps uses however recent the kept ones are: for the end of the process.
        """
        self._renew(self._clock())
        try:
            await self._keeping.catch_up(everything=everything)
            await self._hear()
            self._failing = False
        except McpgError as error:
            if not self._failing:
                _log.warning("sessions cannot be kept: %s", error)
            self._failing = True
        now = self._clock()
        self._bury(self.table.expire(now, self._slack))
        if now - self._swept > _SWEEPING:
            self._swept = now
            self._bury(self.table.sweep(now))

    def _renew(self, now: float) -> None:
        """Tell the store of sessions that are in use by requests in work: other processes see those not."""
        if not self._store.shared or now - self._renewed <= self.table.limits.idle / _SHARES:
            return
        self._renewed = now
        for session in self.table.all():
            if session.in_work:
                self.touch(session)

    async def _recognise(self, endpoint: str, token: str, caller: Caller) -> Session:
        """Return the session of an id that was not seen here before."""
        opened = self._ids.read(token, caller.identity, endpoint)
        if opened is None or self.table.ended(opened.id):
            raise no_session()
        session = self.table.get(opened.id) or await self._take_in(opened, endpoint, caller)
        if session.principal != caller.identity or session.endpoint != endpoint:
            raise no_session()  # its id was sealed for him; what the store says of it was not
        session.token = token
        self._by_token[token] = session
        return session

    async def _take_in(self, opened: Opened, endpoint: str, caller: Caller) -> Session:
        """Go on with a session that another process opened, as far as its id and the store can say what it was."""
        kept = await self._find(opened.id)
        known = self.table.get(opened.id)
        if known is not None:
            return known  # two requests have asked at the same time
        session = session_from(kept) if kept is not None else _from_id(opened, endpoint, caller, self._clock())
        if session is None:
            raise no_session()
        self._bury(self.table.add(session, self._clock()))
        return session

    async def _find(self, session_id: str) -> KeptSession | None:
        try:
            kept = await self._store.find(session_id)
        except McpgError as error:
            raise _unavailable(error) from error
        if kept is not None and kept.ended:
            self.table.bury(kept.id, kept.created)
            raise no_session()
        return kept

    async def _ask_again(self, session: Session, now: float) -> None:
        """Return if another process has used a session that is idle here; raises `Refusal` 404, and ends it."""
        if self._store.shared and not session.ended:
            kept = await self._find(session.id)
            if kept is not None:
                self.table.touch(session, kept.touched)
        if not self.table.alive(session, now):
            self._bury([session] if self.table.end(session) else [])
            raise no_session()

    def _bury(self, ended: list[Session]) -> None:
        for session in ended:
            self._by_token.pop(session.token, None)
            self._keeping.mark(session)
            self._on_end(session)

    async def _hear(self) -> None:
        """Take over what other processes saved, or an earlier one before this began."""
        if not self._store.shared:
            return
        for kept in sorted(await self._store.news(), key=lambda kept: kept.touched):
            known = self.table.get(kept.id)
            if kept.ended:
                self.table.bury(kept.id, kept.created)
                self._keeping.note(kept)
                if known is not None and self.table.end(known):
                    self._by_token.pop(known.token, None)
                    self._on_end(known)
            elif known is not None:
                if kept.touched > known.touched:
                    known.log_level = kept.log_level
                known.ready = known.ready or kept.ready
                self.table.touch(known, kept.touched)
            elif not self.table.ended(kept.id):
                self._take_over(kept)
        self.table.floor = max(self.table.floor, await self._store.floor())
        now = self._clock()
        if now - self._forgot > _FORGETTING:
            self._forgot = now
            await self._store.forget(now - self.table.limits.age)

    def _take_over(self, kept: KeptSession) -> None:
        try:
            self._bury(self.table.add(session_from(kept), self._clock()))
        except Refusal:
            return  # it is over, or there is no room: an id that is presented is judged again
        self._keeping.note(kept)


class EndpointSessions:
    """The sessions of one endpoint: those of others do not exist here."""

    __slots__ = ("_endpoint", "_sessions")

    def __init__(self, sessions: Sessions, endpoint: str) -> None:
        self._sessions = sessions
        self._endpoint = endpoint

    def __len__(self) -> int:
        return sum(session.endpoint == self._endpoint for session in self._sessions.table.all())

    async def open(
        self, caller: Caller, version: str, capabilities: Mapping[str, Any], *, bound: bool = False
    ) -> Session:
        """Return a new session, its `token` is for the client. See `Sessions.open`."""
        return await self._sessions.open(self._endpoint, caller, version, capabilities, bound=bound)

    async def use(self, token: str, caller: Caller) -> Session:
        """Return the session of a sealed id and note its use. See `Sessions.use`."""
        return await self._sessions.use(self._endpoint, token, caller)

    async def end(self, token: str, caller: Caller) -> Session:
        """End the session of a sealed id. See `Sessions.end`."""
        return await self._sessions.end(self._endpoint, token, caller)

    def touch(self, session: Session) -> None:
        """Note that a session is in use, without a request."""
        self._sessions.touch(session)

    def close(self, session: Session) -> None:
        """End a session at our own wish."""
        self._sessions.close([session])


def _from_id(opened: Opened, endpoint: str, caller: Caller, now: float) -> Session | None:
    if opened.capabilities is None:
        return None
    return Session(
        opened.id,
        caller.identity,
        opened.version,
        opened.capabilities,
        touched=now,
        ready=True,  # whether it was, only the process that opened it knows
        created=opened.created / 1000,
        endpoint=endpoint,
    )


def _unavailable(error: McpgError) -> Refusal:
    _log.error("sessions cannot be kept: %s", error)
    return Refusal(frames.INTERNAL_ERROR, "sessions cannot be kept now", status=503, headers=[("retry-after", "5")])
