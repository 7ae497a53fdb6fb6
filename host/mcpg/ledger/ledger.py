"""The ledger as the pipeline sees it: `append` on the event loop, durable when it returns. It never blocks the loop.

An intent whose `append` does not return (cancelled, or refused because the disk was silent) but which reached the disk
all the same is closed by the ledger with an outcome `failed`: nothing was performed, because the caller never knew.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError, LedgerUnavailable
from mcpg.ledger.digests import KeyedDigest
from mcpg.ledger.gate import Gate, Limits
from mcpg.ledger.writer import Writer
from mcpg.sealing import derive_key, load_signing_key, private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mcpg.ledger.book import Pending
    from mcpg.ledger.heads import Head
    from mcpg.sealing import SigningKey

__all__ = ["SqliteLedger"]

log = logging.getLogger("mcpg.ledger")
MAX_CACHED_KEYS = 4096
_UNOPENED = "the ledger is not open"
_CLOSED = "the ledger is closed"
_SILENT = "the ledger's disk does not answer"


def _now() -> int:
    return time.time_ns() // 1_000_000


class SqliteLedger:
    """Implements `mcpg.contract.ports.Ledger` on one SQLite file; belongs to the event loop that opened it."""

    def __init__(
        self,
        path: Path,
        *,
        key: SigningKey,
        secret: bytes,
        on_head: Callable[[Head], None] | None = None,
        limits: Limits | None = None,
        keep_open: Callable[[str, str], bool] = lambda _tenant, _call: False,
        clock: Callable[[], int] = _now,
    ) -> None:
        self.path = path
        self.key = key
        self.head: Head | None = None
        self._secret = secret
        self._digest_keys: dict[str, KeyedDigest] = {}
        self._limits = limits or Limits()
        self._on_head = on_head
        self._gate = Gate(self._limits)
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(path, key, self._limits, clock, keep_open, self._loop, self._committed, self._failed)
        self._on_way: deque[Pending] = deque()
        self._commits = 0
        self._watched = -1
        self._watch_timer: asyncio.TimerHandle | None = None
        self._refusal = _UNOPENED

    @classmethod
    async def open(
        cls, path: Path, *, state: Path, details: Mapping[str, Any] | None = None, **options: Any
    ) -> SqliteLedger:
        """Open or begin the ledger at `path`, with its key files in the directory `state`.

        `details` go into the start record. Options: `on_head` gets the head of each commit, on the event loop;
        `limits`; `keep_open(tenant, call)` says of an open intent found at the start that it is parked and stays open;
        `clock` gives ms since 1970. Raises `LedgerUnavailable`, also when another process writes this ledger, and
        `ConfigError` for the key files.
        """
        key, secret = await asyncio.to_thread(_load_keys, state)
        ledger = cls(path, key=key, secret=secret, **options)
        await ledger.start(details or {})
        return ledger

    async def start(self, details: Mapping[str, Any]) -> None:
        """Take the ledger up and write the start record; raises `LedgerUnavailable`."""
        await self._writer.start(details)
        self._refusal = ""

    async def append(self, tenant: str, record: Mapping[str, Any]) -> int:
        """Write one record and return its sequence in the tenant's chain, when it is durable.

        `record` has a `kind`, a `call` where it belongs to one, and the payload: canonical JSON values only (no floats,
        ASCII keys), else `TypeError` or `ValueError`. Raises `LedgerUnavailable` when it cannot be written in time.
        """
        self._admit()
        if self._gate.full:
            await self._gate.enter()
        waiter: asyncio.Future[int] = self._loop.create_future()
        pending = self._put(tenant, record, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            durable = waiter.done() and not waiter.cancelled() and waiter.exception() is None
            if durable and pending.kind == "intent":
                self._abandon(pending)
            raise

    def keyed_digest(self, tenant: str, text: str | bytes) -> str:
        """Return `hmac-sha256:<hex>` under the tenant's key, for values that are secret or guessable."""
        digest = self._digest_keys.get(tenant)
        if digest is None:
            if len(self._digest_keys) >= MAX_CACHED_KEYS:
                self._digest_keys.clear()
            key = derive_key(self._secret, "ledger", "digest", tenant)
            digest = self._digest_keys[tenant] = KeyedDigest(key)
        return digest(text)

    async def close(self, details: Mapping[str, Any] | None = None) -> None:
        """Write what waits, close open intents, write the stop record with `details`, let go of the file."""
        if self._refusal in {_CLOSED, _UNOPENED}:
            return
        self._refusal = _CLOSED
        await self._writer.stop(details or {})
        if self._watch_timer is not None:
            self._watch_timer.cancel()

    @property
    def writable(self) -> bool:
        """Whether the next record would be taken, as far as is known."""
        return not self._refusal

    def _admit(self) -> None:
        if self._refusal:
            raise LedgerUnavailable(self._refusal, where=str(self.path), remedy="look at the ledger's disk")

    def _put(self, tenant: str, record: Mapping[str, Any], waiter: asyncio.Future[int]) -> Pending:
        try:
            self._admit()
            pending = self._writer.put(tenant, record, waiter)
        except BaseException:
            self._gate.leave(0, 0)
            raise
        self._gate.add(len(pending.row.text))
        self._on_way.append(pending)
        if self._watch_timer is None:
            self._watched = self._commits
            self._watch_timer = self._loop.call_later(self._limits.patience, self._watch)
        return pending

    def _committed(self, batch: list[Pending], head: Head) -> None:
        self._commits += 1
        self.head = head
        if self._refusal == _SILENT:
            self._refusal = ""
        self._report(head)
        for pending in batch:
            waiter = pending.waiter
            if waiter is None:
                continue
            if not waiter.done():
                waiter.set_result(pending.row.seq)
            elif pending.kind == "intent":
                self._abandon(pending)
        self._forget(batch)

    def _failed(self, batch: list[Pending], error: LedgerUnavailable) -> None:
        log.error("records are refused until the ledger can be written again: %s", error.diagnostics())
        self._commits += 1
        self._refuse_all(batch, error)
        self._forget(batch)

    def _report(self, head: Head) -> None:
        if self._on_head is None:
            return
        try:
            self._on_head(head)
        except Exception:
            log.exception("the listener for ledger heads failed")

    def _forget(self, batch: list[Pending]) -> None:
        size = 0
        count = 0
        for pending in batch:
            if pending.waiter is not None:
                self._on_way.popleft()
                size += len(pending.row.text)
                count += 1
        self._gate.leave(count, size)

    def _abandon(self, pending: Pending) -> None:
        """Close a durable intent that nobody waits for: its caller does not know that it is durable, so did nothing."""
        reason = "the caller was gone before the intent was durable"
        record = {"kind": "outcome", "call": pending.row.call, "status": "failed", "reason": reason}
        waiter: asyncio.Future[int] = self._loop.create_future()
        waiter.add_done_callback(asyncio.Future.exception)  # nobody else asks, and that is no fault
        try:
            closing = self._writer.put(pending.row.tenant, record, waiter)
        except LedgerUnavailable:
            return  # it stays open and is closed at the next start
        self._gate.add(len(closing.row.text))
        self._on_way.append(closing)

    def _watch(self) -> None:
        """Refuse everything when the disk has given no sign for `patience` seconds, until it gives one."""
        self._watch_timer = None
        if not self._on_way:
            return
        if self._commits == self._watched and not self._refusal:
            self._refusal = _SILENT
            error = LedgerUnavailable(_SILENT, where=str(self.path), remedy="look at the ledger's disk")
            log.error("%s", error.diagnostics())
            self._refuse_all(self._on_way, error)
        self._watched = self._commits
        self._watch_timer = self._loop.call_later(self._limits.patience, self._watch)

    def _refuse_all(self, batch: Iterable[Pending], error: LedgerUnavailable) -> None:
        for pending in batch:
            if pending.waiter is not None and not pending.waiter.done():
                pending.waiter.set_exception(LedgerUnavailable(error.message, where=error.where, remedy=error.remedy))


def _load_keys(state: Path) -> tuple[SigningKey, bytes]:
    key = load_signing_key(state / "ledger.key")
    path = state / "ledger.secret"
    try:
        return key, bytes.fromhex(private_file(path, lambda: secrets.token_hex(32).encode()).decode("ascii"))
    except ValueError:
        raise ConfigError("not a ledger secret", where=str(path), remedy="restore it from a backup") from None
