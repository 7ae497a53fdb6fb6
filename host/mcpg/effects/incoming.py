"""The answer of one exchange, read within bounds. It judges no grant and looks for no secret."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg.effects.inflate import inflater_for
from mcpg.effects.transport import HttpFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from mcpg.effects.targets import Target
    from mcpg.effects.transport import Reach
    from mcpg.effects.wire import Connection

__all__ = ["Answer", "Incoming"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Header names are in lower case; `target` is the hop that answered."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    target: Target

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return _first(self.headers, name)


class Incoming:
    """An answer whose body has not been read. Header names are in lower case; `target` is the hop that answered."""

    __slots__ = ("_connection", "_deadline", "_reach", "headers", "status", "target")

    def __init__(self, connection: Connection, target: Target, reach: Reach, deadline: float | None) -> None:
        self._connection = connection
        self._reach = reach
        self._deadline = deadline
        self.target = target
        self.status = connection.status
        self.headers: tuple[tuple[str, str], ...] = tuple(connection.headers)

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return _first(self.headers, name)

    def close(self) -> None:
        """End the connection; leaving the block before the whole body was taken does so too."""
        self._connection.close()

    async def read(self) -> bytes:
        """Return the whole body; raises `HttpFailed` when it is too large, too slow, broken or cut short."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the decoded body as it comes; raises as `read` does."""
        limit, size = self._reach.max_response, 0
        inflater = inflater_for(self.header("content-encoding"))
        while (chunk := await self._chunk()) is not None:
            for piece in (chunk,) if inflater is None else inflater.feed(chunk):
                size += len(piece)
                if limit is not None and size > limit:
                    raise HttpFailed("too-large", f"the answer has more than {limit} bytes", sent="answered")
                yield piece
        if inflater is not None and size:
            inflater.finish()

    async def _chunk(self) -> bytes | None:
        connection = self._connection
        if not connection.waits:
            return await connection.chunk()
        until = self._deadline
        if self._reach.idle is not None:
            silent = asyncio.get_running_loop().time() + self._reach.idle
            until = silent if until is None else min(until, silent)
        try:
            async with asyncio.timeout_at(until):
                return await connection.chunk()
        except TimeoutError:
            raise HttpFailed("timeout", "the answer did not end in time", sent="answered") from None


def _first(headers: Iterable[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key == name), "")
