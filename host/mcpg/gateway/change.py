"""What another file asks for, made ready beside what is in force. It puts nothing in force; `gateway` does.

Everything that can fail is done here, and nothing of it is seen by a call: drivers are started, plugins prepared,
backends asked, routes and schemas checked. Then it takes over at one moment, or is let go as if it had never been.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg.contract.worlds import PluginKind
from mcpg.gateway.describing import describe
from mcpg.gateway.plans import make_plans, make_stages, own_routes
from mcpg.gateway.supplying import supply_of
from mcpg.gateway.uplinks import upstream_specs
from mcpg.gateway.uses import wanted_uses
from mcpg.pipeline.stages import make_stage
from mcpg.plugins.configuration import configure

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from mcpg.config import Loaded
    from mcpg.contract.manifest import Manifest
    from mcpg.gateway.desk import Drivers
    from mcpg.gateway.rooms import Rooms
    from mcpg.gateway.routing import Described
    from mcpg.gateway.uses import Wanted
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Plan, Stage
    from mcpg.plugins.supply import Supply
    from mcpg.plugins.uses import Prepared
    from mcpg.upstreams import UpstreamSpec

__all__ = ["Change"]


class Change:
    """One file with all that it asks for: `prepare`, then `take_over` or `discard`."""

    def __init__(self, loaded: Loaded, rooms: Rooms, runner: Runner) -> None:
        self.loaded = loaded
        self.wanted: dict[str, Wanted] = {}
        self.stages: dict[str, Stage] = {}
        self.described: dict[str, Described] = {}
        """What backends offer that stand behind no upstream."""
        self.specs: list[UpstreamSpec] = []
        self._rooms = rooms
        self._runner = runner
        self._before: Change | None = None
        self._drivers: Drivers | None = None
        self._manifests: dict[str, Manifest] = {}
        self._own: list[Route] = []
        self._added: list[str] = []
        self._prepared: dict[str, Prepared] = {}
        self._supply: Supply | None = None

    def names(self) -> set[str]:
        """Return the names of all uses that the file has; raises `ConfigError`."""
        return set(wanted_uses(self.loaded))

    async def prepare(self, before: Change | None, leaving: Container[str] = ()) -> None:
        """Make everything ready; raises `McpgError`. `leaving` are uses that are there although no file has them."""
        self._before = before
        self.wanted = wanted_uses(self.loaded)
        await self._resupply()
        self._drivers = await self._rooms.desk.prepare(self.loaded)
        self.specs = await upstream_specs(self.loaded, self._drivers.reveal)
        await self._rooms.upstreams.update(self._both())
        running = before.wanted if before else {}
        fresh = [use.spec for name, use in self.wanted.items() if name not in running or running[name].spec != use.spec]
        await self._rooms.loader.bring((spec.source for spec in fresh), self.loaded.base)
        for name, use in self.wanted.items():
            known = before.wanted.get(name) if before else None
            await self._ready(use, known, there=known is not None or name in leaving)
        catalog = self._rooms.catalog
        self._manifests = {name: self._manifest(name) for name in self.wanted}
        self.stages = make_stages(self.wanted, self._manifests, catalog.guest, self._drivers.granted)
        self._own = own_routes(self.loaded, self.stages, self._manifests)
        for name in self.wanted:
            if self._manifests[name].kind is PluginKind.BACKEND and not self.wanted[name].upstream:
                self.described[name] = await describe(self._runner, self._trial(name))

    async def _resupply(self) -> None:
        """Let plugins come from where the file says, judged by its trust policy and its lock; raises `ConfigError`."""
        loader = self._rooms.loader
        before = loader.supply
        supply = await asyncio.to_thread(supply_of, self.loaded, locked=before.locked, offline=before.offline)
        self._supply, loader.supply = before, supply

    def _judged_anew(self, source: str) -> bool:
        """Whether trust policy or lock say another thing of a plugin than before."""
        before, now = self._supply, self._rooms.loader.supply
        if before is None or source.startswith(("builtin:", "file:")):
            return False
        return (before.trust, before.find(source)) != (now.trust, now.find(source))

    async def _ready(self, use: Wanted, known: Wanted | None, *, there: bool) -> None:
        """Make a use ready if it has to be: a new spec, a file that reads differently, another judgement."""
        catalog, spec = self._rooms.catalog, use.spec
        if not there:
            await catalog.add(spec)
            self._added.append(spec.name)
            return
        guest = catalog.guest(spec.name)
        anew = catalog.revivable(spec.name) or self._judged_anew(spec.source)
        if known is not None and known.spec == spec and not anew:
            config = await asyncio.to_thread(configure, guest.manifest, spec.config, spec.base, use=spec.name)
            if config.digest == guest.config_digest:
                return
        self._prepared[spec.name] = await catalog.prepare(spec)

    def _manifest(self, name: str) -> Manifest:
        prepared = self._prepared.get(name)
        return prepared.generation.manifest if prepared else self._rooms.catalog.guest(name).manifest

    def _trial(self, name: str) -> Stage:
        """Return the stage of a use as it will be: what was prepared is asked before it takes over."""
        prepared, stage = self._prepared.get(name), self.stages[name]
        return make_stage(prepared.generation, stage.effects) if prepared else stage

    def _both(self) -> list[UpstreamSpec]:
        """Return the upstreams of now and the new ones: those that are the same or changed run on as they are."""
        running = self._before.specs if self._before else []
        names = {spec.name for spec in running}
        return [*running, *(spec for spec in self.specs if spec.name not in names)]

    def plans(
        self, described: Mapping[str, Described], *, generation: int, report: Callable[[str], None]
    ) -> dict[str, Plan]:
        """Return the plan of each endpoint for what backends and upstreams offer; raises `McpgError`."""
        offered = [each for name, each in described.items() if name in self.stages]
        return make_plans(
            self.loaded, self.stages, self._manifests, self._own, offered, generation=generation, report=report
        )

    def check_trusted(self) -> None:
        """Return if nothing of what was made ready has been fenced meanwhile; else `PluginRefused`."""
        guests = {name: prepared.generation for name, prepared in self._prepared.items()}
        for name in self._added:
            guests[name] = self._rooms.catalog.guest(name).current
        for name, generation in guests.items():
            if generation.fenced is not None:
                raise PluginRefused(
                    f"`{name}` is fenced: {generation.fenced}",
                    code="plugin-fenced",
                    where=f"plugins.{name}",
                    remedy="use another version",
                )

    def take_over(self) -> None:
        """Put plugins and drivers in force: no await, so no call sees some of it."""
        for prepared in self._prepared.values():
            self._rooms.catalog.exchange(prepared)
        self._prepared = {}
        assert self._drivers is not None  # noqa: S101 - `prepare` came first
        self._rooms.desk.take(self._drivers)

    async def discard(self) -> None:
        """Let go of what was made ready; what was in force is as it was."""
        rooms = self._rooms
        if self._supply is not None:
            rooms.loader.supply = self._supply
        for prepared in self._prepared.values():
            await _let_go(rooms.catalog.discard(prepared))
        for name in self._added:
            await _let_go(rooms.catalog.remove(name))
        if self._before is not None:
            await _let_go(rooms.upstreams.update(self._before.specs))
        if self._drivers is not None:
            await _let_go(rooms.desk.discard(self._drivers))


async def _let_go(step: Any) -> None:
    with contextlib.suppress(McpgError):  # the other steps are still owed
        await step
