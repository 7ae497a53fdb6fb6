"""From the operator's tools and from what backends describe to the table of routes. It asks no backend itself.

The operator's own tools come first; what backends describe under a name that is taken, or that several of them offer,
gets its use's name and a dot before it. An entry that cannot be served (a bad schema, a bad name) is left out and
reported, the others stay.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError
from mcpg.gateway.schemas import compile_check, defaults_of
from mcpg.pipeline.routes import Route, RouteTable
from mcpg.protocol.mirrors import mirrors_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from mcpg.config.tools import Tool
    from mcpg.pipeline.routes import RouteKind
    from mcpg.pipeline.stages import Stage

__all__ = ["Described", "own_route", "route_table"]

NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}\Z")
MOST_REPORTS = 20
_KINDS: tuple[tuple[RouteKind, str, str], ...] = (
    ("tool", "tools", "name"),
    ("prompt", "prompts", "name"),
    ("resource", "resources", "uri"),
    ("template", "templates", "uriTemplate"),
)


@dataclass(frozen=True, slots=True)
class Described:
    """What one backend use offers: the decoded catalog, the upstream behind it if there is one, its time limit (s).

    `held` says by kind and the backend's own name what is not served for now, and why.
    """

    use: str
    catalog: Mapping[str, Any]
    upstream: str = ""
    timeout: float = 30.0
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)


def own_route(name: str, tool: Tool, *, where: str, timeout: float, transforms: tuple[Stage, ...]) -> Route:
    """Return the route of a tool that the operator wrote; `ConfigError` when its schemas cannot be used."""
    schema = tool.schema_of_arguments()
    entry: dict[str, Any] = {"name": name, "description": tool.description, "inputSchema": schema}
    extras = {"title": tool.title, "outputSchema": tool.output_schema, "annotations": tool.annotations}
    entry |= {field: value for field, value in extras.items() if value}
    return Route(
        kind="tool",
        name=name,
        backend=tool.backend,
        entry=entry,
        binding=tool.binding,
        defaults=defaults_of(schema),
        transforms=transforms,
        mirrors=mirrors_of(schema) or (),
        check=compile_check(schema, f"{where}: input"),
        check_output=compile_check(tool.output_schema, f"{where}: output_schema") if tool.output_schema else None,
        timeout=tool.timeout or timeout,
        cache_ttl=tool.cache.ttl if tool.cache else 0.0,
    )


def route_table(own: list[Route], described: list[Described], report: Callable[[str], None]) -> RouteTable:
    """Return the table of all routes, with every collision resolved the same way each time."""
    routes = {route.key: route for route in own}
    shared = _shared(described) | routes.keys()
    left_out = 0

    def tell(line: str) -> None:
        nonlocal left_out
        left_out += 1
        if left_out <= MOST_REPORTS:
            report(line)

    for source in sorted(described, key=lambda d: d.use):
        for kind, place, naming in _KINDS:
            for entry in source.catalog.get(place) or ():
                route = _described_route(source, kind, naming, entry, taken=routes, shared=shared, report=tell)
                if route is not None:
                    routes[route.key] = route
    if left_out > MOST_REPORTS:
        report(f"{left_out - MOST_REPORTS} more entries of backends are left out")
    return RouteTable(routes.values())


def _shared(described: list[Described]) -> set[tuple[RouteKind, str]]:
    """Return the names that more than one backend offers: none of them gets such a name, so none can take it over."""
    seen: Counter[tuple[RouteKind, str]] = Counter()
    for source in described:
        for kind, place, naming in _KINDS[:2]:
            seen.update({(kind, str(entry[naming])) for entry in source.catalog.get(place) or ()})
    return {key for key, count in seen.items() if count > 1}


def _described_route(
    source: Described,
    kind: RouteKind,
    naming: str,
    entry: Mapping[str, Any],
    *,
    taken: Mapping[tuple[RouteKind, str], Route],
    shared: Container[tuple[RouteKind, str]],
    report: Callable[[str], None],
) -> Route | None:
    name = str(entry[naming])
    target = str(entry.get("target") or name)
    label = source.upstream or source.use
    if (kind, name) in shared and kind in {"tool", "prompt"}:
        name = f"{label}.{name}"
    if (kind, name) in taken or (kind in {"tool", "prompt"} and not NAME.match(name)):
        report(f"`{label}` offers {kind} {_printable(name)}, which is taken or no valid name: left out")
        return None
    try:
        check = compile_check(entry.get("inputSchema") or {"type": "object"}, name) if kind == "tool" else None
        output = entry.get("outputSchema") if kind == "tool" else None
        return Route(
            kind=kind,
            name=name,
            backend=source.use,
            entry={**entry, naming: name},
            target=target,
            upstream=source.upstream,
            mirrors=mirrors_of(entry.get("inputSchema")) or () if kind == "tool" else (),
            check=check,
            check_output=compile_check(output, name) if output else None,
            timeout=source.timeout,
            held=source.held.get((kind, target), ""),
        )
    except ConfigError as error:
        report(
            f"`{label}` offers {kind} {_printable(name)} with a schema that cannot be used: left out ({error.message})"
        )
        return None


def _printable(name: str) -> str:
    """Return a backend's own word for a log: one line, of bounded length, that steers no terminal."""
    return "`" + "".join(each if each.isprintable() else "?" for each in name[:128]) + "`"
