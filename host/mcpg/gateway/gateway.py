"""One running gateway: the rooms, the plans of the moment, and how they change. It listens nowhere; `serving` does.

Each endpoint has a plan and a service of its own; all else they share. A reload makes whole new plans from a checked
file, then exchanges them; calls under way keep the plan that they began with. A file that cannot be obeyed changes
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mcpg import __version__
from mcpg.config.endpoints import MAIN, Endpoint, endpoints_of
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.gateway.about import describe_endpoint
from mcpg.gateway.change import Change
from mcpg.gateway.describing import Describer
from mcpg.gateway.differences import changed_lists, needs_restart
from mcpg.gateway.kill_switch import KillSwitch
from mcpg.gateway.logs import Reports
from mcpg.gateway.pinning import Pinning
from mcpg.gateway.plans import without_fenced
from mcpg.gateway.rooms import open_rooms
from mcpg.gateway.supplying import Intake
from mcpg.pipeline.backends import Backends
from mcpg.pipeline.calls import Calls
from mcpg.pipeline.floods import Floods
from mcpg.pipeline.identity import IdentityChain
from mcpg.pipeline.limits import LimitChain
from mcpg.pipeline.listing import Listing
from mcpg.pipeline.memo import Memo
from mcpg.pipeline.policy import PolicyChain
from mcpg.pipeline.rounds import AskLimits
from mcpg.pipeline.routes import RouteTable
from mcpg.pipeline.service import PipelineService
from mcpg.pipeline.sinks import CopyingLedger, SinkFeed
from mcpg.pipeline.stages import Plan
from mcpg.pipeline.suspend import Suspender
from mcpg.pipeline.task_ids import TaskIds
from mcpg.pipeline.tasks import Tasks
from mcpg.pipeline.transforms import TransformChain
from mcpg.pipeline.vault import Vault
from mcpg.pipeline.views import Views
from mcpg.pipeline.watched import runner_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.config import Loaded
    from mcpg.contract.ports import RunWatcher
    from mcpg.gateway.desk import GatewayDesk
    from mcpg.gateway.rooms import Rooms
    from mcpg.gateway.routing import Described
    from mcpg.ledger import SqliteLedger
    from mcpg.pipeline.stages import Stage

__all__ = ["Gateway"]

log = logging.getLogger("mcpg.gateway")
OWED = 10.0
"""Seconds that a stop waits for records that are owed, while none of them is written."""
LEAVE = 60.0
"""Seconds that a plugin use goes on which the file has no more, for the calls that began with it."""
GONE = "this endpoint is not there any more"
REPLAN = 0.25
"""Seconds between two plans that upstreams cause: with thousands of tools one takes a tenth of it."""
FIRST_DESCRIPTION = 5.0
"""Seconds that a start waits for upstreams to say what they offer; what comes later appears later."""


class Gateway:
    """A gateway from a file: `await start()`, then `service` answers, `await stop()`.

    `watcher` is told of every run with its documents. It is given here, by a program, and never by the file.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        intake: Intake | None = None,
        progress: Callable[[str], None] = lambda _line: None,
        changed: Callable[[str, str], None] = lambda _endpoint, _kind: None,
        moved: Callable[[], None] = lambda: None,
        watcher: RunWatcher | None = None,
    ) -> None:
        self.loaded = loaded
        self._intake = intake or Intake()
        self._progress = progress
        self._changed = changed
        self._moved = moved
        self._memo = Memo()
        self._runner = runner_for(self._memo, watcher)
        self._watched = watcher is not None
        self.kill = KillSwitch(self._runner, self._memo)
        self._generation = 0
        self._reports = Reports()
        self._plans: dict[str, Plan] = {}
        self._whole: dict[str, Plan] = {}
        self._force: Change | None = None
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._described: dict[str, Described] = {}
        self._describers: dict[str, Describer] = {}
        self._planning: asyncio.TimerHandle | None = None
        self._planned = 0.0
        self.pinning = Pinning(
            self._record,
            changed=lambda upstream: self._upstream_changed(upstream, "definitions"),
            instructions=self._instructions_of,
        )
        self._feeds: list[SinkFeed] = []
        self._background: set[asyncio.Future[Any]] = set()
        self._reloading = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._ledger: CopyingLedger
        self._views: Views
        self._vault: Vault
        self._serve: Callable[[str], PipelineService]
        self.endpoints: dict[str, Endpoint] = {}
        """The endpoints of the file in force, by name; `moved` is told when another file is."""
        self.services: dict[str, PipelineService] = {}
        """What answers at each endpoint."""
        self.rooms: Rooms

    async def start(self) -> None:
        """Open the rooms, load every plugin, make the first plan; raises `McpgError` and leaves nothing open."""
        try:
            self.rooms = await open_rooms(
                self.loaded,
                self._stack,
                intake=self._intake,
                vault=self._open_vault,
                progress=self._progress,
                on_plugin=self._plugin_moved,
                on_change=self._upstream_changed,
                last_words=self._pay,
            )
            self._assemble()
            await self._adopt(self.loaded, "started")
            self.rooms.sources.start()
            if self._watched:
                log.warning("every run of a plugin is shown with its documents: this gateway is for development")
        except BaseException:
            await self._stack.aclose()
            raise

    async def stop(self) -> None:
        """Let what is owed be written, then close every room."""
        await self._pay()
        await self._stack.aclose()

    @property
    def service(self) -> PipelineService:
        """What answers at the endpoint that has everything."""
        return self.services[MAIN]

    def plan(self, endpoint: str = MAIN) -> Plan:
        """Return an endpoint's plan of this moment; that of one which is gone permits nothing."""
        return self._plans.get(endpoint) or Plan(self._generation, RouteTable(), endpoint, GONE)

    async def reload(self, loaded: Loaded) -> None:
        """Obey another file: everything is made ready first, then exchanged; raises `McpgError` and changes nothing."""
        async with self._reloading:
            for key in needs_restart(self.loaded, loaded):
                log.warning("`%s` has changed, which is obeyed after the next start", key)
            kept = self._keeps_digests()
            await self._adopt(loaded, "reloaded")
            if self._keeps_digests() != kept:
                self._memo.clear()  # it also remembers what records say of its answers

    def status(self) -> dict[str, Any]:
        """Return what an operator asks first: version, plan, plugins, upstreams, memo."""
        return {
            "version": __version__,
            "generation": self._generation,
            "routes": len(self.plan().routes),
            "endpoints": [
                {"name": each.name, "path": each.path, "routes": len(self.plan(each.name).routes)}
                for each in self.endpoints.values()
            ],
            "plugins": self.rooms.catalog.states(),
            "upstreams": self.rooms.upstreams.states(),
            "definitions": self.pinning.status(),
            "memo": {"entries": len(self._memo), "hits": self._memo.hits, "misses": self._memo.misses},
            "revocations": self.rooms.revoking.status(),
            "sinks": [{"delivered": feed.delivered, "lost": feed.lost} for feed in self._feeds],
        }

    @property
    def ready(self) -> bool:
        """Whether calls are answered: they can be recorded, and no dead list forbids it."""
        return self.rooms.ledger.writable and not self.rooms.revoking.halted

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
        ledger = CopyingLedger(rooms.ledger, lambda: self._feeds, digests=self._keeps_digests)
        self._ledger = ledger
        policy = PolicyChain(runner)
        ask_timeout = self.loaded.config.server.limits.ask_timeout
        views = self._views = Views(runner, policy)
        ids = TaskIds(rooms.sealer)
        calls = Calls(
            views=views,
            policy=policy,
            limits=LimitChain(runner, rooms.accounts),
            transforms=TransformChain(runner),
            backends=Backends(runner, rooms.cache),
            suspender=Suspender(rooms.sealer, rooms.parked, ttl=ask_timeout),
            tasks=ids,
            ledger=ledger,
            background=self._owe,
            distrust=self.kill.distrust,
            asks=AskLimits(seconds=ask_timeout),
        )
        self.kill.open(
            rooms,
            views,
            self._vault,
            owe=self._owe,
            record=self._record,
            show=self._show_again,
            reload=lambda: self.reload(self.loaded),
        )
        floods = Floods(ledger)
        self._stack.callback(self._forget_leaving)
        self._stack.push_async_callback(self._stop_feeds)
        self._stack.push_async_callback(floods.flush)
        self._stack.push_async_callback(self._stop_describers)
        self._stack.push_async_callback(self.pinning.stop)
        self._identity, listing = IdentityChain(runner), Listing(views, rooms.sealer)

        def serve(name: str) -> PipelineService:
            return PipelineService(
                plan=partial(self.plan, name),
                identity=self._identity,
                calls=calls,
                listing=listing,
                ledger=ledger,
                floods=floods,
                distrust=self.kill.distrust,
                upstreams=rooms.upstreams,
                tasks=Tasks(calls, ids, rooms.upstreams),
                about=lambda: self._about(name),
            )

        self._serve = serve

    def _about(self, name: str) -> dict[str, Any]:
        endpoint = self.endpoints.get(name) or Endpoint(name, "")
        routes, states = self.plan(name).routes, self.rooms.upstreams.states()
        return describe_endpoint(self.loaded.config, endpoint, routes, states, self.pinning.words)

    def _owe(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._paid)

    def _paid(self, task: asyncio.Future[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("something that was owed could not be done: %s", getattr(error, "code", type(error).__name__))

    async def _pay(self) -> None:
        """Wait until nothing is owed any more, or nothing more comes of it."""
        while self._background:
            done, _ = await asyncio.wait(self._background, timeout=OWED)
            if not done:
                return

    def _keeps_digests(self) -> bool:
        return self.loaded.config.audit.keep_payloads == "digests"

    def _open_vault(self, ledger: SqliteLedger, desk: GatewayDesk) -> Vault:
        async def resolve(use: str, reference: str) -> str:
            """Return a secret that the operator gave to the issuer; an issuer cannot ask for any other."""
            issuer = self.loaded.config.plugins.get(use)
            given = [issuer.config, list(issuer.grants.get("secrets") or ())] if issuer else None
            if not _mentions(given, reference):
                raise EffectDenied(f"`{use}` names a secret that its configuration does not")
            try:
                return await desk.resolve(reference)
            except ConfigError as error:
                raise EffectDenied(error.message) from error

        self._vault = Vault(self._runner, self._issuers, resolve=resolve, digest=ledger.keyed_digest)
        return self._vault

    def _plugin_moved(self, what: str, facts: Mapping[str, Any]) -> None:
        if what == "plugin-fenced":
            log.error("`%s` is fenced: %s", facts.get("use"), facts.get("reason"))
            self.kill.forget(str(facts.get("use")), str(facts.get("wasm")))
        if what == "plugin-warning":
            log.warning("`%s`: %s", facts.get("use"), facts.get("warning"))
        if what not in {"plugin-resolved", "plugin-verified", "plugin-compiled"}:
            self._record(what, facts)

    def _record(self, what: str, facts: Mapping[str, Any]) -> None:
        self._owe(self._event(what, {name: value for name, value in facts.items() if value != ""}))

    def _show_again(self) -> None:
        """Take out of the plan in force what has been fenced or halted since it was made."""
        if self._force is None:
            return
        plans = self._without_fenced(self._whole)
        if any(
            (plan.fenced, plan.halted) != (self._plans[n].fenced, self._plans[n].halted) for n, plan in plans.items()
        ):
            self._show({n: replace(plan, generation=self._generation + 1) for n, plan in self._whole.items()})

    def _issuers(self) -> Mapping[str, Stage]:
        if self._force is None:
            return {}
        return {name: self._force.stages[use] for name, use in self.loaded.config.credentials.items()}

    async def _adopt(self, loaded: Loaded, what: str) -> None:
        """Put a file in force, once all that it asks for is ready and the ledger says so; else leave all as it is."""
        before, change = self._force, Change(loaded, self.rooms, self._runner)
        back = {name for name in self._leaving if name in change.names()}
        for name in back:
            self._leaving.pop(name).cancel()
        try:
            await change.prepare(before, back)
            if before is None:
                await self._await_upstreams(change)
            self._next(change)
            generation = self._generation + 1
            await self._event(what, {"version": __version__, "file": loaded.digest, "generation": generation})
            plans = self._next(change)  # an upstream may have changed its catalog while the ledger was written
            change.check_trusted()
        except BaseException:
            await change.discard()
            for name in back:
                self._leave_later(name)
            raise
        old = self._take_over(change, plans)
        await self._follow(change, before)
        for feed in old:
            await feed.stop()

    def _next(self, change: Change) -> dict[str, Plan]:
        described = {**self._described, **change.described}
        return change.plans(described, generation=self._generation + 1, report=self._reports.tell)

    def _take_over(self, change: Change, plans: dict[str, Plan]) -> list[SinkFeed]:
        """Exchange what is in force for what was made ready; no await, so no call sees some of both."""
        change.take_over()
        self._force, self.loaded = change, change.loaded
        self.endpoints = {each.name: each for each in endpoints_of(change.loaded.config)}
        self._described = {name: d for name, d in self._described.items() if name in change.wanted} | change.described
        old, self._feeds = self._feeds, [self._feed(change.stages[use]) for use in change.loaded.config.sinks]
        for feed in self._feeds:
            feed.start()
        self._vault.forget()
        self.rooms.cache.clear()
        self._show(plans)
        self._moved()
        return old

    async def _follow(self, change: Change, before: Change | None) -> None:
        """Do what may come after: end what nobody asks for any more, once calls under way have had their time."""
        for name in [name for name in self._describers if name not in change.wanted]:
            await self._describers.pop(name).stop()
        await self.rooms.upstreams.update(change.specs)
        self._redescribe(change)
        for name in before.wanted.keys() - change.wanted.keys() if before else ():
            self._leave_later(name)

    def _leave_later(self, name: str) -> None:
        def leave() -> None:
            del self._leaving[name]
            self._owe(self.rooms.catalog.remove(name))

        self._leaving[name] = asyncio.get_running_loop().call_later(LEAVE, leave)

    def _forget_leaving(self) -> None:
        while self._leaving:
            self._leaving.popitem()[1].cancel()

    def _without_fenced(self, plans: Mapping[str, Plan]) -> dict[str, Plan]:
        fenced, halted = self.rooms.catalog.fenced(), self.rooms.revoking.halted
        return {name: without_fenced(plan, fenced, halted) for name, plan in plans.items()}

    def _show(self, plans: dict[str, Plan]) -> None:
        """Make plans the ones in force, without what is fenced, and tell clients which lists have changed."""
        old, self._whole = self._plans, plans
        self._plans = self._without_fenced(plans)
        self._generation = self._plans[MAIN].generation
        if self._plans.keys() != self.services.keys():
            self._views.keep(self._plans)
            self.services = {name: self.services.get(name) or self._serve(name) for name in self._plans}
        for name, plan in self._plans.items():
            for kind in changed_lists(old.get(name), plan):
                self._changed(name, kind)

    async def _await_upstreams(self, change: Change) -> None:
        """Give upstreams a moment to say what they offer before the first plan."""
        waits = [asyncio.ensure_future(describer.first.wait()) for describer in self._redescribe(change)]
        if waits:
            _, late = await asyncio.wait(waits, timeout=FIRST_DESCRIPTION)
            for wait in late:
                wait.cancel()

    def _redescribe(self, change: Change) -> list[Describer]:
        """Ask each upstream what it offers, in the background; return the describers that are new."""
        self.pinning.obey(change.loaded)
        new = []
        for name, use in change.wanted.items():
            if not use.upstream:
                continue
            describer = self._describers.get(name)
            if describer is None:
                describer = self._describers[name] = Describer(
                    self._runner, use.upstream, self._on_described, self.pinning.judge
                )
                new.append(describer)
            describer.ask(change.stages[name], timeout=use.timeout)
        return new

    def _on_described(self, described: Described) -> None:
        if self._described.get(described.use) == described:
            return
        self._described[described.use] = described
        if self._force is not None and self._planning is None:
            loop = asyncio.get_running_loop()
            self._planning = loop.call_at(max(loop.time(), self._planned + REPLAN), self._replan)

    def _replan(self) -> None:
        """Make plans of what is offered now; an upstream that changes all the time takes no more of the loop."""
        self._planning, self._planned = None, asyncio.get_running_loop().time()
        if self._force is not None:
            self._show(self._next(self._force))

    def _upstream_changed(self, upstream: str, _kind: str) -> None:
        describer = self._describers.get(f"upstream.{upstream}")
        if describer is not None:
            describer.sign()

    def _instructions_of(self, upstream: str) -> str:
        state = self.rooms.upstreams.states().get(upstream)
        return state.instructions if state is not None else ""

    async def _stop_describers(self) -> None:
        if self._planning is not None:
            self._planning.cancel()
        for describer in self._describers.values():
            await describer.stop()

    async def _stop_feeds(self) -> None:
        for feed in self._feeds:
            await feed.stop()

    def _feed(self, stage: Stage) -> SinkFeed:
        ledger = self.rooms.ledger
        return SinkFeed(self._runner, stage, lambda text: ledger.keyed_digest("default", text))

    async def _event(self, what: str, details: dict[str, Any]) -> None:
        await self._ledger.append("default", {"kind": "event", "event": what, **details})


def _mentions(value: Any, text: str) -> bool:
    """Whether `text` stands somewhere in a document, as a value of its own."""
    if isinstance(value, Mapping):
        return any(_mentions(item, text) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_mentions(item, text) for item in value)
    return bool(value == text)
