"""Messages to a client that may be slow, one after another and within bounds. It knows no protocol.

Who writes waits until the client has taken it. A client that takes nothing for too long, or lets more than `limit`
bytes wait behind the message that it is taking, is given up: what waits is dropped then, and everything that is written
later.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcpg.edge.asgi import pieces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Outlet", "OutletClosed"]


class OutletClosed(OSError):  # noqa: N818 - it states a fact
    """The client is gone, or was given up."""


class Outlet:
    """Pushes data in its order, in pieces that have `timeout` seconds each; `given_up` is called once, at the end."""

    def __init__(
        self, push: Callable[[bytes], Awaitable[None]], *, limit: int, timeout: float, given_up: Callable[[], None]
    ) -> None:
        self._push = push
        self._limit = limit
        self._timeout = timeout
        self._given_up = given_up
        self._lock = asyncio.Lock()
        self.waiting = 0
        """Bytes that have been given and whose turn has not come."""
        self.closed = False
        self.choked = False
        """Whether the client was given up because it took too little."""

    async def write(self, data: bytes) -> None:
        """Return once the client's connection has taken `data`; raises `OutletClosed`."""
        if self._lock.locked() and self.waiting + len(data) > self._limit:
            self._choke()
        if self.closed:
            raise OutletClosed
        await self._turn(len(data))
        try:
            for piece in pieces(data):
                if self.closed:
                    raise OutletClosed
                async with asyncio.timeout(self._timeout):
                    await self._push(piece)
        except TimeoutError:
            self._choke()
            raise OutletClosed from None
        finally:
            self._lock.release()

    def close(self) -> None:
        """Push nothing more."""
        if not self.closed:
            self.closed = True
            self._given_up()

    async def _turn(self, size: int) -> None:
        self.waiting += size
        try:
            await self._lock.acquire()
        finally:
            self.waiting -= size

    def _choke(self) -> None:
        self.choked = self.choked or not self.closed
        self.close()
