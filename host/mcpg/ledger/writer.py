"""The one thread that writes the ledger: takes what has gathered, makes it one commit, tells the event loop once.

1. It opens the database, takes the ledger up (`resume`), closes open intents and writes the start record.
2. Each turn takes all that waits (up to a bound) and makes it one transaction with one signed head.
3. After any failure nothing more is accepted; what was on its way is refused. It then opens the database anew every
   `retry` seconds, closes the intents whose outcome was lost, and goes on: with a record of the gap, never silently.
4. At the end it closes open intents, writes the stop record and lets go of the lock.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger.headfile import HeadFile
from mcpg.ledger.lock import WriterLock
from mcpg.ledger.records import SYSTEM
from mcpg.ledger.resume import find_loss, resume
from mcpg.ledger.store import Store, unavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mcpg.ledger.book import Book, Pending
    from mcpg.ledger.gate import Limits
    from mcpg.ledger.heads import Head
    from mcpg.sealing import SigningKey

__all__ = ["Writer"]


class Writer:
    """Owns the database; `put` runs on the event loop, everything else on the writer's own thread.

    `committed(batch, head)` and `failed(batch, error)` are called on `loop`.
    """

    def __init__(  # noqa: PLR0917 - one caller, in this room
        self,
        path: Path,
        key: SigningKey,
        limits: Limits,
        clock: Callable[[], int],
        keep_open: Callable[[str, str], bool],
        loop: asyncio.AbstractEventLoop,
        committed: Callable[[list[Pending], Head], None],
        failed: Callable[[list[Pending], LedgerUnavailable], None],
    ) -> None:
        self._path, self._key, self._limits, self._clock = path, key, limits, clock
        self._keep_open, self._loop, self._committed, self._failed = keep_open, loop, committed, failed
        self._queue: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._broken: LedgerUnavailable | None = LedgerUnavailable("the ledger is not open")
        self._in_flight: set[tuple[str, str]] = set()
        self._farewell: dict[str, Any] = {}
        self._crowded = False

    def put(self, tenant: str, payload: Mapping[str, Any], waiter: asyncio.Future[int] | None) -> Pending:
        """Chain a record and hand it to the thread; raises like `Book.chain`, `LedgerUnavailable` while broken."""
        with self._guard:
            if self._broken is not None:
                error = self._broken
                raise LedgerUnavailable(error.message, where=error.where, remedy=error.remedy)
            pending = self._book.chain(tenant, self._clock(), payload, waiter)
            self._queue.put(pending)
        return pending

    def start(self, details: Mapping[str, Any]) -> asyncio.Future[None]:
        """Start the thread; the future ends when the start record is durable, or with `LedgerUnavailable`."""
        opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened, dict(details)), name="mcpg-ledger", daemon=True)
        self._thread.start()
        return opened

    async def stop(self, details: Mapping[str, Any]) -> None:
        """Write what waits and the stop record, and end the thread."""
        self._farewell = dict(details)
        self._queue.put(None)
        await self._ended
        self._thread.join()

    def _run(self, opened: asyncio.Future[None], details: dict[str, Any]) -> None:
        try:
            self._lock = WriterLock(self._path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the ledger is not open
            self._tell(_reject, opened, unavailable(error, self._path))
            return
        self._heads = HeadFile(self._path)
        try:
            self._open({"kind": "start", **details}, "process ended")
        except Exception as error:  # noqa: BLE001 - likewise
            self._heads.close()
            self._lock.release()
            self._tell(_reject, opened, unavailable(error, self._path))
            return
        self._tell(self._committed, [], self._book.head)
        self._tell(_resolve, opened)
        try:
            self._serve()
        finally:
            self._heads.close()
            self._lock.release()
            self._tell(_resolve, self._ended)

    def _open(self, record: dict[str, Any], reason: str) -> None:
        self._store = Store(self._path, busy=self._limits.patience)
        try:
            self._book = book = resume(self._store, self._key, self._limits.record)
            found, loss = book.head, find_loss(self._heads.read(), book)
            record |= {"found": found.text if found else "", "lost": loss.commits if loss else 0}
            if loss:
                record |= {"expected": loss.expected.text, "lost_records": loss.records}
            batch = [] if book.genesis else [self._chain(SYSTEM, _genesis(book))]
            closed = self._close_intents(reason)
            batch += [*closed, self._chain(SYSTEM, {**record, "closed": len(closed)})]
            self._commit(batch)
        except BaseException:
            self._store.close()
            raise
        with self._guard:
            self._broken = None

    def _serve(self) -> None:
        while True:
            if self._broken is not None:
                if self._pause():
                    return
                continue
            batch, last = self._gather()
            if batch:
                self._try(batch)
            if last:
                self._end()
                return

    def _gather(self) -> tuple[list[Pending], bool]:
        batch: list[Pending] = []
        item = self._queue.get()
        if self._queue.qsize() + 1 >= self._limits.siblings or self._crowded:
            time.sleep(self._limits.linger)  # a commit costs as much as a call: with many under way they share one
            self._crowded = self._queue.qsize() + 1 >= self._limits.siblings
        try:
            while item is not None:
                batch.append(item)
                if len(batch) >= self._limits.batch:
                    return batch, False
                item = self._queue.get_nowait()
        except queue.Empty:
            return batch, False
        return batch, True

    def _try(self, batch: list[Pending]) -> None:
        try:
            head = self._commit(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, these records are not durable
            self._fail(batch, error)
        else:
            self._tell(self._committed, batch, head)

    def _commit(self, batch: list[Pending]) -> Head:
        stored, head = self._book.seal(batch, self._clock())
        self._store.write([pending.row for pending in batch], stored)
        with contextlib.suppress(OSError):  # then a later loss is only found by heads kept elsewhere
            self._heads.write(head)  # before anybody hears of the commit: what was acknowledged is known to have been
        return head

    def _fail(self, batch: list[Pending], error: Exception) -> None:
        broken = unavailable(error, self._path)
        with self._guard:
            self._broken = broken
            while not self._queue.empty():
                item = self._queue.get_nowait()
                if item is None:
                    self._queue.put(None)
                    break
                batch.append(item)
        self._in_flight = set(self._book.open)
        self._in_flight.difference_update((row.tenant, row.call) for row, _, _ in batch if row.call is not None)
        self._store.close()
        self._tell(self._failed, batch, broken)

    def _pause(self) -> bool:
        """Wait and try to open again; returns whether the end was asked for meanwhile."""
        try:
            self._queue.get(timeout=self._limits.retry)
        except queue.Empty:
            pass
        else:
            return True
        reason = self._broken.message if self._broken else ""
        try:
            self._open({"kind": "event", "event": "ledger-resumed", "reason": reason}, "ledger failed")
        except Exception as error:  # noqa: BLE001 - it stays broken, with the latest reason
            with self._guard:
                self._broken = unavailable(error, self._path)
        else:
            self._tell(self._committed, [], self._book.head)
        return False

    def _end(self) -> None:
        if self._broken is not None:
            return
        self._in_flight = set()
        batch = self._close_intents("process ended")
        batch.append(self._chain(SYSTEM, {"kind": "stop", **self._farewell, "closed": len(batch)}))
        self._try(batch)
        if self._broken is None:
            self._store.close()

    def _close_intents(self, reason: str) -> list[Pending]:
        """Chain an outcome for each open intent that is neither in flight in this process nor kept open."""
        closed = [each for each in self._book.open if each not in self._in_flight and not self._keep_open(*each)]
        outcome = {"kind": "outcome", "status": "unknown", "reason": reason}
        return [self._chain(tenant, {**outcome, "call": call}) for tenant, call in closed]

    def _chain(self, tenant: str, payload: Mapping[str, Any]) -> Pending:
        return self._book.chain(tenant, self._clock(), payload)

    def _tell(self, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *arguments)


def _genesis(book: Book) -> dict[str, Any]:
    public = book.key.public
    return {
        "kind": "genesis",
        "ledger": book.ledger,
        "key": public.text,
        "key_id": public.key_id,
        "digests": "sha-256",
        "text": "rfc8785",
    }


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _reject(future: asyncio.Future[None], error: LedgerUnavailable) -> None:
    if not future.done():
        future.set_exception(error)
