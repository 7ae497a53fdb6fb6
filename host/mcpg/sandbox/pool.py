"""A plugin use that is ready to be asked: which instance makes a pass, in which thread, and what becomes of it.

A pass, step by step:

1. a fenced pool refuses;
2. it runs inline on the event loop with a deadline of a few milliseconds, unless the plugin has lately been slow;
3. one that meets that deadline is run again, it is pure, in the thread pool with its full limit; one that only waits
   there, because another was slow, runs inline after all when the plugin turns out to be quick;
4. a share of the passes in reused instances is repeated in a fresh one, and a different answer quarantines the plugin;
5. an instance that did not end with an answer is dropped; a verdict that came after fencing is discarded.

It does not look into documents, and it does not know what its answers decide.
"""

from __future__ import annotations

import asyncio
import logging
from random import random
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mcpg.contract.problems import BadDocument, NondeterministicPlugin, PluginRefused, PluginTrapped, RunFailed
from mcpg.sandbox.calls import GuestStopped
from mcpg.sandbox.engine import ticks
from mcpg.sandbox.passes import Bounds, Job, Question, Workers, ask_again
from mcpg.sandbox.shelves import Shelves

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Case
    from mcpg.sandbox.component import Component
    from mcpg.sandbox.instances import Instance, Maker
    from mcpg.sandbox.settings import Isolation, PassLimits

__all__ = ["Pool", "PoolStats"]

_WEIGHT: Final = 0.2
_CHEAP: Final = 0.0005
_log = logging.getLogger(__name__)


class PoolStats(NamedTuple):
    """Counters since the pool was made; `mean_us` is the running mean of a pass, `instances` are the idle ones."""

    state: str
    passes: int
    traps: int
    overruns: int
    repeats: int
    mean_us: float
    instances: int
    active: int


