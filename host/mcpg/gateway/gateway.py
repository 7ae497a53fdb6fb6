"""One running gateway: the rooms, the plan of the moment, and how it changes. It listens nowhere; `serving` does.

A reload makes a whole new plan from a checked file, then exchanges it; calls under way keep the plan that they began
with. A file that cannot be obeyed changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from mcpg import __version__
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.contract.worlds import PluginKind
from mcpg.gateway.describing import Describer, describe
from mcpg.gateway.plans import make_plan, make_stages, own_routes
from mcpg.gateway.rooms import open_rooms
from mcpg.gateway.uplinks import upstream_specs
from mcpg.gateway.uses import wanted_uses
from mcpg.pipeline.backends import Backends
from mcpg.pipeline.calls import Calls
from mcpg.pipeline.floods import Floods
from mcpg.pipeline.identity import IdentityChain
from mcpg.pipeline.limits import LimitChain
from mcpg.pipeline.listing import Listing
from mcpg.pipeline.memo import Memo
from mcpg.pipeline.policy import PolicyChain
from mcpg.pipeline.routes import RouteTable
from mcpg.pipeline.runs import Runner
from mcpg.pipeline.service import PipelineService
from mcpg.pipeline.sinks import CopyingLedger, SinkFeed
from mcpg.pipeline.stages import Plan
from mcpg.pipeline.suspend import Suspender
from mcpg.pipeline.transforms import TransformChain
from mcpg.pipeline.vault import Vault
from mcpg.pipeline.views import Views
from mcpg.plugins.configuration import configure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.config import Loaded
    from mcpg.gateway.desk import GatewayDesk
    from mcpg.gateway.rooms import Rooms
    from mcpg.gateway.routing import Described
    from mcpg.gateway.uses import Wanted
    from mcpg.ledger import SqliteLedger
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.stages import Stage

__all__ = ["Gateway"]

log = logging.getLogger("mcpg.gateway")
FIRST_DESCRIPTION = 5.0
"""Seconds that a start waits for upstreams to say what they offer; what comes later appears later."""


class Gateway:
    """A gateway from a file: `await start()`, then `service` answers, `await stop()`."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        progress: Callable[[str], None] = lambda _line: None,
        changed: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        self.loaded = loaded
        self._progress = progress
        self._changed = changed
        self._memo = Memo()
        self._runner = Runner(self._memo)
        self._plan = Plan(generation=0, routes=RouteTable())
        self._stages: dict[str, Stage] = {}
        self._own: list[Route] = []
        self._described: dict[str, Described] = {}
        self._describers: dict[str, Describer] = {}
        self._feeds: list[SinkFeed] = []
        self._background: set[asyncio.Task[Any]] = set()
        self._reloading = asyncio.Lock()
        self._stack = AsyncExitStack()
        self.service: PipelineService
        self.rooms: Rooms

    async def start(self) -> None:
        """Open the rooms, load every plugin, make the first plan; raises `McpgError` and leaves nothing open."""
        try:
            self.rooms = await open_rooms(
                self.loaded,
                self._stack,
                vault=self._vault,
                progress=self._progress,
                on_plugin=self._plugin_moved,
                on_change=self._upstream_changed,
            )
            self._assemble()
            await self._adopt(self.loaded, first=True)
            await self._event("started", {"version": __version__, "file": self.loaded.digest})
        except BaseException:
            await self._close()
            raise

    async def stop(self) -> None:
        """Let what is owed be written, then close every room."""
        if self._background:
            await asyncio.wait(self._background, timeout=10.0)
        await self._close()

    async def _close(self) -> None:
        for describer in self._describers.values():
            await describer.stop()
        for feed in self._feeds:
            await feed.stop()
        await self._stack.aclose()

    def plan(self) -> Plan:
        """Return the plan of this moment."""
        return self._plan

    async def reload(self, loaded: Loaded) -> None:
        """Obey another file: everything is made ready first, then exchanged; raises `McpgError` and changes nothing."""
        async with self._reloading:
            await self._adopt(loaded, first=False)
            self.loaded = loaded
            await self._event("reloaded", {"file": loaded.digest, "generation": self._plan.generation})

    def status(self) -> dict[str, Any]:
        """Return what an operator asks first: version, plan, plugins, upstreams, memo."""
        return {
            "version": __version__,
            "generation": self._plan.generation,
            "routes": len(self._plan.routes),
            "plugins": self.rooms.catalog.states(),
            "upstreams": self.rooms.upstreams.states(),
            "memo": {"entries": len(self._memo), "hits": self._memo.hits, "misses": self._memo.misses},
            "sinks": [{"delivered": feed.delivered, "lost": feed.lost} for feed in self._feeds],
        }

    @property
    def memo(self) -> Memo:
        """The verdicts that are remembered."""
        return self._memo

    @property
    def feeds(self) -> tuple[SinkFeed, ...]:
        """What carries records to the sinks."""
        return tuple(self._feeds)

    def _assemble(self) -> None:
        rooms, runner = self.rooms, self._runner
        ledger = CopyingLedger(rooms.ledger, lambda: self._feeds)
        policy = PolicyChain(runner)
        views = Views(runner, policy)
        calls = Calls(
            views=views,
            policy=policy,
            limits=LimitChain(runner, rooms.accounts),
            transforms=TransformChain(runner),
            backends=Backends(runner, rooms.cache),
            suspender=Suspender(rooms.sealer, rooms.parked),
            ledger=ledger,
            background=self._owe,
        )
        floods = Floods(ledger)
        self._stack.push_async_callback(floods.flush)
        self.service = PipelineService(
            plan=self.plan,
            identity=IdentityChain(runner),
            calls=calls,
            listing=Listing(views, rooms.sealer),
            ledger=ledger,
            floods=floods,
        )

    def _owe(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _vault(self, ledger: SqliteLedger, desk: GatewayDesk) -> Vault:
        async def resolve(use: str, reference: str) -> str:
            """Return a secret that the operator gave to the issuer; no answer of a plugin reaches another."""
            use_ = self.loaded.config.plugins.get(use)
            if use_ is None or not _mentions([use_.config, list(use_.grants.get("secrets") or ())], reference):
                raise EffectDenied(f"`{use}` names a secret that its configuration does not")
            try:
                return await desk.resolve(reference)
            except ConfigError as error:
                raise EffectDenied(error.message) from error

        return Vault(self._runner, self._issuers, resolve=resolve, digest=ledger.keyed_digest)

    def _plugin_moved(self, what: str, facts: Mapping[str, Any]) -> None:
        if what in {"plugin-fenced", "plugin-closed"} and facts.get("wasm"):
            self._memo.drop(facts["wasm"])
        if what not in {"plugin-resolved", "plugin-verified", "plugin-compiled"}:
            self._owe(self._event(what, {name: value for name, value in facts.items() if value != ""}))

    def _issuers(self) -> Mapping[str, Stage]:
        return {name: self._stages[use] for name, use in self.loaded.config.credentials.items()}

    async def _adopt(self, loaded: Loaded, *, first: bool) -> None:
        catalog = self.rooms.catalog
        wanted = wanted_uses(loaded)
        before = wanted_uses(self.loaded) if not first else {}
        await self.rooms.upstreams.update(await upstream_specs(loaded, self.rooms.desk.reveal))
        await self.rooms.desk.update(loaded)
        done: list[str] = []
        try:
            for name, use in wanted.items():
                if await self._ready(before.get(name), use):
                    done.append(name)
            stages = make_stages(wanted, catalog.guest, self.rooms.desk.granted)
            own = own_routes(loaded, stages, catalog.check_binding)
            await self._redescribe(wanted, stages)
        except BaseException:
            if not first:
                await self._undo(done, before)
            raise
        self._stages, self._own = stages, own
        self._exchange(loaded)
        for name in before.keys() - wanted.keys():
            await catalog.remove(name)
        await self._refeed(loaded)

    async def _ready(self, known: Wanted | None, use: Wanted) -> bool:
        """Make a use ready; return whether anything had to be done: a new spec, or a file that reads differently."""
        catalog, spec = self.rooms.catalog, use.spec
        if known is None:
            await catalog.add(spec)
            return True
        guest = catalog.guest(spec.name)
        if known.spec == spec:
            config = await asyncio.to_thread(configure, guest.manifest, spec.config, spec.base, use=spec.name)
            if config.digest == guest.config_digest:
                return False
        await catalog.swap(spec)
        return True

    async def _undo(self, done: list[str], before: Mapping[str, Wanted]) -> None:
        for name in done:
            if name in before:
                await self.rooms.catalog.swap(before[name].spec)
            else:
                await self.rooms.catalog.remove(name)
        await self.rooms.upstreams.update(await upstream_specs(self.loaded, self.rooms.desk.reveal))
        await self.rooms.desk.update(self.loaded)

    def _exchange(self, loaded: Loaded) -> None:
        old = self._plan
        self._plan = make_plan(
            loaded,
            self._stages,
            self._own,
            list(self._described.values()),
            generation=old.generation + 1,
            report=log.warning,
        )
        for kind, rows in (("tools", ("tool",)), ("prompts", ("prompt",)), ("resources", ("resource", "template"))):
            if any(_entries(old, row) != _entries(self._plan, row) for row in rows):
                self._changed(kind)

    async def _redescribe(self, wanted: Mapping[str, Wanted], stages: Mapping[str, Stage]) -> None:
        for name in [n for n in self._describers if n not in wanted]:
            await self._describers.pop(name).stop()
            self._described.pop(name, None)
        started = []
        for name, use in wanted.items():
            stage = stages[name]
            if stage.guest.manifest.kind is not PluginKind.BACKEND:
                continue
            if not use.upstream:
                self._described[name] = await describe(self._runner, stage)
            elif name in self._describers:
                self._describers[name].stage = stage
                self._describers[name].sign()
            else:
                describer = Describer(
                    self._runner, stage, upstream=use.upstream, timeout=use.timeout, changed=self._on_described
                )
                self._describers[name] = describer
                describer.start()
                started.append(describer)
        if started:
            await asyncio.wait([asyncio.ensure_future(d.first.wait()) for d in started], timeout=FIRST_DESCRIPTION)

    def _on_described(self, described: Described) -> None:
        self._described[described.use] = described
        if self._plan.generation:
            self._exchange(self.loaded)

    def _upstream_changed(self, upstream: str, _kind: str) -> None:
        describer = self._describers.get(f"upstream.{upstream}")
        if describer is not None:
            describer.sign()

    async def _refeed(self, loaded: Loaded) -> None:
        for feed in self._feeds:
            await feed.stop()
        ledger = self.rooms.ledger
        self._feeds = [
            SinkFeed(self._runner, self._stages[use], lambda text: ledger.keyed_digest("default", text))
            for use in loaded.config.sinks
        ]
        for feed in self._feeds:
            feed.start()

    async def _event(self, what: str, details: dict[str, Any]) -> None:
        await self.rooms.ledger.append("default", {"kind": "event", "event": what, **details})


def _mentions(value: Any, text: str) -> bool:
    """Whether `text` stands somewhere in a document, as a value of its own."""
    if isinstance(value, Mapping):
        return any(_mentions(item, text) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_mentions(item, text) for item in value)
    return bool(value == text)


def _entries(plan: Plan, kind: Any) -> list[Any]:
    return [route.entry for route in plan.routes.listed(kind)]
