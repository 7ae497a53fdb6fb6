"""One request of a batch, which its client may withdraw alone, before its turn or in it. It answers nothing.

Source: MCP 2025-03-26, basic/transports (batches), basic/utilities/cancellation.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

__all__ = ["Part"]


class Part:
    """A request that waits for its turn in a batch, or is in work."""

    __slots__ = ("_task", "_withdrawn")

    def __init__(self) -> None:
        self._withdrawn = False
        self._task: asyncio.Task[bytes] | None = None

    def cancel(self) -> None:
        """Cancel this request and nothing else of its batch."""
        self._withdrawn = True
        if self._task is not None:
            self._task.cancel()

    async def run(self, work: Coroutine[Any, Any, bytes]) -> bytes | None:
        """Return the answer, none if it was withdrawn; cancelling whoever waits here cancels the work."""
        if self._is_withdrawn():
            work.close()
            return None
        self._task = task = asyncio.ensure_future(work)
        try:
            return await task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if self._is_withdrawn() and (waiting is None or not waiting.cancelling()):
                return None
            raise

    def _is_withdrawn(self) -> bool:
        return self._withdrawn