class Pool:
    """The port `Guest` over pooled instances of one component. Belongs to one event loop."""

    def __init__(
        self,
        component: Component,
        workers: Workers,
        maker: Maker,
        *,
        use: str,
        manifest: Manifest,
        config_digest: str,
        isolation: Isolation,
        memo: bool,
        limits: PassLimits,
        on_quarantine: Callable[[str, str], None] | None = None,
    ) -> None:
        self.component = component
        self.use = use
        self.manifest = manifest
        self.config_digest = config_digest
        self.isolation: Isolation = isolation
        self.memo = memo
        settings = workers.settings
        self._workers = workers
        self._maker = maker
        self._limits = limits
        self._on_quarantine = on_quarantine
        self._share = 0.0 if isolation == "call" else settings.repeat_share
        self._shelves = Shelves(settings, isolation)
        self._ahead = isolation == "call"
        inline = ticks(settings.inline_deadline_ms / 1000)
        self._inline_bounds = Bounds(inline, inline, limits.output)
        self._full_bounds = Bounds(ticks(settings.configure_time), ticks(limits.time), limits.output)
        self._slow_above = settings.inline_deadline_ms / 2000
        # half the threads, so that a plugin which loops does not hold up the others
        self._slots = asyncio.Semaphore(max(1, settings.pool_threads // 2))
        self._idle = asyncio.Event()
        self._idle.set()
        self._fenced: str | None = None
        self._closed = self._slow = self._filling = False
        self._make_cost = self._mean = 0.0
        self._active = self._waiting = self._passes = self._traps = self._overruns = self._repeats = 0

    @property
    def digest(self) -> str:
        """The wasm digest of the component, `sha256:<hex>`."""
        return self.component.digest

    @property
    def state(self) -> str:
        """`ready`, `fenced` or `closed`."""
        return "closed" if self._closed else "ready" if self._fenced is None else "fenced"

    @property
    def stats(self) -> PoolStats:
        """The counters of now."""
        return PoolStats(
            state=self.state,
            passes=self._passes,
            traps=self._traps,
            overruns=self._overruns,
            repeats=self._repeats,
            mean_us=self._mean * 1e6,
            instances=self._shelves.count,
            active=self._active,
        )

    async def ask(self, function: str, arguments: tuple[Any, ...], run: RunFacts, tenant: str) -> Case:
        """Make one pass and return its tagged answer.

        Raises `PluginTrapped` (trap, deadline, memory), `BadDocument` (too large, not Unicode, a number above 2^53-1),
        `NondeterministicPlugin`, `PluginRefused` (fenced) and `RunFailed` with code `plugin-busy`.
        """
        if self._fenced is not None:
            raise self._refusal()
        repeat = bool(self._share) and random() < self._share  # noqa: S311 - which passes are repeated is no secret
        threaded = repeat and self._make_cost > self._slow_above
        while True:
            if not self._slow and not threaded:
                try:
                    return self._inline(function, arguments, run, tenant, repeat)
                except _OverranError:
                    threaded = True
            await self._slot()
            if threaded or self._slow:
                return await self._in_thread(Question(function, arguments, run), tenant, repeat=repeat)
            self._slots.release()

    def fence(self, reason: str) -> None:
        """Let no new pass begin, and discard the verdicts of those under way. The first reason stays."""
        if self._fenced is None:
            self._fenced = reason
            self._shelves.clear()

    async def close(self) -> None:
        """Fence, wait for the passes under way (at most their limit), and drop every instance."""
        self.fence("it was closed")
        self._closed = True
        await self._idle.wait()
        self._shelves.clear()

    async def prepare(self) -> None:
        """Make the first instance, which also configures it; raises `PluginRefused` when that cannot be done."""
        loop = asyncio.get_running_loop()
        future = self._start(self._make_in_thread)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
        try:
            instance, self._make_cost = await asyncio.wrap_future(future)
        except GuestStopped as stopped:
            raise PluginRefused(
                f"`{self.use}` cannot be started: {stopped.detail}",
                code="plugin-not-started",
                remedy="raise its limits, or mend it",
            ) from None
        self._shelves.give_new(instance)
        self._feed()

    def _inline(
        self,
        function: str,
        arguments: tuple[Any, ...],
        run: RunFacts,
        tenant: str,
        repeat: bool,  # noqa: FBT001 - likewise
    ) -> Case:
        """Make a pass on the event loop; raises `_OverranError` when it takes too long for that."""
        workers, shelves, bounds = self._workers, self._shelves, self._inline_bounds
        ticker = workers.ticker
        ticker.passes += 1
        if ticker.asleep:
            ticker.wake()
        instance = shelves.take(tenant) or self._make_inline(function)
        begin = perf_counter()
        try:
            answer: Case = instance.call(function, arguments, bounds.ticks, bounds.room, workers.scratch, run)
            self._note(perf_counter() - begin)
            if repeat:
                question = Question(function, arguments, run)
                self._compare(function, answer, ask_again(self._maker, question, bounds, workers.scratch))
        except GuestStopped as stopped:
            instance.close()
            self._note(perf_counter() - begin)
            if stopped.why == "deadline":
                raise self._overran() from None
            raise self._failure(function, stopped) from None
        except BaseException as error:
            instance.close()
            raise self._told(function, error) from error
        shelves.give_back(tenant, instance)
        if self._ahead:
            self._feed()
        return answer

    def _make_inline(self, function: str) -> Instance:
        """Make an instance on the event loop if that has been quick so far; raises `_OverranError` otherwise."""
        if self._make_cost > self._slow_above:
            raise _OverranError
        begin = perf_counter()
        try:
            return self._maker.make(self._inline_bounds.make, self._workers.scratch)
        except GuestStopped as stopped:
            if stopped.why == "deadline":
                raise _OverranError from None
            raise self._failure(function, stopped) from None
        finally:
            self._made(perf_counter() - begin)

    def _overran(self) -> _OverranError:
        self._overruns += 1
        self._slow = True
        self._mean = max(self._mean, 2 * self._slow_above)
        return _OverranError()

    async def _in_thread(self, question: Question, tenant: str, *, repeat: bool) -> Case:
        """Make a pass in the thread pool with the full limit; the slot is given back when the thread is done."""
        job = Job(
            self._workers,
            self._maker,
            self._shelves.take(tenant),
            question,
            self._full_bounds,
            keep=self.isolation != "call",
            repeat=repeat,
        )
        loop = asyncio.get_running_loop()
        future = self._start(job.work)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._finish, job, tenant))
        await asyncio.wrap_future(future)
        if self._fenced is not None:
            raise self._refusal()
        if job.failure is not None:
            raise self._told(question.function, job.failure) from None
        if job.repeat:
            self._compare(question.function, job.answer, job.second)
        answer: Case = job.answer
        return answer

    async def _slot(self) -> None:
        """Wait for a thread's turn, in a queue of bounded length; raises `PluginRefused` when it came too late."""
        if self._waiting >= self._workers.settings.max_waiting:
            raise RunFailed(f"`{self.use}` has {self._waiting} passes waiting already", code="plugin-busy")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        if self._fenced is not None:
            self._slots.release()
            raise self._refusal()

    def _start(self, work: Callable[[], Any]) -> Future[Any]:
        """Hand work to the threads and let the ticker know."""
        ticker = self._workers.ticker
        future = self._workers.threads.submit(work)
        self._active += 1
        self._idle.clear()
        ticker.active += 1
        if ticker.asleep:
            ticker.wake()
        return future

    def _done(self) -> None:
        self._workers.ticker.active -= 1
        self._active -= 1
        if not self._active:
            self._idle.set()

    def _finish(self, job: Job, tenant: str) -> None:
        """Take back what a thread has used, also when nobody waits for its answer any more."""
        self._done()
        self._slots.release()
        if job.seconds:
            self._note(job.seconds)
        if job.make_seconds:
            self._made(job.make_seconds)
        if job.instance is not None:
            if self._fenced is None:
                self._shelves.give_back(tenant, job.instance)
            else:
                job.instance.close()
        self._feed()

    def _feed(self) -> None:
        """See to instances made ahead of time."""
        if self._shelves.hungry and self._fenced is None and not self._filling:
            self._filling = True
            asyncio.get_running_loop().call_soon(self._fill)

    def _fill(self) -> None:
        """Make one instance ahead of time: here if that is cheap, in a thread otherwise."""
        self._filling = False
        if not self._shelves.hungry or self._fenced is not None:
            return
        if self._make_cost > _CHEAP:
            self._filling = True
            loop = asyncio.get_running_loop()
            future = self._start(self._make_in_thread)
            future.add_done_callback(lambda made: loop.call_soon_threadsafe(self._filled, made))
            return
        self._workers.ticker.passes += 1
        if self._workers.ticker.asleep:
            self._workers.ticker.wake()
        try:
            self._shelves.give_new(self._make_inline("configure"))
        except (_OverranError, RunFailed, PluginRefused):
            return  # the next pass makes its own, and tells
        self._feed()

    def _filled(self, made: Future[tuple[Instance, float]]) -> None:
        self._done()
        self._filling = False
        if made.cancelled() or made.exception() is not None:
            return  # the next pass makes its own, and tells
        instance, seconds = made.result()
        self._made(seconds)
        if self._fenced is None:
            self._shelves.give_new(instance)
            self._feed()
        else:
            instance.close()

    def _make_in_thread(self) -> tuple[Instance, float]:
        begin = thread_time()
        instance = self._maker.make(self._full_bounds.make, self._workers.thread_scratch())
        return instance, thread_time() - begin

    def _made(self, seconds: float) -> None:
        self._make_cost += (seconds - self._make_cost) * _WEIGHT

    def _compare(self, function: str, answer: Case, second: Case | GuestStopped | None) -> None:
        """Quarantine the plugin if the second answer differs; that it ran out of time says nothing."""
        self._repeats += 1
        if second == answer or (isinstance(second, GuestStopped) and second.why == "deadline"):
            return
        reason = f"`{function}` of `{self.use}` answered the same question in two ways"
        self.fence(f"{reason}, so it is quarantined")
        if self._on_quarantine is not None:
            try:
                self._on_quarantine(self.use, reason)
            except Exception:  # noqa: BLE001 - whoever listens must not hide what was found
                _log.exception("the quarantine of `%s` could not be told", self.use)
        raise NondeterministicPlugin(reason, remedy="find the state that the plugin keeps, or replace it")

    def _note(self, seconds: float) -> None:
        self._passes += 1
        self._mean += (seconds - self._mean) * _WEIGHT
        self._slow = self._mean > self._slow_above

    def _refusal(self) -> PluginRefused:
        return PluginRefused(f"`{self.use}` is fenced: {self._fenced}", code="plugin-fenced")

    def _told(self, function: str, error: BaseException) -> BaseException:
        """Return what a caller may see of an error in a pass."""
        if isinstance(error, GuestStopped):
            return self._failure(function, error)
        if isinstance(error, UnicodeEncodeError):
            return BadDocument(f"a document for `{self.use}` holds a lone surrogate, which is not Unicode")
        return error

    def _failure(self, function: str, stopped: GuestStopped) -> RunFailed:
        self._traps += 1
        what = f"`{function}` of `{self.use}`"
        match stopped.why:
            case "deadline":
                late = f"{what} ran longer than {self._limits.time * 1000:g} ms"
                return PluginTrapped(late, code="plugin-deadline", trace=stopped.trace)
            case "encoding":
                return BadDocument(f"{what} answered with text that is not Unicode: {stopped.detail}")
            case "oversize":
                return BadDocument(f"{what} answered with more than {self._limits.output} bytes")
            case _:
                return PluginTrapped(f"{what} trapped: {stopped.detail}", trace=stopped.trace)


class _OverranError(Exception):
    """A pass, or making an instance for it, takes too long for the event loop."""
