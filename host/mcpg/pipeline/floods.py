"""Records of unauthenticated refusals: one each at first, then counted in one a second. It refuses nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import McpgError
from mcpg.pipeline.refusals import unavailable

if TYPE_CHECKING:
    from mcpg.contract.ports import Ledger, Refusal
    from mcpg.pipeline.work import Work

__all__ = ["Floods"]

TENANT = "default"
MOST_CODES = 100
SINGLE = 10
"""So many refusals in one second are written singly before counting starts."""


class Floods:
    """Keeps a second's count; addresses are counted, not listed, beyond the first hundred."""

    def __init__(self, ledger: Ledger, *, interval: float = 1.0) -> None:
        self._ledger = ledger
        self._interval = interval
        self._second = -1
        self._written = 0
        self._counted = 0
        self._codes: dict[str, int] = {}
        self._addresses: set[str] = set()
        self._flush: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def note(self, refused: Refusal, address: str, work: Work) -> None:
        """Record one refusal; raises `Refusal` when the ledger cannot be written."""
        loop = asyncio.get_running_loop()
        second = int(loop.time() / self._interval)
        if second != self._second:
            self._second, self._written = second, 0
        if self._written < SINGLE:
            self._written += 1
            record = {
                "kind": "refusal",
                "call": work.call_id,
                "stage": "identity",
                "code": str(refused.code),
                "message": str(refused),
                "peer": address,
                "stages": work.trace,
            }
            try:
                await self._ledger.append(TENANT, record)
            except McpgError as error:
                raise unavailable("the ledger cannot be written, so nothing is done", status=503) from error
            return
        self._counted += 1
        code = str(work.trace[-1].get("code", refused.code)) if work.trace else str(refused.code)
        label = code if code in self._codes or len(self._codes) < MOST_CODES else "other"
        self._codes[label] = self._codes.get(label, 0) + 1
        if len(self._addresses) < 100:  # noqa: PLR2004 - as the docstring says
            self._addresses.add(address)
        if self._flush is None:
            self._flush = loop.call_later(self._interval, self._start_flush)

    def _start_flush(self) -> None:
        task = asyncio.get_running_loop().create_task(self._flush_later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _flush_later(self) -> None:
        try:
            await self.flush()
        except McpgError:  # what was counted is kept; the next count, or the stop, tries again
            if self._flush is None and self._counted:
                self._flush = asyncio.get_running_loop().call_later(self._interval, self._start_flush)

    async def flush(self) -> None:
        """Write what has been counted; at the latest when the gateway stops."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if not self._counted:
            return
        record: dict[str, Any] = {
            "kind": "refusal",
            "stage": "identity",
            "counted": self._counted,
            "codes": dict(self._codes),
            "peers": len(self._addresses),
        }
        counted, codes, addresses = self._counted, self._codes, self._addresses
        self._counted, self._codes, self._addresses = 0, {}, set()
        try:
            await self._ledger.append(TENANT, record)
        except McpgError:
            self._counted += counted
            self._codes = {code: self._codes.get(code, 0) + codes.get(code, 0) for code in self._codes | codes}
            self._addresses |= addresses
            raise
