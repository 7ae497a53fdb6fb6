"""Where a blob goes on its way in: anything that counts and checks its bytes. It fetches nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, Self

from mcpg_registry.digests import Checker

if TYPE_CHECKING:
    from types import TracebackType

    from mcpg_registry.manifests import Descriptor

__all__ = ["MemorySink", "Sink", "Writing"]


class Sink(Protocol):
    """Takes one blob; its methods may block and are called off the event loop, one at a time."""

    @property
    def offset(self) -> int:
        """How many of the blob's first bytes are there."""
        ...

    def write(self, chunk: bytes, /) -> None:
        """Take the next bytes; `ValueError` when there are more than were promised."""
        ...

    def restart(self) -> None:
        """Forget what has come."""
        ...

    def finish(self) -> bytes:
        """Return the whole blob; `ValueError` when size or digest are not those promised, and then nothing is kept."""
        ...


class MemorySink:
    """A blob in memory."""

    def __init__(self, descriptor: Descriptor) -> None:
        self.offset = 0
        self._descriptor = descriptor
        self._parts: list[bytes] = []
        self._checker = Checker(descriptor.digest, descriptor.size)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._checker.feed(chunk)
        self._parts.append(chunk)
        self.offset += len(chunk)

    def restart(self) -> None:
        """Forget what has come."""
        self._parts.clear()
        self._checker = Checker(self._descriptor.digest, self._descriptor.size)
        self.offset = 0

    def finish(self) -> bytes:
        """Return the blob, checked."""
        try:
            self._checker.finish()
        except ValueError:
            self.restart()
            raise
        return b"".join(self._parts)


class Writing:
    """Hands parts to a sink off the event loop, one at a time, while the next part comes in."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._busy: asyncio.Task[None] | None = None

    async def put(self, part: bytes) -> None:
        """Hand over a part once the one before is written; `ValueError` and `OSError` are the earlier part's."""
        await self.flush()
        if part:
            self._busy = asyncio.create_task(asyncio.to_thread(self._sink.write, part))

    async def flush(self) -> None:
        """Return when everything is written."""
        busy, self._busy = self._busy, None
        if busy is not None:
            await asyncio.shield(busy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the part that is being written: nobody may touch the sink before."""
        busy, self._busy = self._busy, None
        if busy is not None:
            await asyncio.wait([busy])
            if error is None:
                busy.result()
            elif not busy.cancelled():
                busy.exception()
