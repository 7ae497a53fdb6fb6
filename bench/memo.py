"""What a remembered verdict costs: the whole run of a stage that finds its answer in the memo. It loads no plugin."""

from __future__ import annotations

import asyncio
import statistics
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

from mcpg.contract.documents import Caller, How
from mcpg.contract.verdicts import Case
from mcpg.pipeline.memo import Memo
from mcpg.pipeline.projection import compile_reads
from mcpg.pipeline.runs import Question, Runner
from mcpg.pipeline.stages import Stage
from mcpg.pipeline.work import Known, Work
from mcpg.plugins.generation import Generation
from mcpg.plugins.handle import Handle

__all__ = ["memo_hit"]

COUNT = 20_000
ACTION = '{"method":"tools/call","kind":"tool","name":"echo","arguments":{"q":"hello"},"annotations":{},"backend":"x"}'


def memo_hit(runs: int) -> dict[str, float]:
    """Return the median µs of a run that is answered from the memo."""
    return {"hit": statistics.median(asyncio.run(_once()) for _ in range(runs))}


async def _once() -> float:
    digest = "sha256:" + "0" * 64
    reads = ("/caller", "/action")
    manifest = SimpleNamespace(reads=reads)
    pool: Any = SimpleNamespace(
        use="rules", manifest=manifest, digest=digest, config_digest=digest, memo=True, ask=_answer
    )
    effects: Any = SimpleNamespace()
    stage = Stage("rules", Handle(Generation(pool)), effects, compile_reads(reads))
    runner = Runner(Memo())
    caller = Caller(id="ana", kind="user", how=How(credential="api-key"), trust="verified")
    work = Work(known=Known(caller), method="", name="", deadline=0, notify=_nobody, digest=lambda _: digest)
    question = Question(stage, "policy", "decide", (work.known.text(stage.reads), ACTION), work)
    await runner.run(question)
    begin = perf_counter_ns()
    for _ in range(COUNT):
        await runner.run(question)
        work.trace.clear()
    return (perf_counter_ns() - begin) / COUNT / 1000


async def _answer(*_: Any) -> Case:
    return Case("permit", [])


async def _nobody(_method: str, _params: dict[str, Any]) -> None:
    """Nobody is told."""
