"""All upstreams by name: start, stop, hot reload, calls. It knows neither the operator's file nor a grant."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import GATEWAY, Party
from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams.calls import Calls
from mcpg.upstreams.opening import Opener, check_reachable
from mcpg.upstreams.supervisor import Supervisor, UpstreamState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from mcpg.effects.connector import GuardedConnector
    from mcpg.upstreams.specs import UpstreamSpec
    from mcpg.upstreams.watching import Watch

__all__ = ["Upstreams"]


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
        self._running: dict[str, _Running] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to connect to all upstreams; returns at once."""
        for name, spec in self._wanted.items():
            if name not in self._running:
                self._running[name] = self._run(spec)

    async def stop(self) -> None:
        """Stop all upstreams; calls in flight over stdio fail, those over HTTP end in their own tasks."""
        running, self._running = list(self._running.values()), {}
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*(one.stop() for one in running))
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def update(self, specs: Iterable[UpstreamSpec]) -> None:
        """Obey new specs: unchanged upstreams run on; calls in flight on others may end before those are stopped."""
        self._wanted = self._by_name(specs)
        for name, one in list(self._running.items()):
            if self._wanted.get(name) != one.supervisor.spec:
                del self._running[name]
                task = asyncio.create_task(one.leave(), name=f"upstream {name} leaving")
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)
        await self.start()

    async def request(
        self,
        upstream: str,
        method: str,
        params: dict[str, Any],
        *,
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,
        party: Party = GATEWAY,  # noqa: ARG002 - told to the upstream with the links by scope
    ) -> dict[str, Any]:
        """Return `{"result": ...}` or `{"error": ...}`; raises `UpstreamFailed`. `deadline` is in event-loop seconds.

        `notify` gets log messages and, if `params._meta` has a progress token, progress of this request only. The
        code of `UpstreamFailed` is `upstream-unavailable` if surely nothing was done, `upstream-unknown` if maybe.
        """
        one = self._running.get(upstream)
        if one is None:
            raise UpstreamFailed(f"there is no upstream `{upstream}`", code="upstream-unavailable", where="upstreams")
        return await one.calls.request(method, params, deadline, notify)

    async def resume(
        self,
        upstream: str,
        method: str,  # noqa: ARG002 - the port's
        params: dict[str, Any],  # noqa: ARG002 - the port's
        *,
        state: str,  # noqa: ARG002 - nothing is parked yet
        responses: Mapping[str, Any],  # noqa: ARG002 - nothing is parked yet
        deadline: float,  # noqa: ARG002 - the port's
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,  # noqa: ARG002 - the port's
        party: Party = GATEWAY,  # noqa: ARG002 - the port's
    ) -> dict[str, Any]:
        """Go on with a request that asked; `upstream-unknown` when what was parked is gone."""
        raise UpstreamFailed(f"nothing of upstream `{upstream}` waits for this answer", code="upstream-unknown")

    async def settled(self, upstream: str, state: str) -> None:
        """Return once nobody waits for the responses to `state` any more."""

    async def watch(self, upstream: str, uri: str, updated: Callable[[dict[str, Any]], None]) -> Watch:
        """Tell of `notifications/resources/updated` (its params) for one resource; raises `UpstreamFailed`."""
        one = self._running.get(upstream)
        if one is None:
            raise UpstreamFailed(f"there is no upstream `{upstream}`", code="upstream-unavailable", where="upstreams")
        return await one.watch(uri, updated)

    async def note(self, method: str, params: dict[str, Any], party: Party) -> None:
        """Pass a client's notification to the party's own links."""

    async def release(self, party: Party) -> None:
        """End what was opened for this party's session only."""

    def states(self) -> dict[str, UpstreamState]:
        """Return how each upstream is."""
        return {name: one.state() for name, one in self._running.items()}

    def _run(self, spec: UpstreamSpec) -> _Running:
        opener = Opener(spec, self._connector)
        supervisor = Supervisor(spec, lambda changed: opener.link(spec, changed), self._on_change)
        supervisor.start()
        return _Running(supervisor, opener)

    def _by_name(self, specs: Iterable[UpstreamSpec]) -> dict[str, UpstreamSpec]:
        named = {spec.name: spec for spec in specs}
        for spec in named.values():
            check_reachable(spec, self._connector)
        return named


class _Running:
    """One upstream with its calls."""

    def __init__(self, supervisor: Supervisor, opener: Opener) -> None:
        self.supervisor = supervisor
        self._opener = opener
        self.calls = Calls(supervisor)

    async def leave(self) -> None:
        """Stop once the calls in flight have ended, or their time is over."""
        try:
            async with asyncio.timeout(self.supervisor.spec.call_timeout):
                await self.calls.idle()
        except TimeoutError:
            pass
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop; calls in flight fail."""
        await self.supervisor.stop()
        await self._opener.stop()

    async def watch(self, uri: str, updated: Callable[[dict[str, Any]], None]) -> Watch:
        """Watch a resource on the main link; raises `UpstreamFailed`."""
        link = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self.supervisor.spec.connect_timeout):
                link = await self.supervisor.ready()
        return await self.supervisor.watches.watch(uri, updated, link)

    def state(self) -> UpstreamState:
        supervisor, agreement = self.supervisor, self.supervisor.agreement
        stuck = self.calls.breaker.state != "closed" and supervisor.state == "ready"
        return UpstreamState(
            name=supervisor.spec.name,
            state="broken" if stuck else supervisor.state,
            era="" if agreement is None else "modern" if agreement.modern else "legacy",
            version=agreement.version if agreement else "",
            server=agreement.server if agreement else {},
            capabilities=agreement.capabilities if agreement else {},
            instructions=agreement.instructions if agreement else "",
            last_error=supervisor.last_error,
            in_flight=self.calls.in_flight,
            waiting=self.calls.waiting,
            restarts=supervisor.restarts,
            nonsense=supervisor.nonsense(),
            stderr=supervisor.stderr(),
        )
