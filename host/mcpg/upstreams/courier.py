"""Small messages of a link that nobody waits for: cancellations and refusals, in order, bounded. It reads no answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Courier"]

MAX_WAITING = 256
SECONDS_EACH = 5.0


class Courier:
    """One task that posts what was put, one after the other; what finds no room is dropped and counted."""

    def __init__(self, post: Callable[[bytes], Awaitable[None]]) -> None:
        self._post = post
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def start(self) -> None:
        """Start the task."""
        self._task = asyncio.create_task(self._run(), name="upstream courier")

    def put(self, body: bytes) -> None:
        """Queue a message."""
        try:
            self._queue.put_nowait(body)
        except asyncio.QueueFull:
            self.dropped += 1

    async def stop(self) -> None:
        """End the task; what still waits is dropped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            body = await self._queue.get()
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_EACH):
                    await self._post(body)
