"""Requests in work at all endpoints of one process: one bound, one count, one end. It starts none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from mcpg.edge.settings import EdgeSettings

__all__ = ["InWork", "Load"]


class InWork(Protocol):
    """A request in work."""

    @property
    def detached(self) -> bool:
        """Whether it goes on without its client."""
        ...

    def cancel(self, by: str) -> None:
        """Cancel it."""
        ...


class Load:
    """Knows every exchange in work, and how many of them go on without their client."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._settings = settings
        self._running: set[InWork] = set()
        self._detached = 0
        self._idle = asyncio.Event()

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, exchange: InWork) -> None:
        """Count an exchange; raises `Refusal` 503 when there are too many."""
        if len(self._running) >= self._settings.max_pending:
            raise Refusal(
                frames.INTERNAL_ERROR, "too many requests are in work", status=503, headers=[("retry-after", "1")]
            )
        self._running.add(exchange)

    def end(self, exchange: InWork) -> None:
        """Count an exchange no more."""
        self._running.discard(exchange)
        self._detached -= exchange.detached
        if not self._running:
            self._idle.set()

    def may_detach(self) -> bool:
        """Count an exchange that goes on without its client, or return that it may not."""
        if self._detached >= self._settings.max_detached:
            return False
        self._detached += 1
        return True

    def returned(self) -> None:
        """Count an exchange no more that goes on with its client again."""
        self._detached -= 1

    def cancel_all(self, by: str) -> None:
        """Cancel everything in work."""
        for exchange in list(self._running):
            exchange.cancel(by)

    async def idle(self, deadline: float) -> bool:
        """Wait until nothing is in work, `deadline` seconds at most; returns whether that is so."""
        try:
            async with asyncio.timeout(deadline):
                while self._running:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True
