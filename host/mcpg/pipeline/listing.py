"""MCP's list methods: what this caller may see, in pages. It decides nothing about calls.

A cursor is sealed for its caller, endpoint and method and holds the last name listed, so that a list which changes
between two pages neither repeats nor breaks.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.pipeline.hints import scope_of
from mcpg.pipeline.refusals import unavailable
from mcpg.protocol.frames import INVALID_PARAMS
from mcpg.sealing import Sealer, Unsealed

if TYPE_CHECKING:
    from mcpg.contract.ports import McpCall
    from mcpg.pipeline.routes import RouteKind
    from mcpg.pipeline.stages import Plan
    from mcpg.pipeline.views import Views
    from mcpg.pipeline.work import Work

__all__ = ["Listing"]

PURPOSE = "cursor"
CURSOR_SECONDS = 3600.0
_LISTS: dict[str, tuple[RouteKind, str]] = {
    "tools/list": ("tool", "tools"),
    "prompts/list": ("prompt", "prompts"),
    "resources/list": ("resource", "resources"),
    "resources/templates/list": ("template", "resourceTemplates"),
}

_KINDS: dict[str, tuple[RouteKind, ...]] = {
    "tools": ("tool",),
    "prompts": ("prompt",),
    "resources": ("resource", "template"),
}


class Listing:
    """Answers the list methods in pages of `page` entries."""

    def __init__(self, views: Views, sealer: Sealer, *, page: int = 250) -> None:
        self._views = views
        self._sealer = sealer
        self._page = page

    async def answer(self, plan: Plan, call: McpCall, work: Work) -> dict[str, Any] | None:
        """Return the result of a list method, None for any other method; raises `Refusal` for a bad cursor."""
        listed = _LISTS.get(call.method)
        if listed is None:
            return None
        kind, field = listed
        if plan.halted:
            raise unavailable(plan.halted, work.call_id)
        rows = await self._views.visible(plan, kind, work, session=call.session, era=call.version)
        start = self._start(plan, call, work, [row.name for row in rows]) if "cursor" in call.params else 0
        page = rows[start : start + self._page]
        result: dict[str, Any] = {field: [row.shown for row in page]}
        if start + self._page < len(rows):
            bind = _bind(plan, call, work)
            result["nextCursor"] = self._sealer.seal(PURPOSE, page[-1].name.encode(), bind=bind, ttl=CURSOR_SECONDS)
        if plan.list_ttl:
            result |= {"ttlMs": int(plan.list_ttl * 1000), "cacheScope": scope_of(plan)}
        return result

    async def fingerprint(self, plan: Plan, kind: str, work: Work, *, session: str, era: str) -> str:
        """Return what changes when this caller's list of `tools`, `prompts` or `resources` does; raises `Refusal`."""
        return await self._views.fingerprint(plan, _KINDS[kind], work, session=session, era=era)

    def _start(self, plan: Plan, call: McpCall, work: Work, names: list[str]) -> int:
        cursor = call.params["cursor"]
        if cursor is None:
            return 0
        try:
            last = self._sealer.open(PURPOSE, cursor, bind=_bind(plan, call, work)) if isinstance(cursor, str) else None
        except Unsealed:
            last = None
        if last is None:
            raise Refusal(INVALID_PARAMS, "the cursor is not one of this list, or is too old")
        return bisect_right(names, last.decode())


def _bind(plan: Plan, call: McpCall, work: Work) -> bytes:
    return msgspec.json.encode([plan.endpoint, call.method, *work.known.caller.identity])
