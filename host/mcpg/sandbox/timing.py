"""Times what a component takes, step by step: making an instance, configuring it, passes. No gateway uses it.

What the host spends on values is measured inside the very calls: the closures that write arguments and read answers
are wrapped by a clock. All the rest of a call is the engine and the guest; what wasmtime itself copies into and out of
the guest's memory is in there too, and cannot be told from the guest's own work from outside.
"""

from __future__ import annotations

import copy
import os
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.problems import BadDocument, PluginTrapped
from mcpg.sandbox.calls import GuestStopped, Plan, Scratch
from mcpg.sandbox.engine import Ticker, ticks
from mcpg.sandbox.instances import Instance, Maker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mcpg.contract.documents import RunFacts
    from mcpg.sandbox.component import Component
    from mcpg.sandbox.settings import PassLimits

__all__ = ["Timed", "timed"]

SECONDS: Final = 5.0
"""Time that one step may take: it is measured, not bounded."""


@contextmanager
def timed(component: Component, limits: PassLimits, config: str) -> Iterator[Timed]:
    """Open a component for timing. It blocks throughout: use it in one thread, off the event loop."""
    ticker = Ticker(component.engine)
    ticker.active = 1  # so that it never sleeps: passes made here are counted by nobody
    ticker.start()
    try:
        yield Timed(component, limits, config)
    finally:
        ticker.stop()


class Timed:
    """One component under one configuration; every method makes what it needs anew, or asks an instance of its own.

    Raises `PluginTrapped` and `BadDocument` for a component that does not do what is measured.
    """

    def __init__(self, component: Component, limits: PassLimits, config: str) -> None:
        self._limits = limits
        self._scratch = Scratch()
        self._ticks = ticks(SECONDS)
        self._maker = Maker(component, limits, config, lambda _stream, _data: None)
        self._clock = _Clock()
        watched = copy.copy(component)
        watched.plans = {name: self._clock.plan(plan) for name, plan in component.plans.items()}
        self._watched = Maker(watched, limits, config, lambda _stream, _data: None)

    def making(self, times: int) -> Iterator[tuple[float, float]]:
        """Yield seconds to instantiate and seconds to configure (its function bound first), `times` times."""
        for _ in range(times):
            begin = perf_counter()
            instance = self._maker.begin()
            try:
                instance.begin(self._ticks)
                middle = perf_counter()
                self._maker.configure(instance, self._ticks, self._scratch)
                yield middle - begin, perf_counter() - middle
            except GuestStopped as stopped:
                raise _failed(stopped) from None
            finally:
                instance.close()

    def fresh(self, function: str, arguments: tuple[Any, ...], facts: RunFacts) -> Iterator[float]:
        """Yield seconds of one pass with an instance made and dropped for it, for ever."""
        while True:
            begin = perf_counter()
            with self._instance(self._maker) as instance:
                self._ask(instance, function, arguments, facts)
            yield perf_counter() - begin

    def passes(self, function: str, arguments: tuple[Any, ...], facts: RunFacts) -> Iterator[float]:
        """Yield seconds of one pass in one instance, for ever; the first has bound the function before."""
        with self._instance(self._maker) as instance:
            self._ask(instance, function, arguments, facts)
            while True:
                begin = perf_counter()
                self._ask(instance, function, arguments, facts)
                yield perf_counter() - begin

    def shares(self, function: str, arguments: tuple[Any, ...], facts: RunFacts) -> Iterator[tuple[float, float]]:
        """Yield seconds that the host spent on values and seconds of the whole pass, in one instance, for ever."""
        with self._instance(self._watched) as instance:
            self._ask(instance, function, arguments, facts)
            while True:
                self._clock.seconds = 0.0
                begin = perf_counter()
                self._ask(instance, function, arguments, facts)
                yield self._clock.seconds, perf_counter() - begin

    def resident(self, function: str, arguments: tuple[Any, ...], facts: RunFacts, count: int) -> float | None:
        """Return the bytes of this process that one more instance costs after a pass; None where nobody tells (Linux).

        `count` instances are held at the same time, and the growth is divided; that of one more is made before, so
        that what all of them share is there already.
        """
        before: int | None = None
        held: list[Instance] = []
        try:
            for number in range(count + 1):
                held.append(self._made(self._maker))
                self._ask(held[-1], function, arguments, facts)
                if number == 0 and (before := _resident()) is None:
                    return None
            after = _resident()
        finally:
            for instance in held:
                instance.close()
        return None if before is None or after is None else (after - before) / count

    @contextmanager
    def _instance(self, maker: Maker) -> Iterator[Instance]:
        instance = self._made(maker)
        try:
            yield instance
        finally:
            instance.close()

    def _made(self, maker: Maker) -> Instance:
        try:
            return maker.make(self._ticks, self._scratch, silent=True)
        except GuestStopped as stopped:
            raise _failed(stopped) from None

    def _ask(self, instance: Instance, function: str, arguments: tuple[Any, ...], facts: RunFacts) -> Any:
        try:
            return instance.call(function, arguments, self._ticks, self._limits.output, self._scratch, facts)
        except GuestStopped as stopped:
            raise _failed(stopped) from None


class _Clock:
    """Adds up the seconds of everything that it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def plan(self, plan: Plan) -> Plan:
        """Return a plan that does the same beside this clock."""
        watched = Plan(plan.shape)
        watched.lowers = [(self._around(lower), at) for lower, at in watched.lowers]
        if watched.lift is not None:
            watched.lift = self._around(watched.lift)
        return watched

    def _around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            begin = perf_counter()
            try:
                return work(*arguments)
            finally:
                self.seconds += perf_counter() - begin

        return run


def _resident() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _failed(stopped: GuestStopped) -> PluginTrapped | BadDocument:
    if stopped.why in {"encoding", "oversize"}:
        return BadDocument(f"the answer cannot be taken: {stopped.detail}")
    return PluginTrapped(f"it stopped ({stopped.why}): {stopped.detail}", trace=stopped.trace)
