"""What differs between two files or two plans: what waits for a restart, which lists look new. It changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.config import Loaded
    from mcpg.pipeline.routes import RouteKind
    from mcpg.pipeline.stages import Plan

__all__ = ["changed_lists", "needs_restart"]

_AT_ONCE = ("info", "instructions", "list_ttl", "authorization")
"""Keys of `server` that a reload obeys."""
_LISTS: tuple[tuple[str, tuple[RouteKind, ...]], ...] = (
    ("tools", ("tool",)),
    ("prompts", ("prompt",)),
    ("resources", ("resource", "template")),
)


def needs_restart(before: Loaded, after: Loaded) -> list[str]:
    """Return the keys that have changed and are read at the start only."""
    old, new = before.config, after.config
    at_start = ("state", "development", "revocations", "telemetry")
    changed = [name for name in at_start if getattr(old, name) != getattr(new, name)]
    if old.audit.ledger != new.audit.ledger:
        changed.append("audit.ledger")
    limits = old.server.limits.model_copy(update={"call_timeout": new.server.limits.call_timeout})
    obeyed = {name: getattr(new.server, name) for name in _AT_ONCE}
    if old.server.model_copy(update={"limits": limits, **obeyed}) != new.server:
        changed.append("server")
    return changed


def changed_lists(old: Plan | None, new: Plan) -> Iterator[str]:
    """Yield which of `tools`, `prompts` and `resources` an endpoint shows differently under a new plan."""
    for name, kinds in _LISTS:
        if any(_entries(old, kind) != _entries(new, kind) for kind in kinds):
            yield name


def _entries(plan: Plan | None, kind: RouteKind) -> list[Any]:
    return [(route.shown, route.entry) for route in plan.routes.listed(kind)] if plan is not None else []
