"""The guest that the pipeline holds: one name, whose pool can be exchanged under traffic. It makes no pool."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Case
    from mcpg.plugins.generation import Generation

__all__ = ["Handle"]

MAX_RUNS = 4096
"""Runs between two passes that are remembered; the oldest goes first, and goes on with the current pool."""


class Handle:
    """The port `Guest` over the current generation of a use.

    A run that has asked for effects goes on with the generation that it began with, so that its second pass is made by
    the component and configuration of its first. Who wants that for sure, and digests that belong to the answers, holds
    the generation with `pinned` for the whole run.
    """

    def __init__(self, current: Generation) -> None:
        self._current = current
        self._runs: OrderedDict[tuple[str, str], Generation] = OrderedDict()
        self._gone: str | None = None

    @property
    def use(self) -> str:
        """The operator's name for this use."""
        return self._current.use

    @property
    def manifest(self) -> Manifest:
        """The manifest of the current component."""
        return self._current.manifest

    @property
    def digest(self) -> str:
        """The wasm digest of the current component."""
        return self._current.digest

    @property
    def config_digest(self) -> str:
        """The digest of the current configuration."""
        return self._current.config_digest

    @property
    def memo(self) -> bool:
        """Whether verdicts of the current generation may be memoised."""
        return self._current.memo

    @property
    def current(self) -> Generation:
        """The generation that new runs begin with."""
        return self._current

    async def ask(self, function: str, arguments: tuple[Any, ...], run: RunFacts, tenant: str) -> Case:
        """Make one pass with the generation that this run began with, else with the current one."""
        if self._gone is not None:
            raise PluginRefused(f"`{self.use}` is gone: {self._gone}", code="plugin-fenced", where=self.use)
        key = (run.id, function)
        generation = self._runs.pop(key, None)
        if generation is None:
            generation = self._current
            generation.hold()
        keep = False
        try:
            answer = await generation.ask(function, arguments, run, tenant)
            keep = answer.tag == "perform" and key not in self._runs and self._gone is None
        finally:
            if not keep:
                generation.let_go()
        if keep:
            self._remember(key, generation)
        return answer

    def pinned(self) -> Generation:
        """Hold the current generation: its digests and its answers belong together, until the block is left."""
        if self._gone is not None:
            raise PluginRefused(f"`{self.use}` is gone: {self._gone}", code="plugin-fenced", where=self.use)
        return self._current

    def exchange(self, fresh: Generation) -> Generation:
        """Make `fresh` the current generation and return the one before: no await, so no call sees both or none."""
        before, self._current = self._current, fresh
        return before

    def forget(self, generation: Generation) -> None:
        """Let go of runs that were left in the middle; they would hold the generation for ever."""
        for key in [key for key, held in self._runs.items() if held is generation]:
            del self._runs[key]
            generation.let_go()

    def end(self, reason: str) -> None:
        """Refuse every call from now on; runs between two passes will not go on."""
        self._gone = reason
        while self._runs:
            self._runs.popitem()[1].let_go()

    def _remember(self, key: tuple[str, str], generation: Generation) -> None:
        self._runs[key] = generation
        if len(self._runs) > MAX_RUNS:
            _, oldest = self._runs.popitem(last=False)
            oldest.let_go()
