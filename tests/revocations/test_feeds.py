"""Polling: spread, one at a time, patient after failures, stopped at once, and never past a list that was refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import McpgError, PluginRefused, RegistryFailed
from mcpg_revocations.feeds import INTERVAL, JITTER, SOONEST, Feed
from mcpg_revocations.sources import Fetched


class Shelf:
    """A source whose answers are laid out: bytes, errors, or `None` for no news. Its last one stays."""

    name = "a shelf"

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.marks: list[str] = []
        self.running = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, mark: str) -> Fetched | None:
        self.marks.append(mark)
        self.running += 1
        assert self.running == 1
        try:
            await self.gate.wait()
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        finally:
            self.running -= 1
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None else Fetched(answer, f"mark of {answer.decode()}")


class Taker:
    """Takes lists, and refuses those that it was told to."""

    def __init__(self, *refused: bytes) -> None:
        self.refused = set(refused)
        self.taken: list[bytes] = []

    async def __call__(self, text: bytes) -> None:
        if text in self.refused:
            raise PluginRefused("no", step=4, code="revocation-split")
        self.taken.append(text)


async def test_a_poll_hands_on_what_is_news() -> None:
    shelf, taker = Shelf(b"1", None, b"2"), Taker()
    feed = Feed(shelf)
    assert [await feed.poll(taker) for _ in range(3)] == [True, False, True]
    assert taker.taken == [b"1", b"2"]
    assert shelf.marks == ["", "mark of 1", "mark of 1"]
    assert feed.name == "a shelf"


async def test_a_list_that_was_refused_is_asked_for_again() -> None:
    shelf, taker = Shelf(b"1", b"bad", b"bad"), Taker(b"bad")
    feed = Feed(shelf)
    await feed.poll(taker)
    for _ in range(2):
        with pytest.raises(PluginRefused):
            await feed.poll(taker)
    assert shelf.marks == ["", "mark of 1", "mark of 1"]
    taker.refused.clear()
    assert await feed.poll(taker) is True


async def test_polls_never_overlap() -> None:
    shelf, taker = Shelf(b"1", b"2", b"3"), Taker()
    shelf.gate.clear()
    feed = Feed(shelf)
    polls = [asyncio.create_task(feed.poll(taker)) for _ in range(3)]
    await asyncio.sleep(0)
    assert shelf.running == 1
    shelf.gate.set()
    assert await asyncio.gather(*polls) == [True, True, True]
    assert taker.taken == [b"1", b"2", b"3"]


async def run_until(feed: Feed, taker: Taker, polls: int) -> list[McpgError | None]:
    """Run a feed, waking it after each poll, until it has told of so many."""
    told: list[McpgError | None] = []
    done = asyncio.Event()

    def on_poll(error: McpgError | None) -> None:
        told.append(error)
        if len(told) == polls:
            done.set()
        else:
            asyncio.get_running_loop().call_soon(feed.wake)

    task = asyncio.create_task(feed.run(taker, on_poll))
    async with asyncio.timeout(10):
        await done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return told


async def test_it_polls_on_after_failures_and_tells_of_each() -> None:
    gone = RegistryFailed("gone", code="registry-unreachable")
    taker = Taker(b"bad")
    feed = Feed(Shelf(gone, b"1", b"bad", gone, None), spread=lambda: 0.5)
    told = await run_until(feed, taker, 5)
    assert [error.code if error else None for error in told] == [
        "registry-unreachable",
        None,
        "revocation-split",
        "registry-unreachable",
        None,
    ]
    assert taker.taken == [b"1"]
    assert feed.pause() == INTERVAL


async def test_it_waits_longer_after_each_failure_and_never_longer_than_the_interval() -> None:
    feed = Feed(Shelf(RegistryFailed("gone")), interval=60, spread=lambda: 0.5)
    waits = []
    for failures in range(1, 8):
        await run_until(feed, Taker(), 1)
        assert feed._failures == failures
        waits.append(feed.pause())
    assert waits == [SOONEST, 10, 20, 40, 60, 60, 60]


async def test_a_failure_that_nobody_meant_ends_it() -> None:
    feed = Feed(Shelf(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        await feed.run(Taker())


async def test_it_stops_at_once_in_the_middle_of_a_poll_and_can_go_on() -> None:
    shelf, taker = Shelf(b"1"), Taker()
    shelf.gate.clear()
    feed = Feed(shelf)
    task = asyncio.create_task(feed.run(taker))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    shelf.gate.set()
    assert (shelf.running, taker.taken) == (0, [])
    assert await feed.poll(taker) is True


@given(st.floats(0, 1, exclude_max=True), st.floats(1, 86400))
def test_the_interval_is_spread_by_a_fifth(spread: float, interval: float) -> None:
    pause = Feed(Shelf(None), interval=interval, spread=lambda: spread).pause()
    assert interval * (1 - JITTER) * 0.999 <= pause <= interval * (1 + JITTER) * 1.001
