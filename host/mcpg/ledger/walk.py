"""Checks records against the heads that stand for them, one span after the other. It checks no signature.

A span lies between two anchors: the chain's end as the head before it said, and its end as this head says. Backwards
from the later anchor each record is confirmed by its successor's `prev`; so the record that is named is the one whose
text changed, not the one behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.canonical import digest_text
from mcpg.ledger.records import SYSTEM, Link, Row, first_link, read_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from mcpg.ledger.findings import Findings
    from mcpg.ledger.heads import Span
    from mcpg.ledger.report import What

__all__ = ["Walk"]

_ROWS = "SELECT tenant, seq, call, body FROM records WHERE tenant = ? AND seq > ? AND seq <= ? ORDER BY seq DESC"


class Walk:
    """The proven ends of all chains so far; `proven` counts the records that were found as signed."""

    def __init__(self, reader: sqlite3.Connection, findings: Findings) -> None:
        self._reader = reader
        self._findings = findings
        self._ends: dict[str, Link] = {}
        self._genesis = ""
        self.proven: dict[str, int] = {}

    def span(self, span: Span) -> None:
        """Check the records from the chain's proven end up to the end of `span`."""
        start = self._ends.get(span.tenant)
        if start is None:
            start = first_link() if span.tenant == SYSTEM else first_link(self._genesis)
        if span.last <= start.seq:
            message = "a later head stands for it again: the chain was put back"
            self._findings.add("reordered", span.tenant, span.last, self.call_of(span.tenant, span.last), message)
            return
        steps = _Backwards(self._findings, self.proven, span, start)
        steps.run(self._rows(span.tenant, start.seq, span.last))
        self._ends[span.tenant] = Link(span.last, span.digest)
        if span.tenant == SYSTEM and start.seq == 0:
            self._genesis = steps.first

    def leftovers(self) -> None:
        """Name what stands in the table and under no head."""
        counts = "SELECT tenant, count(*), max(seq) FROM records GROUP BY tenant"
        for raw, count, last in self._reader.execute(counts).fetchall():
            tenant = _text(raw)
            end = self._ends.get(tenant, Link(0, ""))
            if count == end.seq == last:
                continue
            query = "SELECT seq, call FROM records WHERE tenant = CAST(? AS TEXT) AND (seq > ? OR seq < 1) ORDER BY seq"
            for seq, call in self._reader.execute(query, (raw, end.seq)):
                self._findings.add("unsigned", tenant, seq, _text(call or b""), "no good head stands for this record")

    def call_of(self, tenant: str, seq: int) -> str:
        """Return the call of a record, or nothing."""
        query = "SELECT call FROM records WHERE tenant = ? AND seq = ?"
        row = self._reader.execute(query, (tenant, seq)).fetchone()
        return _text(row[0]) if row and row[0] else ""

    def _rows(self, tenant: str, after: int, last: int) -> Iterator[Row]:
        for name, seq, call, text in self._reader.execute(_ROWS, (tenant, after, last)):
            yield Row(_text(name), seq, None if call is None else _text(call), _text(text))


class _Backwards:
    """One span, from its end to its start."""

    def __init__(self, findings: Findings, proven: dict[str, int], span: Span, start: Link) -> None:
        self._findings, self._proven, self._span, self._start = findings, proven, span, start
        self._expected = span.digest
        self._certain = True
        self._altered = (b"", "", "")
        self.first = ""
        """The digest that the span's first record must have, as far as its successor is to be believed."""

    def run(self, rows: Iterator[Row]) -> None:
        seq = self._span.last
        row = None
        for row in rows:
            while seq > row.seq:
                self._missing(seq)
                seq -= 1
            if row.seq > seq:
                self._add("reordered", row, "stands twice in its chain")
                continue
            self._check(row)
            seq -= 1
        while seq > self._start.seq:
            self._missing(seq)
            seq -= 1
        follows = self._start.digest in {"", self._expected}  # no digest: what it follows is itself not to be believed
        if self._certain and row is not None and not follows:
            self._add("reordered", row, "does not follow the record before it")

    def _check(self, row: Row) -> None:
        digest = digest_text(_raw(row))
        prev = read_row(row)
        self._note_first(row.seq)
        if self._certain and digest != self._expected:
            self._add("altered", row, "is not what was signed")
            self._altered = (_raw(row), self._expected, prev or "")
            self._certain = False
        elif self._expected and digest != self._expected and not self._repairs(digest):
            self._add("unconfirmed", row, "is not what its successor says, which is altered itself")
        elif prev is None:
            self._add("altered", row, "has columns that are not what its signed text says")
            self._certain = False
        else:
            self._certain = bool(self._expected)
            self._proven[row.tenant] = self._proven.get(row.tenant, 0) + 1
        self._expected = prev or ""

    def _missing(self, seq: int) -> None:
        self._note_first(seq)
        self._findings.add("missing", self._span.tenant, seq, "", "the record is missing")
        self._expected, self._certain = "", False

    def _repairs(self, digest: str) -> bool:
        """Whether the altered successor was right but for its `prev`, which then confirms this record after all."""
        text, expected, prev = self._altered
        return bool(prev) and digest_text(text.replace(prev.encode(), digest.encode())) == expected

    def _note_first(self, seq: int) -> None:
        if seq == self._start.seq + 1 and self._certain:
            self.first = self._expected

    def _add(self, what: What, row: Row, message: str) -> None:
        self._findings.add(what, row.tenant, row.seq, row.call or "", f"the record {message}")


def _text(raw: bytes) -> str:
    """Decode without loss: what is no UTF-8 becomes lone surrogates, which no signed text holds."""
    return raw.decode("utf-8", "surrogateescape")


def _raw(row: Row) -> bytes:
    return row.text.encode("utf-8", "surrogateescape")
