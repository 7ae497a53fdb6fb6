"""The table of what can be called through one endpoint, by name. It does not know who may see which entry.

A route has one canonical `name`, the same on every endpoint: policies, limits and records go by it. An endpoint may
show it by another (`alias`), which is what its clients call.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mcpg.pipeline.uris import owned, owners_own, with_interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.uris import Uris
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
    alias: str = ""
    """What this endpoint shows it as; empty where that is its name."""
    owner: str = ""
    """Whose name stands before the upstream's own URI (`uris.owned`), because another upstream has the same one."""
    uris: Uris | None = None
    """How URIs in results are shown on this endpoint, if some of this upstream's are shown by another name."""
    bars: tuple[Callable[[str], bool], ...] = ()
    """Of a template: what says that a canonical URI is none of its, because the operator leaves it out."""
    silent: bool = False
    """Whether no list shows it although it can be called: what a tool's interface names and its upstream lists not."""

    @property
    def key(self) -> tuple[RouteKind, str]:
        """What names this route on every endpoint."""
        return (self.kind, self.name)

    @property
    def shown(self) -> str:
        """What clients of this endpoint call it, unless a catalog plugin says otherwise."""
        return self.alias or self.name

    def named(self, asked: str) -> str:
        """Return the canonical name of what a client of this endpoint asked for: policies and limits go by it."""
        if self.kind != "template":
            return self.name
        target = self.target_of(asked)
        return owned(self.owner, target) if self.owner else target

    def target_of(self, asked: str) -> str:
        """Return what the backend calls the thing that a client of this endpoint asked for as `asked`."""
        if self.kind != "template":
            return self.target or self.name
        return owners_own(self.owner, asked) if self.owner and not self.alias else asked

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
        aliased = any(route.alias for route in self._routes.values())
        self._shown = {(r.kind, r.shown): r for r in self._routes.values()} if aliased else self._routes
        self._hidden: frozenset[str] = frozenset()
        served = [route for route in self._routes.values() if not (route.held or route.silent)]
        served.sort(key=lambda route: route.shown)
        self._listed: dict[RouteKind, tuple[Route, ...]] = {
            kind: tuple(route for route in served if route.kind == kind) for kind in METHODS
        }
        self._quiet = tuple(route for route in self._routes.values() if route.held or route.silent)
        self._by_upstream: dict[str, list[Route]] | None = None
        self._whole = self
        self._exact: dict[tuple[str, str], Route] | None = None

    def hiding(self, backends: frozenset[str]) -> RouteTable:
        """Return the same table, whose lists leave out what stands on these backends; calls of it find it as before."""
        table = RouteTable()
        table._routes, table._shown, table._quiet = self._routes, self._shown, self._quiet
        table._hidden, table._whole = backends, self._whole
        table._listed = {k: tuple(r for r in rows if r.backend not in backends) for k, rows in self._listed.items()}
        return table

    def only(self, keep: Callable[[Route], bool], bar: Callable[[str], bool] | None = None) -> RouteTable:
        """Return the table of an endpoint that has those routes only for which `keep` says so.

        `bar` says which canonical URIs its templates leave out.
        """
        kept = (route for route in self._routes.values() if keep(route))
        if bar is not None:
            kept = (replace(each, bars=(*each.bars, bar)) if each.kind == "template" else each for each in kept)
        return self._part(kept)

    def of_upstream(self, upstream: str) -> RouteTable:
        """Return the table of an endpoint that shows one upstream's things under its own names."""
        if self._by_upstream is None:
            self._by_upstream = {}
            for route in self._routes.values():
                self._by_upstream.setdefault(route.upstream, []).append(route)
        return self._part(map(_own, self._by_upstream.get(upstream, ()) if upstream else ()))

    def _part(self, routes: Iterable[Route]) -> RouteTable:
        table = RouteTable(routes)
        table._whole = self._whole
        return table

    def exact(self, backend: str, target: str) -> Route | None:
        """Return the resource that a backend has by that name of its own, whether or not this endpoint has it."""
        if self._whole is not self:
            return self._whole.exact(backend, target)
        if self._exact is None:
            resources = [route for route in self._routes.values() if route.kind == "resource"]
            self._exact = {(route.backend, route.name): route for route in resources}
            self._exact |= {(route.backend, route.target): route for route in resources}
        return self._exact.get((backend, target))

    def unlisted(self, kind: RouteKind) -> tuple[Route, ...]:
        """Return the routes of a kind that are left out of its list and found all the same: a call says why."""
        if not self._hidden:
            return tuple(r for r in self._quiet if r.kind == kind)
        quiet = (r for r in self._routes.values() if r.kind == kind)
        return tuple(r for r in quiet if r.held or r.silent or r.backend in self._hidden)

    def get(self, kind: RouteKind, name: str) -> Route | None:
        """Return the route that this endpoint shows by that name, if there is one."""
        return self._shown.get((kind, name))

    def canonical(self, kind: RouteKind, name: str) -> Route | None:
        """Return the route of that canonical name, if this endpoint has it."""
        return self._routes.get((kind, name))

    def listed(self, kind: RouteKind) -> tuple[Route, ...]:
        """Return all routes of a kind in the order in which they are listed."""
        return self._listed[kind]

    def __len__(self) -> int:
        return len(self._routes)


def _own(route: Route) -> Route:
    """Return the route as its upstream calls it; what its interface is, is said in the upstream's own URIs again."""
    entry = route.entry
    if route.uris is not None:
        entry = with_interface(entry, route.uris.own)
    return replace(route, alias=route.target or route.name, entry=entry, uris=None)
