"""What can be found out about a run after it: the memory that its last pass needs, where it trapped, what helps.

Passes are pure, so they are made again, in a sandbox beside the gateway's. Nothing of it holds up a call.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.problems import McpgError, PluginTrapped
from mcpg.contract.worlds import WORLDS
from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg.workshop.dev.remedies import message_of, remedy_for
from mcpg.workshop.memory import Asked, Guest, Need, least_memory
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg.contract.ports import RunSeen
    from mcpg.sandbox import Component
    from mcpg.workshop.dev.origin import Taken

__all__ = ["Examiner", "Findings", "Known"]

COMPONENTS: Final = 4
"""Components whose compiled form is kept."""
NO_REPLIES: Final = frozenset(each.name for world in WORLDS.values() for each in world if not each.replies)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about one run; empty texts and None for nothing."""

    need: Need | None = None
    message: str = ""
    """The problem's message, with the place in the source if its trace told."""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A component as a session has it, with its configuration as written and as the component got it."""

    taken: Taken
    config: Mapping[str, Any]
    text: str
    base: Path


class Examiner:
    """Makes passes of runs again. One for each session."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._sandbox = Sandbox(SandboxSettings(cache=cache, repeat_share=0.0, shared_instances=1))
        self._known: dict[str, Known] = {}
        self._loaded: dict[str, Component] = {}

    async def start(self) -> None:
        """Start the sandbox."""
        await self._sandbox.start()

    async def stop(self) -> None:
        """Stop the sandbox."""
        await self._sandbox.stop()

    def know(self, known: Known) -> None:
        """Remember a component that runs may be of."""
        self._known.pop(known.taken.digest, None)
        self._known[known.taken.digest] = known
        while len(self._known) > COMPONENTS:
            first = next(iter(self._known))
            self._loaded.pop(first, None)
            del self._known[first]

    def config_of(self, digest: str) -> Mapping[str, Any]:
        """Return the configuration that a component has here, as written."""
        known = self._known.get(digest)
        return {} if known is None else known.config

    async def examine(self, run: RunSeen, *, briefly: bool) -> Findings:
        """Return what can be found out about a run; `briefly` makes no pass again."""
        known = self._known.get(run.digest)
        if known is None:
            return Findings()
        if run.problem is not None:
            if isinstance(run.problem, PluginTrapped) and not briefly:
                run.problem.trace = await self._trace(run, known) or run.problem.trace
            manifest = known.taken.manifest
            return Findings(message=message_of(run, manifest), remedy=remedy_for(run, manifest))
        need = None if briefly else await self._memory(run, known)
        if need is not None and not need.same:
            return Findings(need, remedy=remedy_for(run, known.taken.manifest, repeatable=False))
        return Findings(need)

    async def _memory(self, run: RunSeen, known: Known) -> Need | None:
        """Return what the last pass needs; None where it cannot be told, such as while a client is waited for."""
        asked = _last_pass(run)
        if asked is None or run.answer is None or run.answer.tag == "suspended":
            return None
        try:
            component = self._loaded.get(run.digest) or await self._load(known)
            guest = Guest(self._sandbox, component, known.taken.manifest, known.text)
            return await least_memory(guest, asked, run.answer)
        except (McpgError, OSError):  # the component has been cleared away: its memory is not worth more
            return None

    async def _load(self, known: Known) -> Component:
        taken = known.taken
        data = await asyncio.to_thread(taken.wasm.read_bytes)
        component = self._loaded[taken.digest] = await self._sandbox.load(data, label=taken.wasm.name)
        return component

    async def _trace(self, run: RunSeen, known: Known) -> str:
        """Return the trace of the same trap in the build with line tables, if there is one and it traps too."""
        traced, asked = known.taken.traced, _last_pass(run)
        if traced is None or asked is None:
            return ""
        with contextlib.suppress(McpgError, OSError):  # only its place is missing then
            opened = open_workbench(traced, lines=True, manifest=known.taken.manifest, cache=self._cache)
            async with opened as bench:
                stand = await bench.stand(known.config, known.base)
                try:
                    await stand.fresh.ask(asked.function, asked.arguments, asked.facts, "default")
                except PluginTrapped as error:
                    return error.trace
                finally:
                    await stand.close()
        return ""


def _last_pass(run: RunSeen) -> Asked | None:
    if run.facts is None or not run.passes:
        return None
    arguments = run.documents if run.function in NO_REPLIES else (*run.documents, list(run.replies))
    return Asked(run.function, arguments, run.facts)
