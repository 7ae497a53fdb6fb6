"""Watches of resources: each update reaches its client only while that caller may still see the resource.

It keeps no subscription of its own: the upstreams room does. An update says which resource, and nothing else of what
the upstream sent. Source: MCP 2025-11-25, server/resources; 2026-07-28, basic/patterns/subscriptions.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.pipeline.refusals import unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.ports import McpCall, UpstreamCalls, Watching
    from mcpg.pipeline.calls import Calls
    from mcpg.pipeline.distrust import Distrust
    from mcpg.pipeline.flight import Flight
    from mcpg.pipeline.stages import Plan
    from mcpg.pipeline.work import Work

__all__ = ["Watcher"]

PAUSE = 1.0
"""Seconds between a denial and the next question of policy whose answer may change at any time: each is a record."""


class Watcher:
    """One caller's watch of one resource."""

    __slots__ = (
        "_again", "_asking", "_background", "_calls", "_closed", "_distrust", "_fences", "_flight", "_generation",
        "_may", "_plan", "_updated", "_uri", "_watch", "_work",
    )  # fmt: skip

    def __init__(
        self,
        uri: str,
        updated: Callable[[dict[str, Any]], None],
        *,
        calls: Calls,
        distrust: Distrust,
        plan: Callable[[], Plan],
        work: Callable[[], Work],
    ) -> None:
        """Make a watch that has not begun; `work` makes the work of one question of policy."""
        self._uri = uri
        self._updated = updated
        self._calls = calls
        self._distrust = distrust
        self._background = calls.background
        self._plan = plan
        self._work = work
        self._flight: Flight | None = None
        self._watch: Watching | None = None
        self._generation = self._fences = -1
        self._again = 0.0
        self._may = True
        self._asking = self._closed = False

    async def begin(self, call: McpCall, upstreams: UpstreamCalls) -> None:
        """Have it judged and begun; raises `Refusal`."""
        plan, fences = self._plan(), self._distrust.count

        async def watch(flight: Flight) -> Watching:
            route = flight.route
            if not route.upstream:
                raise unknown("resource", self._uri, call.version)
            return await upstreams.watch(route.upstream, route.target_of(self._uri), self._on_update, work.party)

        work = self._work()
        self._flight, opened = await self._calls.open(plan, "resource", call, work, watch)
        self._watch = opened
        if self._closed:
            opened.close()
        self._note(plan, fences, may=True)

    def close(self) -> None:
        """Watch no more; may be called twice."""
        self._closed = True
        if self._watch is not None:
            self._watch.close()

    def _note(self, plan: Plan, fences: int, *, may: bool) -> None:
        """Remember what was answered and under what, unless the next question may have another answer all the same."""
        self._may = may
        repeatable = all(not stage.guest.manifest.effects and not stage.reads.run for stage in plan.policy)
        self._generation = plan.generation if repeatable else -1
        self._fences = fences

    def _on_update(self, _params: dict[str, Any]) -> None:
        if self._closed or self._flight is None:
            return
        if (self._plan().generation, self._distrust.count) == (self._generation, self._fences):
            if self._may:
                self._updated({"uri": self._uri})
        elif not self._asking:  # one question at a time: what it permits is told once, however often it has changed
            self._asking = True
            self._background(self._ask(self._flight))

    async def _ask(self, flight: Flight) -> None:
        try:
            loop = asyncio.get_running_loop()
            if self._generation < 0:
                await asyncio.sleep(max(0.0, self._again - loop.time()))
            plan, fences = self._plan(), self._distrust.count
            may = await self._calls.still(plan, flight, self._work())
            self._note(plan, fences, may=may)
            if not may:
                self._again = loop.time() + PAUSE
            elif not self._closed:
                self._updated({"uri": self._uri})
        finally:
            self._asking = False
