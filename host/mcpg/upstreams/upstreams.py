"""All upstreams by name: start, stop, hot reload, calls. It knows neither the operator's file nor a grant."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import GATEWAY, Party
from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams.opening import Opener, check_reachable
from mcpg.upstreams.parking import Parking
from mcpg.upstreams.pool import LinkCount
from mcpg.upstreams.states import read_state
from mcpg.upstreams.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from mcpg.contract.ports import Watching
    from mcpg.effects.connector import GuardedConnector
    from mcpg.upstreams.specs import UpstreamSpec
    from mcpg.upstreams.supervisor import UpstreamState

__all__ = ["Upstreams"]

ROOTS_CHANGED = "notifications/roots/list_changed"


class Upstreams:
    """The MCP servers behind us. Implements `mcpg.contract.ports.UpstreamCalls`.

    `on_change(upstream, kind)` is told, on the event loop, when tools, prompts or resources may have changed: after
    list_changed, and whenever a link came up or listening had paused. `connector` is needed for HTTP upstreams only.
    """

    def __init__(
        self,
        specs: Iterable[UpstreamSpec],
        *,
        connector: GuardedConnector | None = None,
        on_change: Callable[[str, str], None] | None = None,
    ) -> None:
        self._connector = connector
        self._wanted = self._by_name(specs)
        self._on_change = on_change or (lambda _upstream, _kind: None)
        self._running: dict[str, Upstream] = {}
        self._leaving: dict[asyncio.Task[None], Upstream] = {}
        self._parking = Parking()
        self._links = LinkCount()

    async def start(self) -> None:
        """Begin to connect to all upstreams; returns at once."""
        for name, spec in self._wanted.items():
            if name not in self._running:
                self._running[name] = self._run(spec)

    async def stop(self) -> None:
        """Stop all upstreams; calls in flight over stdio fail, those over HTTP end in their own tasks."""
        running, self._running = list(self._running.values()), {}
        for leaving in self._leaving.values():
            leaving.calls.hurry()
        await asyncio.gather(*(one.stop() for one in running))
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self._parking.stop()

    async def update(self, specs: Iterable[UpstreamSpec]) -> None:
        """Obey new specs: unchanged upstreams run on; calls in flight on others may end before those are stopped."""
        self._wanted = self._by_name(specs)
        for name, one in list(self._running.items()):
            if self._wanted.get(name) != one.spec:
                del self._running[name]
                task = asyncio.create_task(one.leave(), name=f"upstream {name} leaving")
                self._leaving[task] = one
                task.add_done_callback(self._leaving.pop)
        await self.start()

    async def request(
        self,
        upstream: str,
        method: str,
        params: dict[str, Any],
        *,
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,
        party: Party = GATEWAY,
    ) -> dict[str, Any]:
        """Return `{"result"}`, `{"error"}` or `{"asking": {"requests", "state"}}`; raises `UpstreamFailed`.

        `deadline` is in event-loop seconds. `notify` gets log messages and, if `params._meta` has a progress token,
        progress of this request only. The code of `UpstreamFailed` is `upstream-unavailable` if surely nothing was
        done, `upstream-unknown` if maybe.
        """
        return await self._named(upstream).calls.request(method, params, deadline, notify, party)

    async def resume(
        self,
        upstream: str,
        method: str,
        params: dict[str, Any],
        *,
        state: str,
        responses: Mapping[str, Any],
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,
        party: Party = GATEWAY,
    ) -> dict[str, Any]:
        """Go on with a request that asked, same parameters; returns as `request` does.

        `responses` are `{"result"}` or `{"error"}` by key; what has none is asked again. The code of `UpstreamFailed`
        is `upstream-unknown` when what was parked is gone: answered, resumed, given up, or of another process.
        """
        found = read_state(state)
        if found is None:
            raise UpstreamFailed(f"upstream `{upstream}` did not ask this", code="upstream-unknown", where="upstreams")
        if found.kind == "parked" and (exchange := self._parking.find(found.place)) is not None:
            calls = exchange.calls  # of an upstream that is leaving, after its spec has changed
        else:
            calls = self._named(upstream).calls
        return await calls.resume(
            method, params, state=found, responses=responses, deadline=deadline, notify=notify, party=party
        )

    async def settled(self, upstream: str, state: str) -> None:  # noqa: ARG002 - the state says it all
        """Return once nobody waits for the responses to `state`: answered, withdrawn, given up, or gone.

        For a server that waits for nothing meanwhile (`input_required`, -32042) that is never.
        """
        found = read_state(state)
        if found is None:
            return
        if found.kind != "parked":
            await asyncio.get_running_loop().create_future()
        elif (exchange := self._parking.find(found.place)) is not None:
            await exchange.settled()

    def abandon(self, state: str) -> None:
        """End what waits under `state`, because its client will not answer: it is cancelled upstream."""
        if (found := read_state(state)) is not None:
            self._parking.abandon(found.place)

    async def watch(
        self, upstream: str, uri: str, updated: Callable[[dict[str, Any]], None], party: Party = GATEWAY
    ) -> Watching:
        """Tell of `notifications/resources/updated` (its params) for one resource; raises `UpstreamFailed`."""
        return await self._named(upstream).watch(uri, updated, party)

    async def note(self, method: str, params: dict[str, Any], party: Party) -> None:
        """Pass a client's notification to the party's own links; of others than changed roots nobody need know."""
        if method == ROOTS_CHANGED and (party.caller or party.session):
            await asyncio.gather(*(one.note(method, params, party) for one in self._running.values()))

    async def release(self, party: Party) -> None:
        """End what was opened for this party's session only: its calls that wait, its links."""
        if party.session:
            self._parking.release(party)
            for one in self._running.values():
                one.release(party)

    def states(self) -> dict[str, UpstreamState]:
        """Return how each upstream is."""
        return {name: one.state() for name, one in self._running.items()}

    def _named(self, name: str) -> Upstream:
        one = self._running.get(name)
        if one is None:
            raise UpstreamFailed(f"there is no upstream `{name}`", code="upstream-unavailable", where="upstreams")
        return one

    def _run(self, spec: UpstreamSpec) -> Upstream:
        one = Upstream(spec, Opener(spec, self._connector), self._on_change, self._parking, self._links)
        one.start()
        return one

    def _by_name(self, specs: Iterable[UpstreamSpec]) -> dict[str, UpstreamSpec]:
        named = {spec.name: spec for spec in specs}
        for spec in named.values():
            check_reachable(spec, self._connector)
        return named
