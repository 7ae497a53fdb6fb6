"""What all MCP endpoints of one process share: sessions, streams, bounds, counters, the end. It serves no request.

An endpoint that is alone has a `Shared` of its own; `hub.Hub` is the one for several.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Protocol

from mcpg.contract.ports import Refusal
from mcpg.edge.asgi import Intake
from mcpg.edge.asks import Asks
from mcpg.edge.events import MemoryEvents
from mcpg.edge.exchange import BY_SHUTDOWN
from mcpg.edge.load import Load
from mcpg.edge.measures import EdgeMeasures
from mcpg.edge.metrics import Gauge
from mcpg.edge.resuming import Resuming
from mcpg.edge.sessions import Sessions
from mcpg.edge.settings import EdgeSettings
from mcpg.edge.streams import Streams
from mcpg.protocol.classify import SessionTraffic
from mcpg.protocol.frames import INTERNAL_ERROR, Request
from mcpg.sealing import Sealer, SealKey, SealKeys
from mcpg.storage.sessions import MemorySessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import Service
    from mcpg.edge.metrics import Metric
    from mcpg.protocol.classify import Posted
    from mcpg.protocol.sessions import Principal, Session
    from mcpg.storage.sessions import SessionStore

__all__ = ["BY_STREAM", "Shared", "SharedEnd"]

_log = logging.getLogger("mcpg.edge")
BY_STREAM = "#sse"
"""Follows the endpoint's name in that of its sessions over HTTP+SSE, whose ids are of no use to Streamable HTTP."""
_RELEASING = 16
"""Sessions that are let go of at the same time; the others wait, as many as there were sessions."""


class SharedEnd(Protocol):
    """An endpoint as `Shared` sees it."""

    def forget(self) -> None:
        """Ask the service for its name and capabilities again."""
        ...

    def session_ended(self, session: Session) -> Service | None:
        """Cancel and close what a session of this endpoint still has; return whom to tell that it has ended."""
        ...

    def drained(self) -> None:
        """End what is still open when the process ends."""
        ...


class Shared:
    """Sessions are sealed with `sealer` (its own if none is given: ids then end with the process), kept in `store`."""

    def __init__(
        self,
        settings: EdgeSettings | None = None,
        *,
        sealer: Sealer | None = None,
        store: SessionStore | None = None,
        measures: EdgeMeasures | None = None,
    ) -> None:
        self.settings = settings or EdgeSettings()
        self.measures = measures or EdgeMeasures()
        self.intake = Intake(self.settings.max_body, self.settings.body_timeout, self.settings.max_reading)
        self.streams = Streams(self.settings, self.measures)
        self.asks = Asks(per_session=self.settings.max_asks, measures=self.measures)
        self.resuming = Resuming(self.measures, self.settings.feed_bounds, MemoryEvents(self.settings.event_bounds))
        self.load = Load(self.settings)
        self.sessions = Sessions(
            self.settings.session_limits,
            sealer or Sealer(SealKeys(SealKey.generate())),
            store or MemorySessions(),
            on_end=self._session_ended,
        )
        self.draining = False
        self._ends: dict[str, SharedEnd] = {}
        self._letting_go: deque[tuple[Service, Caller, str]] = deque()
        self._releases: set[asyncio.Task[None]] = set()

    def attach(self, name: str, end: SharedEnd) -> None:
        """Make an endpoint known by its name; raises `ValueError` when the name is taken."""
        if name in self._ends:
            raise ValueError(f"endpoint `{name}` exists")
        self._ends[name] = end

    def detach(self, name: str) -> None:
        """Forget an endpoint, and end its sessions."""
        names = {name, name + BY_STREAM}
        self.sessions.close([session for session in self.sessions.table.all() if session.endpoint in names])
        for each in names:
            self._ends.pop(each, None)

    def notify_changed(self, kind: str, only: Callable[[Principal], bool] | None = None) -> None:
        """Tell clients that the list of `tools`, `prompts` or `resources` has changed; `only` picks whose lists did."""
        for end in self._ends.values():
            end.forget()
        self.streams.tell(kind, only)

    def expire_sessions(self) -> None:
        """End idle sessions; call it now and then, so that they do not wait for the next initialize."""
        self.sessions.expire()
        self.resuming.expire()

    def metrics(self) -> list[Metric]:
        """Return what is counted here and how many requests, sessions and streams there are, for a registry."""
        return [
            *self.measures.metrics(),
            Gauge("mcpg_requests_pending", "Requests in work.", lambda: self.pending),
            Gauge("mcpg_sessions", "Open sessions.", lambda: len(self.sessions)),
            Gauge("mcpg_streams", "Open streams for server notifications.", lambda: len(self.streams)),
            Gauge("mcpg_asks_pending", "Requests to clients that wait for an answer.", lambda: self.asks.pending),
            *self.resuming.metrics(),
        ]

    @property
    def pending(self) -> int:
        """How many requests are in work."""
        return len(self.load)

    def refuse_when_draining(self, posted: Posted | None = None) -> None:
        """Raise `Refusal` 503 once the process ends, but for answers and notes: they let calls end that are in work."""
        if not self.draining:
            return
        if isinstance(posted, SessionTraffic) and not any(isinstance(each, Request) for each in posted.messages):
            return
        closing = [("connection", "close"), ("retry-after", "5")]
        raise Refusal(INTERNAL_ERROR, "the gateway is shutting down", status=503, headers=closing)

    async def drain(self, deadline: float) -> bool:
        """Take no more requests, end all streams, and wait `deadline` seconds for those in work, then cancel them.

        Returns whether all ended by themselves. Cancelled ones are told that they may have happened. Sessions stay
        open in a store that outlives the process.
        """
        self.draining = True
        self.streams.close_all()
        alone = await self.load.idle(deadline)
        if not alone:
            self.load.cancel_all(BY_SHUTDOWN)
            await self.load.idle(self.settings.write_timeout)
        for end in list(self._ends.values()):
            end.drained()
        await self.sessions.tend(everything=True)
        return alone

    async def released(self) -> None:
        """Wait until everything that ended sessions held has been let go of."""
        while self._releases:
            await asyncio.wait(self._releases)

    def _session_ended(self, session: Session) -> None:
        self.asks.close(session.id)
        self.resuming.forget(session.id)
        end = self._ends.get(session.endpoint)
        service = end.session_ended(session) if end is not None else None
        if service is not None and session.caller is not None:
            self._letting_go.append((service, session.caller, session.id))
            if len(self._releases) < _RELEASING:
                task = asyncio.create_task(self._let_go())
                self._releases.add(task)
                task.add_done_callback(self._releases.discard)

    async def _let_go(self) -> None:
        while self._letting_go:
            service, caller, session = self._letting_go.popleft()
            try:
                await service.release(caller, session=session)
            except Exception as error:  # noqa: BLE001 - one session's mishap may not keep the others'
                _log.error("a session could not be let go of: `%s`", type(error).__name__)
