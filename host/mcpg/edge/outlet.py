"""Messages to a client that may be slow, one after another and within bounds. It knows no protocol.

Who writes waits until the client has taken it. A client that takes nothing for too long, or lets more than `limit`
bytes wait, is given up: what waits is dropped then, and everything that is written later.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Outlet", "OutletClosed"]


class OutletClosed(OSError):  # noqa: N818 - it states a fact
    """The client is gone, or was given up."""


class Outlet:
    """Pushes data in its order; `given_up` is called once, at the end, by whomever it comes."""

    def __init__(
        self, push: Callable[[bytes], Awaitable[None]], *, limit: int, timeout: float, given_up: Callable[[], None]
    ) -> None:
        self._push = push
        self._limit = limit
        self._timeout = timeout
        self._given_up = given_up
        self._lock = asyncio.Lock()
        self.waiting = 0
        """Bytes that have been given and not been taken."""
        self.closed = False
        self.choked = False
        """Whether the client was given up because it took too little."""

    async def write(self, data: bytes) -> None:
        """Return once the client's connection has taken `data`; raises `OutletClosed`."""
        if self.waiting and self.waiting + len(data) > self._limit:
            self._choke()
        if self.closed:
            raise OutletClosed
        self.waiting += len(data)
        try:
            async with self._lock:
                if self.closed:
                    raise OutletClosed
                async with asyncio.timeout(self._timeout):
                    await self._push(data)
        except TimeoutError:
            self._choke()
            raise OutletClosed from None
        finally:
            self.waiting -= len(data)

    def close(self) -> None:
        """Push nothing more."""
        if not self.closed:
            self.closed = True
            self._given_up()

    def _choke(self) -> None:
        self.choked = self.choked or not self.closed
        self.close()
