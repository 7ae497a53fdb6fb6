"""What one caller is shown: the table after the catalog plugins, and of that what policy lets the caller see.

It does not authorise a call; `calls` asks policy again with the final arguments. Catalog plugins see canonical names on
every endpoint, so that what one hides is hidden on all; where an endpoint has names of its own, those are put in last.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.documents import Catalog
from mcpg.contract.problems import BadDocument, PluginRefused, RunFailed
from mcpg.pipeline.refusals import unavailable
from mcpg.pipeline.routes import METHODS
from mcpg.pipeline.runs import Question
from mcpg.pipeline.templates import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from mcpg.contract.verdicts import Case
    from mcpg.pipeline.policy import PolicyChain
    from mcpg.pipeline.routes import Route, RouteKind
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Plan, Stage
    from mcpg.pipeline.work import Work

__all__ = ["Entry", "View", "Views"]

_FIELDS: dict[RouteKind, str] = {"tool": "tools", "prompt": "prompts", "resource": "resources", "template": "templates"}
_NAMES: dict[RouteKind, str] = {"tool": "name", "prompt": "name", "resource": "uri", "template": "uriTemplate"}
MOST_PRINTS = 256
_encode = msgspec.json.Encoder(order="deterministic").encode


class Entry(NamedTuple):
    """One thing as it is shown: the name shown, the MCP entry and the route behind it."""

    name: str
    shown: Mapping[str, Any]
    route: Route


class View:
    """Everything that a caller could be shown, before policy; what is `unlisted` is only found."""

    def __init__(
        self,
        entries: Mapping[RouteKind, Sequence[Entry]],
        unlisted: Mapping[RouteKind, Sequence[Entry]] = MappingProxyType({}),
        exact: Callable[[str, str], Route | None] = lambda _backend, _target: None,
    ) -> None:
        self._by_name = {
            (kind, entry.name): entry for each in (unlisted, entries) for kind, rows in each.items() for entry in rows
        }
        self._unlisted = unlisted
        self._rows = {kind: tuple(sorted(entries.get(kind, ()), key=lambda e: e.name)) for kind in METHODS}
        patterns = (*self._rows["template"], *unlisted.get("template", ()))
        self._patterns = [(Template(entry.name), entry) for entry in patterns]
        self._digests: dict[int, tuple[Entry, bytes]] = {}
        self._prints: dict[tuple[int, ...], tuple[Any, str]] = {}
        self._by_key: dict[tuple[RouteKind, str], Entry] | None = None
        self.exact = exact
        """What finds the resource that a backend has by a name of its own."""

    def rows(self, kind: RouteKind) -> tuple[Entry, ...]:
        """Return the entries of a kind by name."""
        return self._rows[kind]

    def unlisted(self, kind: RouteKind) -> tuple[Entry, ...]:
        """Return the entries of a kind that are only found."""
        return tuple(self._unlisted.get(kind, ()))

    def everything(self) -> Iterator[Entry]:
        """Return all entries, those too that are only found."""
        return iter(self._by_name.values())

    def find(self, kind: RouteKind, name: str) -> Entry | None:
        """Return the entry of that name; a resource URI may also match a template."""
        found = self._by_name.get((kind, name))
        if found is None and kind == "resource":
            matching = (entry for pattern, entry in self._patterns if pattern.matches(name))
            return next((self._within(entry, name) for entry in matching if not _barred(entry.route, name)), None)
        return found

    def _within(self, template: Entry, name: str) -> Entry | None:
        """Return the template's entry; what its backend lists as a resource is that one by any way, or is not shown."""
        listed = self.exact(template.route.backend, template.route.target_of(name))
        if listed is None:
            return template
        if self._by_key is None:
            self._by_key = {entry.route.key: entry for entry in self.everything()}
        return self._by_key.get(listed.key)

    def print_of(self, lists: Sequence[tuple[Entry, ...]]) -> str:
        """Return a digest of lists of entries of this view, in hex; for the same lists it is worked out once."""
        key = tuple(map(id, lists))
        found = self._prints.get(key)
        if found is None:
            whole = hashlib.blake2b(digest_size=16)
            for rows in lists:
                whole.update(b"%d;" % len(rows))
                whole.update(b"".join(map(self.digest, rows)))
            if len(self._prints) >= MOST_PRINTS:
                self._prints.clear()
            found = self._prints[key] = (tuple(lists), whole.hexdigest())  # which keeps the lists, as below
        return found[1]

    def digest(self, entry: Entry) -> bytes:
        """Return the digest of an entry of this view as it is shown; each is worked out once."""
        found = self._digests.get(id(entry))
        if found is None:
            digest = hashlib.blake2b(_encode(entry.shown), digest_size=16).digest()
            found = self._digests[id(entry)] = (entry, digest)  # which keeps the entry, so that its id stays its own
        return found[1]


