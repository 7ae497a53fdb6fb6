"""Carries copies of ledger records to sink plugins, in batches. It never delays a call and never stands for the ledger.

A sink that cannot keep up loses its oldest copies; how many is counted and shown. The ledger itself has them all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.documents import Caller, How
from mcpg.contract.problems import BadDocument, McpgError, PluginTrapped
from mcpg.pipeline.runs import Question
from mcpg.pipeline.work import Known, Work, unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg.contract.ports import Ledger
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage

__all__ = ["CopyingLedger", "SinkFeed"]

_SELF = Known(Caller(id="mcpg", kind="service", how=How(credential="self"), trust="verified"))
BROKEN = 3
"""So many times a sink may break on one batch; then it is given up, so that it does not hold up all others."""
_encode = msgspec.json.Encoder(order="sorted").encode


class SinkFeed:
    """One sink's bounded queue and its single delivering task."""

    def __init__(
        self,
        runner: Runner,
        stage: Stage,
        digest: Callable[[str], str],
        *,
        most: int = 10_000,
        batch: int = 100,
        linger: float = 1.0,
        patience: float = 60.0,
    ) -> None:
        self._runner = runner
        self._stage = stage
        self._digest = digest
        self._records: deque[Mapping[str, Any]] = deque(maxlen=most)
        self._batch = batch
        self._linger = linger
        self._patience = patience
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._task: asyncio.Task[None] | None = None
        self._under_way = 0
        self.delivered = 0
        self.lost = 0

    @property
    def use(self) -> str:
        """The operator's name for this sink."""
        return self._stage.use

    def offer(self, record: Mapping[str, Any]) -> None:
        """Queue a copy; the oldest one is lost when the queue is full."""
        if len(self._records) == self._records.maxlen:
            self.lost += 1
        self._records.append(record)
        self._empty.clear()
        self._wake.set()

    def start(self) -> None:
        """Begin to deliver."""
        self._task = asyncio.get_running_loop().create_task(self._deliver_all())

    async def stop(self, patience: float = 5.0) -> None:
        """Deliver what is queued within `patience` seconds, then end."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._empty.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.lost += len(self._records) + self._under_way
        self._records.clear()
        self._under_way = 0

    async def _deliver_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if len(self._records) < self._batch:
                await asyncio.sleep(self._linger)
            while self._records:
                batch = [self._records.popleft() for _ in range(min(self._batch, len(self._records)))]
                self._under_way = len(batch)
                await self._deliver(batch)
                self._under_way = 0
            self._empty.set()

    async def _deliver(self, batch: list[Mapping[str, Any]]) -> None:
        wait, broken = 0.5, 0
        while True:
            verdict = await self._once(batch)
            broken += verdict == "broken"
            if broken == BROKEN:
                verdict = "failed"
            if verdict == "delivered":
                self.delivered += len(batch)
                return
            if verdict == "failed":
                self.lost += len(batch)
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, 30.0)

    async def _once(self, batch: list[Mapping[str, Any]]) -> str:
        loop = asyncio.get_running_loop()
        work = Work(
            known=_SELF,
            method="sink",
            name=self._stage.use,
            deadline=loop.time() + self._patience,
            notify=unheard,
            digest=self._digest,
        )
        question = Question(self._stage, "sink", "deliver", (_encode(batch).decode(),), work)
        try:
            answer = await self._runner.run(question)
        except (PluginTrapped, BadDocument):
            return "broken"
        except McpgError:
            return "retry"
        return answer.tag


class CopyingLedger:
    """A ledger that offers every durable record to the sinks; nothing is copied that is not first in the ledger."""

    def __init__(
        self, ledger: Ledger, feeds: Callable[[], list[SinkFeed]], *, digests: Callable[[], bool] = lambda: True
    ) -> None:
        self._ledger = ledger
        self._feeds = feeds
        self._digests = digests

    async def append(self, tenant: str, record: Mapping[str, Any]) -> int:
        """Write the record, then offer its copies."""
        seq = await self._ledger.append(tenant, record)
        feeds = self._feeds()
        if feeds:
            copy = {**record, "tenant": tenant, "seq": seq}
            for feed in feeds:
                feed.offer(copy)
        return seq

    def keyed_digest(self, tenant: str, text: str | bytes) -> str:
        """Return the ledger's own keyed digest, or nothing where the operator wants no trace of payloads."""
        return self._ledger.keyed_digest(tenant, text) if self._digests() else ""
