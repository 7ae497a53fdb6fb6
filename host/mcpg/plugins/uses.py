"""The uses of plugins: made, exchanged under traffic, fenced and removed. It decides no call and holds no grant."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg.plugins.catalog import State, UseState, may_follow
from mcpg.plugins.configuration import check_binding, configure
from mcpg.plugins.generation import Generation
from mcpg.plugins.handle import Handle
from mcpg.plugins.specs import UseSpec, trusted_with
from mcpg.sandbox.settings import PassLimits
from mcpg_revocations.rules import Action, check, index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg.plugins.loader import Loader, VerifiedPlugin
    from mcpg.plugins.sandboxing import Sandboxing
    from mcpg_revocations.rules import RevocationIndex, RevocationList, Subject

__all__ = ["PluginCatalog", "Prepared"]

DRAIN = 30.0
"""Seconds that a replaced pool may go on for the calls inside it."""
MAX_HISTORY = 4
"""Earlier generations of a use that `states` still shows."""


@dataclass(slots=True)
class _Alive:
    """A generation that can be asked, what lists know it by, and what was last told of it."""

    generation: Generation
    subject: Subject
    warned: str = ""
    revoked: bool = False


@dataclass(slots=True)
class _Use:
    """A use with its handle, its states (the newest last), and one change at a time."""

    name: str
    handle: Handle | None = None
    states: list[UseState] = field(default_factory=list)
    alive: dict[int, _Alive] = field(default_factory=dict)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A generation of a use that is ready and not yet asked."""

    name: str
    generation: Generation
    number: int


