"""From the operator's tools and from what backends describe to the table of routes. It asks no backend itself.

`naming` says what each thing is called. An entry that cannot be served (a bad schema, a bad name) is left out and
reported, the others stay. What the operator says of an entry (`upstreams.X.tools` and the like) is put into it here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mcpg.contract.problems import ConfigError
from mcpg.gateway.naming import KINDS, Names, offers_of, printable, unheeded
from mcpg.gateway.schemas import compile_check, defaults_of
from mcpg.gateway.uses import use_of
from mcpg.pipeline.routes import Route, RouteTable
from mcpg.pipeline.uris import with_interface
from mcpg.protocol.mirrors import mirrors_of, with_sound_mirrors

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from mcpg.config.tools import Tool
    from mcpg.config.upstreams import Upstream
    from mcpg.gateway.naming import Offer
    from mcpg.pipeline.routes import RouteKind
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.uris import Uris
    from mcpg.protocol.mirrors import Mirror

__all__ = ["Described", "own_route", "route_table"]

NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}\Z")
MAX_URI = 8192
MOST_REPORTS = 20
NAMING = {kind: naming for kind, _, naming in KINDS}


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
    made: dict[int, tuple[Any, _Checks]] = field(default_factory=dict, repr=False, compare=False)
    """What was compiled of its entries, which live as long: a plan is made anew whenever any upstream changes."""


class _Checks(NamedTuple):
    """What is compiled of one tool's schemas."""

    check: Callable[[Any], list[str]] | None = None
    output: Callable[[Any], list[str]] | None = None
    mirrors: tuple[Mirror, ...] = ()


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


def route_table(
    own: list[Route],
    described: list[Described],
    report: Callable[[str], None],
    upstreams: Mapping[str, Upstream] = MappingProxyType({}),
) -> RouteTable:
    """Return the table of all routes, with every collision resolved the same way each time.

    `upstreams` is what the operator says of each by name.
    """
    routes = {route.key: route for route in own}
    left_out = 0

    def tell(line: str) -> None:
        nonlocal left_out
        left_out += 1
        if left_out <= MOST_REPORTS:
            report(line)

    offers: list[Offer] = []
    for source in sorted(described, key=lambda d: d.use):
        found = offers_of(source, upstreams.get(source.upstream))
        offers += found
        for line in unheeded(source, upstreams.get(source.upstream)):
            tell(line)
    names = Names(offers, list(routes), _owners(upstreams))
    for line in _renamed(offers, names):
        report(line)
    for offer in sorted(offers, key=lambda each: not each.given):
        route = _route(offer, names, routes, tell)
        if route is not None:
            routes[route.key] = route
    if left_out > MOST_REPORTS:
        report(f"{left_out - MOST_REPORTS} more entries of backends are left out")
    return RouteTable(routes.values())


def _renamed(offers: list[Offer], names: Names) -> Iterator[str]:
    """Say which names are not as their upstreams say them: a rule that goes by such a name no longer means it."""
    found = [(offer, name) for offer in offers if not offer.given and (name := names.name(offer)) != offer.name]
    for offer, name in found[:MOST_REPORTS]:
        yield (
            f"{offer.kind} {printable(offer.name)} of `{offer.label}` is called {printable(name)}, since others offer "
            "that name too: rules that go by the name mean the longer one"
        )
    if len(found) > MOST_REPORTS:
        yield f"{len(found) - MOST_REPORTS} more names of backends are longer than they say"


def _owners(upstreams: Mapping[str, Upstream]) -> dict[str, str]:
    """Return whose names may begin so, connected or not; a prefix that the operator chose goes before a name."""
    names = {name: use_of(name) for name in upstreams}
    return names | {settings.prefix: use_of(name) for name, settings in upstreams.items() if settings.prefix}


def _route(
    offer: Offer, names: Names, taken: Container[tuple[RouteKind, str]], report: Callable[[str], None]
) -> Route | None:
    name, kind, source = names.name(offer), offer.kind, offer.source
    if (kind, name) in taken or not _is_valid(kind, name, offer.target):
        report(f"`{offer.label}` offers {kind} {printable(name)}, which is taken or no valid name: left out")
        return None
    uris = names.uris(source.use)
    try:
        checks = _checks(offer, name)
        return Route(
            kind=kind,
            name=name,
            backend=source.use,
            entry=_entry(offer, name, uris),
            target=offer.target,
            upstream=source.upstream,
            defaults=getattr(offer.override, "defaults", {}),
            mirrors=checks.mirrors,
            check=checks.check,
            check_output=checks.output,
            timeout=source.timeout,
            held=source.held.get((kind, offer.target), ""),
            owner=names.owner(offer),
            uris=uris,
            bars=offer.bars,
            silent=offer.silent,
        )
    except ConfigError as error:
        report(
            f"`{offer.label}` offers {kind} {printable(name)} with a schema that cannot be used: "
            f"left out ({error.message})"
        )
        return None


def _is_valid(kind: RouteKind, name: str, target: str) -> bool:
    """Whether clients can be given a name: a URI is one word that can be printed."""
    if kind in {"tool", "prompt"}:
        return bool(NAME.match(name))
    return 0 < len(target) <= MAX_URI and target.isprintable() and " " not in target


def _checks(offer: Offer, name: str) -> _Checks:
    """Return what is compiled of a tool's schemas, once for each entry; raises `ConfigError`."""
    if offer.kind != "tool":
        return _NO_CHECKS
    entry, made = offer.entry, offer.source.made
    known = made.get(id(entry))
    if known is None or known[0] is not entry:
        schema, output = entry.get("inputSchema"), entry.get("outputSchema")
        checks = _Checks(
            compile_check({"type": "object"} if schema is None else schema, name),
            compile_check(output, name) if output is not None else None,
            mirrors_of(schema) or (),
        )
        known = made[id(entry)] = (entry, checks)
    return known[1]


_NO_CHECKS = _Checks()


def _entry(offer: Offer, name: str, uris: Uris | None) -> dict[str, Any]:
    """Return the entry as it is shown: the operator's words over the upstream's, its interface as it can be read."""
    entry = dict(offer.entry)
    if offer.kind == "tool" and "inputSchema" in entry:
        entry["inputSchema"] = with_sound_mirrors(entry["inputSchema"])
    if uris is not None and offer.kind == "tool":
        entry = with_interface(entry, uris.shown)
    if offer.override is not None:
        said = {field: getattr(offer.override, field) for field in ("title", "description")}
        entry |= {field: text for field, text in said.items() if text}
        if annotations := getattr(offer.override, "annotations", {}):
            theirs = entry.get("annotations")
            entry["annotations"] = {**(theirs if isinstance(theirs, dict) else {}), **annotations}
        if defaults := getattr(offer.override, "defaults", {}):
            entry["inputSchema"] = _with_defaults(entry.get("inputSchema") or {"type": "object"}, defaults)
    entry[NAMING[offer.kind]] = name
    return entry


def _with_defaults(schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of arguments some of which may be left out."""
    properties = {
        name: {**item, "default": defaults[name]} if name in defaults and isinstance(item, dict) else item
        for name, item in (schema.get("properties") or {}).items()
    }
    required = [name for name in schema.get("required") or () if name not in defaults]
    shown = {**schema, "properties": properties, "required": required}
    return shown if required else {key: value for key, value in shown.items() if key != "required"}
