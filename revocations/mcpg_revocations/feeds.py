"""Polls one source of lists, again and again. It judges no list and stores none: what it is given to call does.

The interval is spread by a fifth either way, so that a fleet does not ask at once. After a failure it tries again soon,
and waits longer each time, up to the interval. No two polls run at once.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from mcpg.contract.problems import McpgError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg_revocations.sources import Source

__all__ = ["INTERVAL", "Feed"]

INTERVAL = 300.0
JITTER = 0.2
SOONEST = 5.0
"""Seconds to wait after a first failure; they double with each further one."""
MAX_DOUBLINGS = 16


class Feed:
    """One source and how often it is asked; `interval` in seconds. Belongs to one event loop.

    `on_list` gets the bytes of a list that is news. It raises `McpgError` to refuse them, and then the same list is
    fetched again the next time. `on_poll` is told of each poll what went wrong, or `None`.
    """

    def __init__(
        self,
        source: Source,
        *,
        interval: float = INTERVAL,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._interval = interval
        self._spread = spread
        self._mark = ""
        self._failures = 0
        self._polling = asyncio.Lock()
        self._woken = asyncio.Event()

    @property
    def name(self) -> str:
        """Where the lists come from."""
        return self._source.name

    async def poll(self, on_list: Callable[[bytes], Awaitable[object]]) -> bool:
        """Ask once, and hand a list on that is news; return whether there was one.

        `RegistryFailed` or `PluginRefused` as the source raises them, and whatever `on_list` raises.
        """
        async with self._polling:
            fetched = await self._source.fetch(self._mark)
            if fetched is None:
                return False
            await on_list(fetched.text)
            self._mark = fetched.mark
            return True

    async def run(
        self,
        on_list: Callable[[bytes], Awaitable[object]],
        on_poll: Callable[[McpgError | None], None] = lambda _: None,
    ) -> None:
        """Poll until cancelled, first of all at once."""
        while True:
            self._woken.clear()
            try:
                await self.poll(on_list)
            except McpgError as error:
                self._failures = min(self._failures + 1, MAX_DOUBLINGS)
                on_poll(error)
            else:
                self._failures = 0
                on_poll(None)
            await self._wait(self.pause())

    def wake(self) -> None:
        """Let `run` poll now, without waiting for the interval to end."""
        self._woken.set()

    def pause(self) -> float:
        """Return how many seconds to wait before the next poll."""
        wait = self._interval
        if self._failures:
            wait = min(wait, SOONEST * 2 ** (self._failures - 1))
        return wait * (1 - JITTER + 2 * JITTER * self._spread())

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
