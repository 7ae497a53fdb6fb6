"""What a component costs: compiling, making instances, passes and memory, measured case by case. It judges nothing.

A case's last pass is measured, the one that has all replies and gives the answer. Times are wall time of one thread
while the epoch ticks, as in a gateway, but nothing else runs there: no stage, no ledger. `share` is the part of a pass
that the host spends on writing documents for the guest and reading its answer (see `mcpg.sandbox.timing`).
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.problems import ConfigError
from mcpg.sandbox import PassLimits, Sandbox, SandboxSettings
from mcpg.sandbox.timing import timed
from mcpg.workshop.cases.script import Script
from mcpg.workshop.cases.walking import walk
from mcpg.workshop.documents import guest_facts
from mcpg.workshop.memory import Asked, Guest, least_memory
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Case
    from mcpg.sandbox import Component
    from mcpg.workshop.cases.model import PluginCase

__all__ = ["CaseFigures", "Figures", "Spread", "measure"]

LEAST: Final = 20
MOST: Final = 20_000
"""Times that one thing is done at least and at most, however long or short it takes."""
INSTANCES: Final = 16
"""Instances that are held at the same time for their share of the process's memory."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds of one thing done `count` times: the middle, and what one in a hundred exceeds."""

    p50: float
    p99: float
    count: int


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """One case: its last pass in an instance that is there, with an instance made for it, the host's share of it, and
    the least memory that an instance needs for it (bytes; None where the answer cannot be repeated)."""  # noqa: D205, D209 - it needs two lines

    name: str
    function: str
    passes: int
    kept: Spread
    fresh: Spread
    share: float
    memory: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One component: bytes, seconds; `resident` is what one more instance adds to the process after a pass."""

    manifest: Manifest
    digest: str
    size: int
    compile: float
    compiled: int
    load: float
    """From its compiled form on disk."""
    instantiate: Spread
    configure: Spread
    resident: float | None
    cases: tuple[CaseFigures, ...]
    skipped: tuple[str, ...]


async def measure(
    wasm: bytes, cases: Sequence[PluginCase], *, seconds: float = 1.0, say: Callable[[str], None] = lambda _: None
) -> Figures:
    """Measure a component with the cases that it answers; `seconds` is spent on each thing that is done often.

    Raises `PluginRefused` for what is no component, `ConfigError` where no case comes to an answer.
    """
    with tempfile.TemporaryDirectory(prefix="mcpg-bench-") as folder:
        cache = Path(folder)
        compile_seconds, compiled = await _compiled(wasm, cache)
        load_seconds, _ = await _compiled(wasm, cache)
        walked, skipped = await _walked(wasm, cases, cache, say)
        if not walked:
            raise ConfigError(
                "no case comes to an answer, so there is nothing to measure",
                where="cases",
                remedy="write one, and try it with `mcpg plugin test`",
                code="no-cases",
            )
        sandbox = Sandbox(SandboxSettings(cache=cache, repeat_share=0.0, shared_instances=1))
        await sandbox.start()
        try:
            component = await sandbox.load(wasm)
            manifest = walked[0].manifest
            first = await asyncio.to_thread(_making, component, walked[0], seconds)
            figures = []
            for each in walked:
                say(f"measuring `{each.name}`")
                times = await asyncio.to_thread(_passes, component, each, seconds)
                guest = Guest(sandbox, component, each.manifest, each.config)
                need = await least_memory(guest, each.asked, each.answer)
                figures.append(CaseFigures(each.name, each.asked.function, each.passes, *times, need.memory))
        finally:
            await sandbox.stop()
        instantiate, configure, resident = first
        return Figures(
            manifest=manifest,
            digest=component.digest,
            size=len(wasm),
            compile=compile_seconds,
            compiled=compiled,
            load=load_seconds,
            instantiate=instantiate,
            configure=configure,
            resident=resident,
            cases=tuple(figures),
            skipped=tuple(skipped),
        )


@dataclass(frozen=True, slots=True)
class _Walked:
    """A case that has come to an answer: its last pass, and the configuration's text."""

    name: str
    manifest: Manifest
    config: str
    asked: Asked
    answer: Case
    passes: int

    @property
    def limits(self) -> PassLimits:
        return PassLimits.of(self.manifest.limits)

    @property
    def question(self) -> tuple[str, tuple[Any, ...], Any]:
        return self.asked.function, self.asked.arguments, self.asked.facts


async def _compiled(wasm: bytes, cache: Path) -> tuple[float, int]:
    """Load a component in a sandbox of its own; return the seconds, and the bytes of its compiled form."""
    sandbox = Sandbox(SandboxSettings(cache=cache))
    try:
        begin = time.perf_counter()
        await sandbox.load(wasm)
        seconds = time.perf_counter() - begin
    finally:
        await sandbox.stop()
    sizes = await asyncio.to_thread(lambda: [each.stat().st_size for each in cache.glob("*.cwasm")])
    return seconds, sum(sizes)


async def _walked(
    wasm: bytes, cases: Sequence[PluginCase], cache: Path, say: Callable[[str], None]
) -> tuple[list[_Walked], list[str]]:
    """Return the cases that come to an answer, and why others do not."""
    found, skipped = [], []
    async with open_workbench(wasm, cache=cache) as bench:
        for case in cases:
            if case.refuses is not None:
                continue
            stand = await bench.stand(case.config, case.base)
            try:
                question = stand.prepare(case.ask, case.documents, case.run)
                walked = await walk(stand, question, Script(case.effects))
                if walked.answer is None:
                    skipped.append(case.name)
                    say(f"`{case.name}` comes to no answer: {walked.fault.message if walked.fault else ''}")
                    continue
                texts = (*question.texts, list(walked.replies)) if question.replies else question.texts
                asked = Asked(case.ask, texts, guest_facts(question.run))
                config = stand.configuration.text
                found.append(_Walked(case.name, bench.manifest, config, asked, walked.answer, len(walked.passes)))
            finally:
                await stand.close()
    return found, skipped


def _making(component: Component, case: _Walked, seconds: float) -> tuple[Spread, Spread, float | None]:
    with timed(component, case.limits, case.config) as clock:
        pairs = list(_enough(clock.making(MOST), seconds))
        resident = clock.resident(*case.question, INSTANCES)
    return _spread([each for each, _ in pairs]), _spread([each for _, each in pairs]), resident


def _passes(component: Component, case: _Walked, seconds: float) -> tuple[Spread, Spread, float]:
    with timed(component, case.limits, case.config) as clock:
        kept = _spread(list(_enough(clock.passes(*case.question), seconds)))
        fresh = _spread(list(_enough(clock.fresh(*case.question), seconds)))
        shares = [values / whole for values, whole in _enough(clock.shares(*case.question), seconds)]
    return kept, fresh, median(shares)


def _enough(times: Iterator[Any], seconds: float) -> Iterator[Any]:
    """Yield what comes within `seconds`, at least `LEAST` and at most `MOST` of it."""
    end = time.perf_counter() + seconds
    for number, each in enumerate(itertools.islice(times, MOST)):
        yield each
        if number + 1 >= LEAST and time.perf_counter() >= end:
            return


def _spread(times: list[float]) -> Spread:
    cuts = quantiles(times, n=100, method="inclusive")
    return Spread(cuts[49], cuts[98], len(times))
