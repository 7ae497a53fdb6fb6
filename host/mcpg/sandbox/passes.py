"""One pass in a thread, and what all pools of a sandbox share for that. It decides nothing; `pool` does."""

from __future__ import annotations

import threading
from time import thread_time
from typing import TYPE_CHECKING, Any, NamedTuple

from mcpg.contract.problems import PluginRefused
from mcpg.sandbox.calls import GuestStopped, Scratch

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from mcpg.contract.documents import RunFacts
    from mcpg.contract.verdicts import Case
    from mcpg.sandbox.engine import Ticker
    from mcpg.sandbox.instances import Instance, Maker
    from mcpg.sandbox.settings import SandboxSettings

__all__ = ["Bounds", "Job", "Question", "Workers", "ask_again"]


class Workers:
    """The ticker, the threads and their scratch memory."""

    def __init__(self, settings: SandboxSettings, ticker: Ticker, threads: ThreadPoolExecutor) -> None:
        self.settings = settings
        self.ticker = ticker
        self.threads = threads
        self.scratch = Scratch()
        """Of the event loop's thread."""
        self._local = threading.local()

    def thread_scratch(self) -> Scratch:
        """Return the scratch memory of the thread that asks."""
        scratch: Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = Scratch()
        return scratch


class Question(NamedTuple):
    """What a pass asks."""

    function: str
    arguments: tuple[Any, ...]
    run: RunFacts


class Bounds(NamedTuple):
    """Ticks for making an instance, ticks for a pass, bytes of its answer."""

    make: int
    ticks: int
    room: int


class Job:
    """One pass in a thread, in a given instance or a new one, repeated in another one if so asked.

    Its times are of the thread's processor: that it waited for the interpreter beside a busy event loop makes no plugin
    slow.
    """

    __slots__ = (
        *("answer", "bounds", "failure", "instance", "keep", "make_seconds", "maker", "question", "repeat", "second"),
        *("seconds", "workers"),
    )

    def __init__(
        self,
        workers: Workers,
        maker: Maker,
        instance: Instance | None,
        question: Question,
        bounds: Bounds,
        *,
        keep: bool,
        repeat: bool,
    ) -> None:
        self.workers = workers
        self.maker = maker
        self.instance = instance
        self.question = question
        self.bounds = bounds
        self.keep = keep
        self.repeat = repeat
        self.answer: Any = None
        self.second: Case | GuestStopped | None = None
        self.failure: BaseException | None = None
        self.seconds = self.make_seconds = 0.0

    def work(self) -> None:
        """Make the pass; never raises, so that the instance is always accounted for: in `instance`, or closed."""
        scratch = self.workers.thread_scratch()
        instance, self.instance = self.instance, None
        try:
            if instance is None:
                begin = thread_time()
                instance = self.maker.make(self.bounds.make, scratch)
                self.make_seconds = thread_time() - begin
            self.answer = self._timed(instance, scratch)
            if self.repeat:
                self.second = ask_again(self.maker, self.question, self.bounds, scratch)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            self.failure = error
        if self.failure is None and self.keep:
            self.instance = instance
        elif instance is not None:
            instance.close()

    def _timed(self, instance: Instance, scratch: Scratch) -> Any:
        begin = thread_time()
        try:
            return instance.call(*self.question[:2], self.bounds.ticks, self.bounds.room, scratch, self.question.run)
        finally:
            self.seconds = thread_time() - begin


def ask_again(maker: Maker, question: Question, bounds: Bounds, scratch: Scratch) -> Case | GuestStopped:
    """Ask the same in a fresh instance, and return its answer or what stopped it."""
    try:
        fresh = maker.make(bounds.make, scratch, silent=True)
    except GuestStopped as stopped:
        return stopped
    except PluginRefused:
        return GuestStopped("trap", "it refused the configuration that it had accepted before")
    try:
        answer: Case = fresh.call(*question[:2], bounds.ticks, bounds.room, scratch, question.run)
    except GuestStopped as stopped:
        return stopped
    finally:
        fresh.close()
    return answer
