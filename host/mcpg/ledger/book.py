"""Where the writer stands: the ends of all chains, the last head, the open intents. It writes nothing to the disk.

`chain` gives each record its place and may run on the event loop; `seal` ends a commit and runs on the writer's
thread. After a failed commit a book is worthless: take a new one from what the database holds.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger.heads import FIRST, Head, HeadBody, Span, StoredHead, sign_head
from mcpg.ledger.records import SYSTEM, Link, Row, first_link, write_record

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from mcpg.sealing import SigningKey

__all__ = ["Book", "Pending"]


class Pending(NamedTuple):
    """A record on its way to the disk, and who waits for it."""

    row: Row
    kind: str
    waiter: asyncio.Future[int] | None = None


@dataclass(slots=True)
class Book:
    """The state of one writer; `open` maps (tenant, call) of each open intent to its commit, oldest first."""

    key: SigningKey
    ledger: str
    max_record: int = 1024 * 1024
    n: int = 0
    records: int = 0
    prev: str = FIRST
    genesis: str = ""
    head: Head | None = None
    links: dict[str, Link] = field(default_factory=dict)
    open: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)

    def chain(
        self, tenant: str, at: int, payload: Mapping[str, Any], waiter: asyncio.Future[int] | None = None
    ) -> Pending:
        """Put a record at the end of its chain; raises like `write_record`, `LedgerUnavailable` if it is too large."""
        after = self.links.get(tenant)
        if after is None:
            after = first_link(self.genesis) if self.genesis else first_link()
        row, link = write_record(tenant, after, at, payload)
        if len(row.text) > self.max_record:
            raise LedgerUnavailable(f"a record of {len(row.text)} characters is over the ledger's limit")
        self.links[tenant] = link
        if not self.genesis and tenant == SYSTEM:
            self.genesis = link.digest
        return Pending(row, payload["kind"], waiter)

    def seal(self, batch: Sequence[Pending], at: int) -> tuple[StoredHead, Head]:
        """Count `batch` as the next commit and return its head, signed."""
        self.n += 1
        self.records += len(batch)
        self._note_intents(batch)
        low = next(iter(self.open.values()), self.n + 1)
        chains = _spans(batch)
        body = HeadBody(
            v=1, ledger=self.ledger, n=self.n, prev=self.prev, at=at, records=self.records, low=low, chains=chains
        )
        stored, self.head = sign_head(body, self.key)
        self.prev = stored.link
        return stored, self.head

    def _note_intents(self, batch: Sequence[Pending]) -> None:
        for row, kind, _ in batch:
            if row.call is None:
                continue
            if kind == "intent":
                self.open[row.tenant, row.call] = self.n
            elif kind == "outcome":
                self.open.pop((row.tenant, row.call), None)


def _spans(batch: Sequence[Pending]) -> tuple[Span, ...]:
    firsts: dict[str, int] = {}
    lasts: dict[str, Row] = {}
    for row, _, _ in batch:
        firsts.setdefault(row.tenant, row.seq)
        lasts[row.tenant] = row
    return tuple(Span(name, firsts[name], lasts[name].seq, digest_text(lasts[name].text)) for name in sorted(firsts))
