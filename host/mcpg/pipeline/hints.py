"""Caching hints of MCP 2026-07-28: how long a client may keep a result, and whether for everybody. It keeps nothing.

A gateway that judges each caller shares nothing between them: `public` would let a cache on the way answer a caller
whom policy would refuse. So results are `private` unless nothing here is judged, filtered or rewritten per caller.
Source: server/utilities/caching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcpg.pipeline.flight import Flight
    from mcpg.pipeline.stages import Plan

__all__ = ["hinted", "scope_of", "ttl_of"]

LONGEST = 24 * 3600 * 1000
"""Milliseconds that an upstream may have its results kept."""


def ttl_of(value: object) -> int:
    """Return an upstream's `ttlMs` if it is one, else 0: what it has not said is stale at once."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return 0
    return min(value, LONGEST)


def scope_of(plan: Plan, scopes: Iterable[object] = ("public",)) -> str:
    """Return the `cacheScope` of what this plan shows, of upstreams' own scopes."""
    shared = plan.combine == "off" and not (plan.catalog or plan.transforms)
    return "public" if shared and all(scope == "public" for scope in scopes) else "private"


def hinted(result: dict[str, Any], flight: Flight) -> dict[str, Any]:
    """Return the result of `resources/read` with hints that hold here.

    One that depends on what the client was asked must not be kept at all.
    """
    rewritten = bool(flight.transforms) or bool(flight.judgement and flight.judgement.obligations)
    ttl = 0 if flight.asked or "requestState" in flight.call.params else ttl_of(result.get("ttlMs"))
    scope = "private" if rewritten else scope_of(flight.plan, (result.get("cacheScope"),))
    return {**result, "ttlMs": ttl, "cacheScope": scope}
