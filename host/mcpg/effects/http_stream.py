"""Reads a streamed answer and tells the client of progress while it comes. It opens and closes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeGuard

from mcpg.effects.pointers import resolve
from mcpg.effects.streams import event_value, splitter
from mcpg.effects.transport import HttpFailed

if TYPE_CHECKING:
    from mcpg.contract.effects import Stream
    from mcpg.contract.ports import EffectContext
    from mcpg.effects.echo import EchoGuard
    from mcpg.effects.incoming import Incoming

__all__ = ["StreamReader"]

_QUIET = 0.05
"""Seconds between two progress notifications of one stream; what comes sooner is skipped."""
_MAX_EVENTS = 100_000
_MAX_MESSAGE = 1024


class StreamReader:
    """Gathers the events of one answer."""

    def __init__(self, stream: Stream, guard: EchoGuard, context: EffectContext) -> None:
        self._stream = stream
        self._guard = guard
        self._context = context
        self._progress = float("-inf")
        self._told = float("-inf")

    async def read(self, incoming: Incoming) -> Any:
        """Return the list of all events' data, or the last that is JSON (the last at all if none is)."""
        split = splitter(self._stream.format)
        values: list[Any] = []
        last: Any = None
        async for chunk in incoming.chunks():
            for data in split.feed(chunk):
                last = await self._take(data, values, last)
        for data in split.finish():
            last = await self._take(data, values, last)
        return last if self._stream.last else values

    async def _take(self, data: bytes, values: list[Any], last: Any) -> Any:
        if self._guard.found_in(data):
            raise HttpFailed("secret-echoed", "the answer holds a secret that was sent", sent="answered")
        value = event_value(data)
        if not self._stream.last:
            if len(values) >= _MAX_EVENTS:
                raise HttpFailed("too-large", f"the stream has more than {_MAX_EVENTS} events", sent="answered")
            values.append(value)
        await self._tell(value)
        return last if isinstance(value, str) and last is not None else value

    async def _tell(self, value: Any) -> None:
        progress = resolve(self._stream.progress, value) if self._stream.progress else None
        now = asyncio.get_running_loop().time()
        if not _number(progress) or progress <= self._progress or now - self._told < _QUIET:
            return
        self._progress, self._told = progress, now
        params: dict[str, Any] = {"progress": progress}
        total = resolve(self._stream.total, value) if self._stream.total else None
        message = resolve(self._stream.message, value) if self._stream.message else None
        if _number(total):
            params["total"] = total
        if isinstance(message, str):
            params["message"] = message[:_MAX_MESSAGE]
        if self._guard.found_in(str(params).encode()):
            raise HttpFailed("secret-echoed", "the answer holds a secret that was sent", sent="answered")
        await self._context.notify("notifications/progress", params)


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
