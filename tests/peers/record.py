"""What a peer has seen, and how a test waits for it: each new entry wakes whoever waits. It judges nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Heard", "Log", "PeerError", "Seen"]

T = TypeVar("T")


class PeerError(Exception):
    """A JSON-RPC error that a peer answered."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.data = data

    def body(self) -> dict[str, Any]:
        """Return the `error` member of a message."""
        return {"code": self.code, "message": self.message} | ({} if self.data is None else {"data": self.data})


@dataclass(frozen=True, slots=True)
class Seen:
    """One message that a server got: of which session, under which headers."""

    method: str
    params: dict[str, Any]
    id: str | int | None = None
    session: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """One notification that a client got, and on what: `post`, `get`, `listen`, `sse` or `stdio`."""

    method: str
    params: dict[str, Any]
    where: str


class Log:
    """A list that can be waited for."""

    def __init__(self) -> None:
        self._sleepers: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        for future in self._sleepers:
            if not future.done():
                future.set_result(None)

    async def until(self, found: Callable[[], T], seconds: float = 5.0) -> T:
        """Return what `found` finds, once it finds something; `TimeoutError` says that it did not."""
        async with asyncio.timeout(seconds):
            while not (value := found()):
                future = asyncio.get_running_loop().create_future()
                self._sleepers.add(future)
                try:
                    await future
                finally:
                    self._sleepers.discard(future)
            return value
