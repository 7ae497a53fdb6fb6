"""What each thing that backends offer is called, the same way each time. It makes no route.

A name goes to the operator's own tool, else to what the operator gave it to, else to who alone offers it. A name or URI
that several offer goes to none of them: each gets its upstream's name before it. So does a name that begins like those
of another upstream, and a URI that falls into another's template. No upstream can take over what was another's.
"""

from __future__ import annotations

from bisect import bisect_left
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from mcpg.pipeline.templates import Template
from mcpg.pipeline.uris import INTERFACE, Uris, interface_of, is_ours, owned, owners_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mcpg.config.overrides import ResourceOverride
    from mcpg.config.upstreams import Upstream
    from mcpg.gateway.routing import Described
    from mcpg.pipeline.routes import RouteKind

__all__ = ["KINDS", "Names", "Offer", "matches", "offers_of", "printable", "unheeded"]

KINDS: tuple[tuple[RouteKind, str, str], ...] = (
    ("tool", "tools", "name"),
    ("prompt", "prompts", "name"),
    ("resource", "resources", "uri"),
    ("template", "templates", "uriTemplate"),
)
_PLACES = {"tool": "tools", "prompt": "prompts", "resource": "resources", "template": "resources"}
_LINKED = frozenset({"resource", "template"})


class Offer(NamedTuple):
    """One thing that a backend offers: its entry and name, the backend's own name for it, the operator's word on it."""

    source: Described
    kind: RouteKind
    entry: Mapping[str, Any]
    name: str
    target: str
    override: ResourceOverride | None = None
    silent: bool = False
    bars: tuple[Callable[[str], bool], ...] = ()

    @property
    def given(self) -> str:
        """The name that the operator gave it, if any."""
        return getattr(self.override, "name", None) or ""

    @property
    def label(self) -> str:
        """What is put before a name that several offer."""
        return self.source.upstream or self.source.use


def offers_of(source: Described, settings: Upstream | None) -> list[Offer]:
    """Return what a backend offers, without what the operator hides; interfaces of its tools that it lists not too."""
    bars = (_left_out(source.upstream, settings),) if settings is not None else ()
    offers = [
        Offer(source, kind, entry, name, target, override, bars=bars if kind == "template" else ())
        for kind, place, naming in KINDS
        for entry in source.catalog.get(place) or ()
        for name, target in [(str(entry[naming]), str(entry.get("target") or entry[naming]))]
        for override in [_override(settings, kind, target)]
        if override is None or not override.hidden
    ]
    return [*offers, *_interfaces(source, settings, offers)]


def _override(settings: Upstream | None, kind: RouteKind, target: str) -> ResourceOverride | None:
    found: ResourceOverride | None = getattr(settings, _PLACES[kind]).get(target) if settings is not None else None
    return found


def _interfaces(source: Described, settings: Upstream | None, offers: list[Offer]) -> Iterator[Offer]:
    """Yield the interfaces (MCP Apps) that tools name and no list has: a host reads them all the same."""
    listed = {offer.target for offer in offers if offer.kind == "resource"}
    patterns = [Template(offer.target) for offer in offers if offer.kind == "template"]
    named = {uri: None for offer in offers if offer.kind == "tool" for uri in interface_of(offer.entry)}
    for uri in named:
        left_out = settings is not None and (_hidden(settings, uri) or matches(settings.exclude, uri))
        if uri.startswith(INTERFACE) and not left_out and uri not in listed:
            if any(pattern.matches(uri) for pattern in patterns):
                continue
            yield Offer(source, "resource", {"uri": uri, "name": uri}, uri, uri, silent=True)


def _left_out(owner: str, settings: Upstream) -> Callable[[str], bool]:
    """Return what says of a canonical URI that the operator leaves it out, be it one of a template's."""

    def left_out(uri: str) -> bool:
        own = owners_own(owner, uri)
        return _hidden(settings, own) or matches(settings.exclude, own)

    return left_out


def _hidden(settings: Upstream, uri: str) -> bool:
    override = settings.resources.get(uri)
    return override is not None and override.hidden