def _barred(route: Route, asked: str) -> bool:
    return bool(route.bars) and any(bar(route.named(asked)) for bar in route.bars)


class _Shelf:
    """What is kept for one endpoint; all of an older plan is forgotten with it."""

    __slots__ = ("base", "generation", "kept")

    def __init__(self, plan: Plan) -> None:
        self.generation = plan.generation
        self.base = View(_entries(plan.routes.listed), _entries(plan.routes.unlisted), plan.routes.exact)
        """All there is, by canonical name."""
        if not plan.catalog:
            self.base = _under_own_names(self.base)
        self.kept: OrderedDict[tuple[Any, ...], asyncio.Future[Any]] = OrderedDict()


class Views:
    """Keeps the most recent views and visible lists, `most` for each endpoint, so that none drives out another's."""

    def __init__(self, runner: Runner, policy: PolicyChain, most: int = 256) -> None:
        self._runner = runner
        self._policy = policy
        self._most = most
        self._shelves: dict[str, _Shelf] = {}
        self._forgotten = 0

    async def view(self, plan: Plan, work: Work) -> View:
        """Return what the catalog plugins leave of the table for this caller; raises `Refusal` when one fails."""
        base = self._shelf(plan).base
        if not plan.catalog:
            return base
        texts = tuple(work.known.text(stage.reads) for stage in plan.catalog)
        key = ("view", work.known.caller.tenant, texts)
        view: View = await self._once(plan, key, lambda: self._shape(plan, base, work))
        return view

    async def visible(self, plan: Plan, kind: RouteKind, work: Work, *, session: str, era: str) -> tuple[Entry, ...]:
        """Return the entries of a kind that some arguments could make permitted for this caller."""
        view = await self.view(plan, work)
        rows = view.rows(kind)
        if plan.combine == "off":
            return rows
        if not all(_repeatable(stage) for stage in plan.policy):
            return await self._filter(plan, rows, work, session, era)
        scope = (session, era) if any(s.reads.wants("action", "session") for s in plan.policy) else ()
        texts = tuple(work.known.text(stage.reads) for stage in (*plan.policy, *plan.catalog))
        key = (kind, work.known.caller.tenant, texts, scope)
        found: tuple[Entry, ...] = await self._once(plan, key, lambda: self._filter(plan, rows, work, session, era))
        return found

    async def fingerprint(self, plan: Plan, kinds: Sequence[RouteKind], work: Work, *, session: str, era: str) -> str:
        """Return what changes when this caller's lists of these kinds do: a digest of what is visible, in hex."""
        view = await self.view(plan, work)
        return view.print_of([await self.visible(plan, kind, work, session=session, era=era) for kind in kinds])

    def forget(self) -> None:
        """Forget what was worked out for callers, because a plugin that took part is not trusted any more.

        What is being worked out now is worked out anew.
        """
        self._forgotten += 1
        self._shelves.clear()

    def keep(self, endpoints: Container[str]) -> None:
        """Forget what is kept for endpoints that are gone."""
        for name in [name for name in self._shelves if name not in endpoints]:
            del self._shelves[name]

    def _shelf(self, plan: Plan) -> _Shelf:
        shelf = self._shelves.get(plan.endpoint)
        if shelf is not None and shelf.generation == plan.generation:
            return shelf
        fresh = _Shelf(plan)
        if shelf is None or shelf.generation < plan.generation:  # a call of an older plan takes nothing from newer ones
            self._shelves[plan.endpoint] = fresh
        return fresh

    async def sees(self, plan: Plan, route: Route, work: Work, *, session: str, era: str) -> bool:
        """Whether this caller may know that the route exists."""
        action = route.action(session=session, era=era)
        return (await self._policy.see(plan.policy, plan.combine, [action], work))[0] or plan.combine == "off"

    async def _filter(
        self, plan: Plan, rows: tuple[Entry, ...], work: Work, session: str, era: str
    ) -> tuple[Entry, ...]:
        actions = [row.route.action(session=session, era=era) for row in rows]
        seen = await self._policy.see(plan.policy, plan.combine, actions, work)
        return tuple(row for row, yes in zip(rows, seen, strict=True) if yes)

    async def _once(self, plan: Plan, key: tuple[Any, ...], make: Any) -> Any:
        while True:
            forgotten = self._forgotten
            found = await self._shared(self._shelf(plan).kept, key, make)
            if forgotten == self._forgotten:
                return found

    async def _shared(
        self, kept: OrderedDict[tuple[Any, ...], asyncio.Future[Any]], key: tuple[Any, ...], make: Any
    ) -> Any:
        future = kept.get(key)
        if future is None:
            future = kept[key] = asyncio.ensure_future(make())
            while len(kept) > self._most:
                kept.popitem(last=False)
        try:
            return await asyncio.shield(future)
        except BaseException:
            if future.done():
                kept.pop(key, None)
            raise

    async def _shape(self, plan: Plan, view: View, work: Work) -> View:
        for stage in plan.catalog:
            document = {_FIELDS[k]: [{**e.shown, "target": e.route.name} for e in view.rows(k)] for k in METHODS}
            documents = (work.known.text(stage.reads), _encode(document).decode())
            try:
                answer = await self._runner.run(Question(stage, "catalog", "shape", documents, work))
                view = _reshaped(plan, view, answer)
            except (RunFailed, PluginRefused) as error:
                raise unavailable(f"catalog `{stage.use}` failed: {error.code}", work.call_id) from error
        return _under_own_names(view)


