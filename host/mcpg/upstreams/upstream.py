"""One upstream: its links, its calls, and how it is. It knows no other."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mcpg.upstreams.calls import Calls
from mcpg.upstreams.faults import Fault
from mcpg.upstreams.pool import Pool
from mcpg.upstreams.supervisor import UpstreamState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.ports import Party
    from mcpg.upstreams.opening import Opener
    from mcpg.upstreams.parking import Parking
    from mcpg.upstreams.pool import LinkCount
    from mcpg.upstreams.specs import UpstreamSpec
    from mcpg.upstreams.watching import Watch

__all__ = ["Upstream"]

NOTE_SECONDS = 5.0


class Upstream:
    """A running upstream. `spec` is what it was begun with."""

    def __init__(
        self,
        spec: UpstreamSpec,
        opener: Opener,
        on_change: Callable[[str, str], None],
        parking: Parking,
        count: LinkCount,
    ) -> None:
        self.spec = spec
        self._opener = opener
        self._pool = Pool(spec, opener.link, on_change, count)
        self._main = self._pool.main.supervisor
        self.calls = Calls(self._pool, parking)

    def start(self) -> None:
        """Begin to connect."""
        self._main.start()

    async def leave(self) -> None:
        """Stop once the calls in flight have ended, or their time is over."""
        try:
            async with asyncio.timeout(self.spec.call_timeout):
                await self.calls.idle()
        except TimeoutError:
            pass
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop; calls in flight fail."""
        await self._pool.stop()
        await self._opener.stop()

    async def watch(self, uri: str, updated: Callable[[dict[str, Any]], None]) -> Watch:
        """Watch a resource on the main link; raises `UpstreamFailed`."""
        link = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self.spec.connect_timeout):
                link = await self._main.ready()
        return await self._main.watches.watch(uri, updated, link)

    async def note(self, method: str, params: dict[str, Any], party: Party) -> None:
        """Pass a client's notification to the legacy links that know of its roots."""
        for lane in self._pool.of(party):
            link = lane.supervisor.link
            if link is not None and "roots" in lane.role.capabilities:
                with suppress(Fault, TimeoutError):
                    async with asyncio.timeout(NOTE_SECONDS):
                        await link.send(method, params)

    def release(self, party: Party) -> None:
        """End what serves this party's session only."""
        self._pool.end_session(party)

    def state(self) -> UpstreamState:
        """Return how it is; what is not counted over all links is that of the main one."""
        main, agreement = self._main, self._main.agreement
        stuck = self.calls.breaker.state != "closed" and main.state == "ready"
        return UpstreamState(
            name=self.spec.name,
            state="broken" if stuck else main.state,
            era="" if agreement is None else "modern" if agreement.modern else "legacy",
            version=agreement.version if agreement else "",
            server=agreement.server if agreement else {},
            capabilities=agreement.capabilities if agreement else {},
            instructions=agreement.instructions if agreement else "",
            last_error=main.last_error,
            in_flight=self.calls.in_flight,
            waiting=self.calls.waiting,
            parked=self.calls.parked,
            links=1 + len(self._pool),
            restarts=main.restarts,
            nonsense=main.nonsense(),
            stderr=main.stderr(),
        )
