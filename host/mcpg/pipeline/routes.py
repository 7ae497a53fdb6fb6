"""The table of everything that can be called, by public name. It does not know who may see which entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mcpg.pipeline.stages import Stage
    from mcpg.protocol.mirrors import Mirror

__all__ = ["METHODS", "Route", "RouteKind", "RouteTable"]

RouteKind = Literal["tool", "prompt", "resource", "template"]

METHODS: dict[RouteKind, str] = {
    "tool": "tools/call",
    "prompt": "prompts/get",
    "resource": "resources/read",
    "template": "resources/read",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be called: its public entry, its backend use and the backend's own name for it.

    `defaults` are filled in where an argument is missing; `transforms` run after those for all calls; `mirrors` are the
    arguments that modern clients repeat in headers. `check` and `check_output` return the faults of a value against a
    JSON Schema, none when it is valid. Times in seconds. `held` says why it is neither listed nor called for the time
    being, with what the operator has to do; empty when it is served.
    """

    kind: RouteKind
    name: str
    backend: str
    entry: Mapping[str, Any]
    target: str = ""
    binding: Mapping[str, Any] = field(default_factory=dict)
    upstream: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    transforms: tuple[Stage, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    check: Callable[[Any], list[str]] | None = None
    check_output: Callable[[Any], list[str]] | None = None
    timeout: float = 30.0
    cache_ttl: float = 0.0
    held: str = ""

    @property
    def key(self) -> tuple[RouteKind, str]:
        """What names this route in the table."""
        return (self.kind, self.name)

    def action(self, *, session: str = "", era: str = "") -> dict[str, Any]:
        """Return the action document without arguments (schema `action`)."""
        return {
            "method": METHODS[self.kind],
            "kind": self.kind,
            "name": self.name,
            "backend": self.backend,
            "upstream": self.upstream,
            "annotations": self.entry.get("annotations") or {},
            "session": session,
            "era": era,
        }


class RouteTable:
    """An immutable table; names are listed in a stable order."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._routes: dict[tuple[RouteKind, str], Route] = {route.key: route for route in routes}
        self._hidden: frozenset[str] = frozenset()
        served = sorted((route for route in self._routes.values() if not route.held), key=lambda route: route.name)
        self._listed: dict[RouteKind, tuple[Route, ...]] = {
            kind: tuple(route for route in served if route.kind == kind) for kind in METHODS
        }
        self._held = tuple(route for route in self._routes.values() if route.held)

    def hiding(self, backends: frozenset[str]) -> RouteTable:
        """Return the same table, whose lists leave out what stands on these backends; calls of it find it as before."""
        table = RouteTable()
        table._routes, table._held = self._routes, self._held
        table._hidden = backends
        table._listed = {k: tuple(r for r in rows if r.backend not in backends) for k, rows in self._listed.items()}
        return table

    def unlisted(self, kind: RouteKind) -> tuple[Route, ...]:
        """Return the routes of a kind that are left out of its list and found all the same: a call says why."""
        if not self._hidden:
            return tuple(r for r in self._held if r.kind == kind)
        return tuple(r for r in self._routes.values() if r.kind == kind and (r.held or r.backend in self._hidden))

    def get(self, kind: RouteKind, name: str) -> Route | None:
        """Return the route of that public name, if there is one."""
        return self._routes.get((kind, name))

    def listed(self, kind: RouteKind) -> tuple[Route, ...]:
        """Return all routes of a kind in the order in which they are listed."""
        return self._listed[kind]

    def __len__(self) -> int:
        return len(self._routes)