class Names:
    """The names of all that is offered at one moment.

    `own` are those of the operator's tools, `owners` the backend uses by what their names may begin with.
    """

    def __init__(
        self, offers: Iterable[Offer], own: Iterable[tuple[RouteKind, str]], owners: Mapping[str, str]
    ) -> None:
        offered: dict[tuple[RouteKind, str], set[str]] = {}
        given: set[tuple[RouteKind, str]] = set()
        links: dict[str, list[Offer]] = {}
        self._owners: dict[str, str] = {}
        for offer in offers:
            self._owners[offer.label] = offer.source.use
            if offer.given:
                given.add((offer.kind, offer.given))
            else:
                offered.setdefault((offer.kind, offer.name), set()).add(offer.source.use)
            if offer.kind in _LINKED:
                links.setdefault(offer.source.use, []).append(offer)
        self._owners |= owners
        self._shared = {key for key, uses in offered.items() if len(uses) > 1} | given | set(own)
        self._overlapping = _overlapping(links)
        self._uris = {use: self._of_source(found) for use, found in links.items()}

    def name(self, offer: Offer) -> str:
        """Return the canonical name of a tool or prompt, the canonical URI of a resource or template."""
        if offer.given:
            return offer.given
        if offer.kind in _LINKED:
            return owned(offer.label, offer.name) if self.owner(offer) else offer.name
        shared = (offer.kind, offer.name) in self._shared or self._like_anothers(offer)
        return f"{offer.label}.{offer.name}" if shared else offer.name

    def owner(self, offer: Offer) -> str:
        """Return whose name stands before the upstream's own URI; empty where it is not shared."""
        if offer.kind not in _LINKED:
            return ""
        shared = (offer.kind, offer.name) in self._shared or (offer.source.use, offer.name) in self._overlapping
        return offer.label if shared or is_ours(offer.name) else ""

    def uris(self, use: str) -> Uris | None:
        """Return how the URIs in results of a backend are shown, None where all are shown as they are."""
        return self._uris.get(use)

    def _like_anothers(self, offer: Offer) -> bool:
        """Whether the name begins with the name or prefix of another upstream and a dot."""
        parts = offer.name.split(".")
        begins = (".".join(parts[:count]) for count in range(1, len(parts)))
        return any(self._owners.get(begin, offer.source.use) != offer.source.use for begin in begins)

    def _of_source(self, offers: list[Offer]) -> Uris | None:
        led = [offer for offer in offers if self.owner(offer)]
        if not led:
            return None
        exact = [offer.name for offer in led if offer.kind == "resource"]
        return Uris(led[0].label, exact, [offer.name for offer in led if offer.kind == "template"])


def _overlapping(links: Mapping[str, list[Offer]]) -> set[tuple[str, str]]:
    """Return (use, URI) of what falls into a template of another upstream, and of that template.

    Of two templates the beginnings are compared. One that begins with a variable could be anybody's: it stands back.
    """
    if len(links) < 2:  # noqa: PLR2004 - there is nobody to overlap with
        return set()
    found: set[tuple[str, str]] = set()
    begins = sorted(
        (offer.name.partition("{")[0], offer.kind == "template", offer.source.use, offer.name)
        for offers in links.values()
        for offer in offers
    )
    for head, is_template, use, name in begins:
        if not is_template:
            continue
        if ":" not in head:
            found.add((use, name))
            continue
        pattern = Template(name)
        for other, also, whose, what in begins[bisect_left(begins, (head,)) :]:
            if not other.startswith(head):
                break
            if whose != use and (also or pattern.matches(what)):
                found |= {(use, name), (whose, what)}
    return found


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the operator's patterns means the name: `*` is any part, `?` one character."""
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)


def unheeded(source: Described, settings: Upstream | None) -> Iterator[str]:
    """Yield a line for each thing that the operator speaks of and a backend does not offer."""
    if settings is None:
        return
    targets = {
        (_PLACES[kind], str(entry.get("target") or entry[naming]))
        for kind, place, naming in KINDS
        for entry in source.catalog.get(place) or ()
    }
    for place in ("tools", "prompts", "resources"):
        for name in getattr(settings, place):
            if (place, name) not in targets and not name.startswith(INTERFACE):
                yield f"`{source.upstream}` offers nothing called {printable(name)}, which `{place}` speaks of"


def printable(name: str) -> str:
    """Return a backend's own word for a log: one line, of bounded length, that steers no terminal."""
    return "`" + "".join(each if each.isprintable() else "?" for each in name[:128]) + "`"
