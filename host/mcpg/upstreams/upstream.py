"""One upstream: its links, its calls, and how it is. It knows no other."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import GATEWAY, Party
from mcpg.upstreams.calls import Calls
from mcpg.upstreams.faults import Fault
from mcpg.upstreams.pool import Pool
from mcpg.upstreams.specs import HttpSpec
from mcpg.upstreams.supervisor import UpstreamState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.ports import Watching
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.opening import Opener
    from mcpg.upstreams.parking import Parking
    from mcpg.upstreams.pool import Lane, LinkCount
    from mcpg.upstreams.specs import UpstreamSpec
    from mcpg.upstreams.supervisor import Supervisor

__all__ = ["Upstream"]

NOTE_SECONDS = 5.0


class _Held:
    """A watch over a link of the party's own, which stays while it is watched."""

    __slots__ = ("_lane", "_pool", "_watch")

    def __init__(self, watch: Watching, pool: Pool, lane: Lane) -> None:
        self._watch = watch
        self._pool = pool
        self._lane: Lane | None = lane

    def close(self) -> None:
        """Watch no more; may be called twice."""
        self._watch.close()
        if self._lane is not None:
            lane, self._lane = self._lane, None
            self._pool.release(lane)


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

    async def watch(self, uri: str, updated: Callable[[dict[str, Any]], None], party: Party = GATEWAY) -> Watching:
        """Watch a resource; raises `UpstreamFailed`.

        It is watched on the main link, or in the party's own process: what changes there, is seen only there.
        """
        link = await self._ready(self._main)
        lane = None
        if link is not None and not isinstance(self.spec.transport, HttpSpec) and self.spec.sessions != "shared":
            lane = self._pool.lane(party, link.agreement, self._pool.ability(party, link.agreement))
        if lane is None or lane is self._pool.main:
            return await self._main.watches.watch(uri, updated, link)
        lane.users += 1
        try:
            watch = await lane.supervisor.watches.watch(uri, updated, await self._ready(lane.supervisor))
        except BaseException:
            self._pool.release(lane)
            raise
        return _Held(watch, self._pool, lane)

    async def _ready(self, supervisor: Supervisor) -> Link | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.spec.connect_timeout):
                return await supervisor.ready()
        return None

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
        stuck = self._pool.main.breaker.state != "closed" and main.state == "ready"
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