class PluginCatalog:
    """All uses by name. Belongs to one event loop; `on_event` gets a kind and plain facts and must not block."""

    def __init__(
        self,
        loader: Loader,
        sandbox: Sandboxing,
        *,
        on_event: Callable[[str, Mapping[str, Any]], None],
        drain: float = DRAIN,
    ) -> None:
        self._loader = loader
        self._sandbox = sandbox
        self._on_event = on_event
        self._drain = drain
        self._uses: dict[str, _Use] = {}
        self._draining: dict[Generation, asyncio.Task[None]] = {}
        self._shutting: set[asyncio.Task[bool]] = set()
        self._closed = False
        self._enforced: RevocationIndex | None = None

    async def add(self, spec: UseSpec) -> Handle:
        """Return the guest for a new use; `ConfigError` or `PluginRefused` when it cannot be made ready."""
        use = self._uses.setdefault(spec.name, _Use(spec.name))
        async with use.changing:
            if use.handle is not None:
                raise ConfigError(f"`{spec.name}` is there already", where=f"plugins.{spec.name}", remedy="swap it")
            generation, number = await self._make(use, spec)
            use.handle = Handle(generation)
            self._move(use, number, State.READY)
            return use.handle

    async def swap(self, spec: UseSpec) -> None:
        """Exchange what stands behind a use; if the new one cannot be made ready, raise and leave the old one."""
        self.exchange(await self.prepare(spec))

    async def prepare(self, spec: UseSpec) -> Prepared:
        """Make what is to stand behind a use, and leave what stands there: then `exchange` it, or `discard` it."""
        use = self._known(spec.name)
        async with use.changing:
            self._live(use, spec.name)
            return Prepared(spec.name, *await self._make(use, spec))

    def exchange(self, prepared: Prepared) -> None:
        """Let what was prepared take over; no await, so that several uses can change at one moment."""
        use = self._known(prepared.name)
        handle = self._live(use, prepared.name)
        old = next((each for each, held in use.alive.items() if held.generation is handle.current), 0)
        before = handle.exchange(prepared.generation)
        self._move(use, prepared.number, State.READY)
        self._retire(use, old, before)

    async def discard(self, prepared: Prepared) -> None:
        """Close what was prepared and will not take over."""
        use = self._known(prepared.name)
        self._move(use, prepared.number, State.FAILED, "it was not taken over")
        use.alive.pop(prepared.number, None)
        await prepared.generation.drain(0)

    async def remove(self, name: str) -> None:
        """Refuse every further call of a use, let those under way end, and close it."""
        use = self._known(name)
        async with use.changing:
            handle = self._live(use, name)
            del self._uses[name]
            handle.end("it was removed")
            for number, held in list(use.alive.items()):
                self._retire(use, number, held.generation)

    def fence(self, name: str, reason: str) -> None:
        """Let no pass of a use begin any more, and discard the verdicts of those under way."""
        use = self._known(name)
        for number in use.alive:
            self._fence(use, number, reason)

    def enforce(self, revocations: RevocationIndex | RevocationList) -> tuple[str, ...]:
        """Fence what a newly verified list kills, tell what it says of others, and return the uses fenced by it.

        What a list blocks is not loaded any more and runs on; what it warns of runs and loads.
        """
        self._enforced = index_of(revocations)
        hit = set()
        for name, use in self._uses.items():
            for number, held in use.alive.items():
                verdict = check(held.subject, self._enforced)
                if verdict.action is not Action.KILL:
                    self._warn(name, held, verdict.reason())
                elif held.generation.fenced is None:
                    held.revoked = True
                    self._fence(use, number, f"revoked, {verdict.reason()}")
                    hit.add(name)
        return tuple(sorted(hit))

    def fenced(self) -> frozenset[str]:
        """Return the names of all uses that refuse every call because what stands behind them is fenced."""
        uses = self._uses.items()
        return frozenset(name for name, use in uses if use.handle and use.handle.current.fenced is not None)

    def revivable(self, name: str) -> bool:
        """Whether a use is fenced by a list alone, and the list in force would let it load again."""
        use = self._known(name)
        current = use.handle.current if use.handle else None
        held = next((held for held in use.alive.values() if held.generation is current), None)
        if held is None or not held.revoked or self._enforced is None:
            return False
        return check(held.subject, self._enforced).action < Action.BLOCK

    def states(self) -> tuple[UseState, ...]:
        """Return every use's generations, by name and age."""
        return tuple(state for _, use in sorted(self._uses.items()) for state in use.states)

    def guest(self, name: str) -> Handle:
        """Return the guest of a use; `ConfigError` when there is none of that name."""
        return self._live(self._known(name), name)

    def check_binding(self, use: str, binding: Mapping[str, Any]) -> None:
        """Return if `binding` fits the schema that the use's manifest has for it; `ConfigError` names the places."""
        check_binding(self.guest(use).manifest, binding, use=use)

    async def close(self) -> None:
        """Fence everything, wait for what is under way, and close every pool."""
        self._closed = True
        for use in self._uses.values():
            if use.handle is not None:
                use.handle.end("the gateway stops")
            for number, held in list(use.alive.items()):
                self._retire(use, number, held.generation)
        while self._draining or self._shutting:
            await asyncio.wait((*self._draining.values(), *self._shutting))

    async def _make(self, use: _Use, spec: UseSpec) -> tuple[Generation, int]:
        """Return a new generation that is configured and not yet asked."""
        number = use.count = use.count + 1
        use.states.append(UseState(spec.name, number, State.RESOLVED, spec.source))
        old = [state.generation for state in use.states if state.generation not in {number, *use.alive}]
        use.states = [state for state in use.states if state.generation not in old[:-MAX_HISTORY]]
        self._tell("plugin-resolved", use, number)
        try:
            verified = await self._loader.verify(spec.source, spec.base)
            generation = await self._start(use, number, spec, verified)
            await self._still_wanted(generation, verified.subject, spec.name)
        except McpgError as error:
            self._move(use, number, State.FAILED, error.message)
            raise
        except BaseException:
            self._move(use, number, State.FAILED, "interrupted")
            raise
        use.alive[number] = _Alive(generation, verified.subject, "; ".join(verified.warnings))
        return generation, number

    async def _start(self, use: _Use, number: int, spec: UseSpec, plugin: VerifiedPlugin) -> Generation:
        isolation, memo = trusted_with(spec, plugin)
        manifest, subject = plugin.manifest, plugin.subject
        self._know(use, number, plugin=manifest.id, version=manifest.version, wasm=subject.wasm)
        self._know(use, number, manifest=subject.manifest, isolation=isolation, memo=memo)
        self._move(use, number, State.VERIFIED)
        for warning in plugin.warnings:
            self._on_event("plugin-warning", {"use": spec.name, "warning": warning})
        config = await asyncio.to_thread(configure, manifest, spec.config, spec.base, use=spec.name)
        self._know(use, number, config=config.digest)
        component = await self._loader.compile(plugin)
        self._move(use, number, State.COMPILED)
        limits = PassLimits.of(manifest.limits)
        pool = await self._sandbox.guest(
            component,
            use=spec.name,
            manifest=manifest,
            config=config.text,
            config_digest=config.digest,
            isolation=isolation,
            memo=memo,
            limits=limits if spec.limits is None else spec.limits.under(limits),
            on_quarantine=lambda _, reason: self._fence(use, number, reason),
        )
        return Generation(pool)

    async def _still_wanted(self, generation: Generation, subject: Subject, name: str) -> None:
        """Close what was made while the gateway stopped, or while a list arrived that revokes it."""
        verdict = check(subject, self._enforced) if self._enforced is not None else None
        revoked = verdict is not None and verdict.action >= Action.BLOCK
        if self._closed or revoked:
            await generation.drain(0)
            reason = "came when the gateway stopped"
            if verdict is not None and revoked:
                reason = f"was revoked while it was loaded: {verdict.reason()}"
            raise PluginRefused(f"`{name}` {reason}", code="plugin-revoked" if revoked else "stopping", where=name)

    def _warn(self, name: str, held: _Alive, warning: str) -> None:
        """Tell what a list says of a plugin that runs on, once as long as it says the same."""
        if warning and warning not in held.warned:
            self._on_event("plugin-warning", {"use": name, "warning": warning})
        held.warned = warning

    def _fence(self, use: _Use, number: int, reason: str) -> None:
        """Fence one generation, if it is alive: revoked, or caught with two answers to one question."""
        held = use.alive.get(number)
        if held is None or held.generation.fenced is not None:
            return
        held.generation.fence(reason)
        self._move(use, number, State.FENCED, reason)
        if use.handle is not None:
            use.handle.forget(held.generation)
        if held.generation not in self._draining:
            task = asyncio.create_task(held.generation.drain(self._drain))
            self._shutting.add(task)
            task.add_done_callback(self._shutting.discard)

    def _retire(self, use: _Use, number: int, generation: Generation) -> None:
        """Close a generation in the background when the calls inside it have ended."""
        if generation not in self._draining:
            self._move(use, number, State.DRAINING)
            task = asyncio.create_task(self._close(use, number, generation))
            self._draining[generation] = task
            task.add_done_callback(lambda _: self._draining.pop(generation, None))

    async def _close(self, use: _Use, number: int, generation: Generation) -> None:
        clean = await generation.drain(self._drain)
        if use.handle is not None:
            use.handle.forget(generation)
        use.alive.pop(number, None)
        use.states = [state for state in use.states if state.generation != number]
        self._on_event("plugin-closed", {"use": use.name, "generation": number, "drained": clean})

    def _move(self, use: _Use, number: int, state: State, reason: str = "") -> None:
        """Take a generation to its next state and tell it; a state that cannot follow is left out."""
        for place, known in enumerate(use.states):
            if known.generation == number and may_follow(known.state, state):
                use.states[place] = replace(known, state=state, reason=reason)
                self._tell(f"plugin-{state.value}", use, number)

    def _know(self, use: _Use, number: int, **facts: Any) -> None:
        use.states = [replace(known, **facts) if known.generation == number else known for known in use.states]

    def _tell(self, kind: str, use: _Use, number: int) -> None:
        state = next(each for each in use.states if each.generation == number)
        facts = {"use": state.use, "generation": number, "reference": state.reference, "plugin": state.plugin}
        facts |= {"version": state.version, "wasm": state.wasm, "config": state.config, "reason": state.reason}
        self._on_event(kind, facts)

    def _known(self, name: str) -> _Use:
        use = self._uses.get(name)
        if use is None:
            raise ConfigError(f"there is no plugin use `{name}`", where=f"plugins.{name}", remedy="add it first")
        return use

    def _live(self, use: _Use, name: str) -> Handle:
        if use.handle is None or self._uses.get(name) is not use:
            raise ConfigError(f"plugin use `{name}` is not ready", where=f"plugins.{name}", remedy="add it first")
        return use.handle
