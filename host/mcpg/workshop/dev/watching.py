"""Takes the runs of a session's gateway and hands those of the plugin on, one after the other.

The gateway never waits for it: runs that come faster than they are shown are counted and left out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from mcpg.contract.ports import RunSeen

__all__ = ["Eyes"]

MOST: Final = 256
"""Runs that wait to be shown."""


class Eyes:
    """The `RunWatcher` of a session: `seen` takes runs of `uses`, `show` hands them to whoever shows."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[RunSeen] = asyncio.Queue(MOST)
        self.uses: Collection[str] = ()
        """The uses whose runs matter; those of others are not kept."""
        self.lost = 0
        """Runs that were left out."""

    def seen(self, run: RunSeen) -> None:
        """Take a run; one too many is counted only."""
        if run.use not in self.uses:
            return
        try:
            self._queue.put_nowait(run)
        except asyncio.QueueFull:
            self.lost += 1

    async def show(self, take: Callable[[RunSeen, bool], Awaitable[None]]) -> None:
        """Hand runs on until cancelled, each with whether others wait: then it should not take long."""
        while True:
            run = await self._queue.get()
            try:
                await take(run, not self._queue.empty())
            finally:
                self._queue.task_done()

    async def all_shown(self) -> None:
        """Return once everything that was seen so far has been told."""
        await self._queue.join()
