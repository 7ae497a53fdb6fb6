"""The run loop for a gateway that is watched: tells a `RunWatcher` of each run. It runs nothing otherwise than `runs`.

It stands beside the run loop and not in it, so that a gateway without a watcher pays nothing.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import RunSeen
from mcpg.contract.problems import McpgError
from mcpg.pipeline.runs import History, Runner

if TYPE_CHECKING:
    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.ports import Guest, RunWatcher
    from mcpg.contract.verdicts import Case, Effect
    from mcpg.pipeline.memo import Memo
    from mcpg.pipeline.runs import Bounds, Question

__all__ = ["WatchedRunner", "runner_for"]

log = logging.getLogger("mcpg.gateway")


def runner_for(memo: Memo, watcher: RunWatcher | None) -> Runner:
    """Return the run loop, watched if there is somebody to tell."""
    return Runner(memo) if watcher is None else WatchedRunner(memo, watcher)


class WatchedRunner(Runner):
    """A `Runner` that tells of every run once it is over."""

    def __init__(self, memo: Memo, watcher: RunWatcher, bounds: Bounds | None = None) -> None:
        super().__init__(memo, bounds)
        self._watcher = watcher

    async def _run(self, question: Question, guest: Guest, history: History | None) -> Case:
        noting, history = _Noting(guest), history or History()
        begin = time.perf_counter()
        answer: Case | None = None
        problem: McpgError | None = None
        try:
            answer = await super()._run(question, noting, history)
        except McpgError as error:
            problem = error
            raise
        except Exception as error:
            problem = McpgError(type(error).__name__)
            raise
        else:
            return answer
        finally:
            if answer is not None or problem is not None:  # else it was cancelled, and is no finished run
                self._tell(question, noting, history, answer, problem, time.perf_counter() - begin)

    def _tell(  # noqa: PLR0917 - one caller, and all of it is one run
        self,
        question: Question,
        guest: _Noting,
        history: History,
        answer: Case | None,
        problem: McpgError | None,
        seconds: float,
    ) -> None:
        seen = RunSeen(
            call=question.work.call_id,
            use=question.stage.use,
            digest=guest.digest,
            config_digest=guest.config_digest,
            place=question.place,
            function=question.function,
            documents=question.documents,
            facts=history.facts,
            effects=tuple(guest.effects),
            replies=tuple(history.replies),
            answer=answer,
            problem=problem,
            passes=guest.passes,
            guest_seconds=guest.seconds,
            seconds=seconds,
        )
        try:
            self._watcher.seen(seen)
        except Exception:
            log.exception("the watcher of runs failed")


class _Noting:
    """A guest that counts and times what it is asked in one run, and keeps the effects that it named last."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.passes = 0
        self.seconds = 0.0
        self.effects: list[Effect] = []

    @property
    def use(self) -> str:
        return self._guest.use

    @property
    def manifest(self) -> Manifest:
        return self._guest.manifest

    @property
    def digest(self) -> str:
        return self._guest.digest

    @property
    def config_digest(self) -> str:
        return self._guest.config_digest

    @property
    def memo(self) -> bool:
        return self._guest.memo

    async def ask(self, function: str, arguments: tuple[Any, ...], run: RunFacts, tenant: str) -> Case:
        begin = time.perf_counter()
        self.passes += 1
        try:
            answer = await self._guest.ask(function, arguments, run, tenant)
        finally:
            self.seconds += time.perf_counter() - begin
        if answer.tag == "perform":
            self.effects = answer.value
        return answer