def _repeatable(stage: Stage) -> bool:
    """Whether what an engine sees depends on its input only, so that it may be kept as long as the plan.

    An effect may answer differently the next time, and for another caller who looks the same to the plugin.
    """
    return not stage.guest.manifest.effects and not stage.reads.run


def _reshaped(plan: Plan, view: View, answer: Case) -> View:
    if answer.tag != "ok":
        raise RunFailed(answer.value.message, code=answer.value.code)
    try:
        msgspec.json.decode(answer.value, type=Catalog)
        document = msgspec.json.decode(answer.value)
    except msgspec.DecodeError as error:
        raise BadDocument(f"the shaped catalog is outside its schema: {error}") from error
    rows: dict[RouteKind, list[Entry]] = {}
    for kind, field in _FIELDS.items():
        for item in document.get(field, ()):
            name = item[_NAMES[kind]]
            route = plan.routes.canonical(kind, item.get("target", name))
            if route is None:
                raise BadDocument(f"the shaped catalog invents {kind} `{name}`")
            rows.setdefault(kind, []).append(Entry(name, {k: v for k, v in item.items() if k != "target"}, route))
    return View(rows, {kind: [e for e in view.unlisted(kind) if e.route.silent] for kind in METHODS}, view.exact)


def _entries(take: Callable[[RouteKind], tuple[Route, ...]]) -> dict[RouteKind, list[Entry]]:
    return {kind: [Entry(route.name, _shown(kind, route), route) for route in take(kind)] for kind in METHODS}


def _under_own_names(view: View) -> View:
    """Return the view as an endpoint shows it that has names of its own; a catalog plugin's names give way to them."""
    if not any(entry.route.alias for entry in view.everything()):
        return view
    return View(_aliased(view.rows), _aliased(view.unlisted), view.exact)


def _aliased(take: Callable[[RouteKind], tuple[Entry, ...]]) -> dict[RouteKind, list[Entry]]:
    """Return the entries under their endpoint's names; what a catalog plugin shows twice is then shown once."""
    aliased = {}
    for kind, naming in _NAMES.items():
        entries = (Entry(e.route.shown, {**e.shown, naming: e.route.shown}, e.route) for e in take(kind))
        aliased[kind] = list({entry.name: entry for entry in entries}.values())
    return aliased


def _shown(kind: RouteKind, route: Route) -> dict[str, Any]:
    entry = {name: value for name, value in route.entry.items() if name != "target"}
    entry[_NAMES[kind]] = route.name
    return entry
