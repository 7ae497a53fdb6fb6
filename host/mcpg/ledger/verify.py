"""Proves a ledger, or names the records that are not what was signed. It trusts one public key and changes nothing.

1. Heads: each follows the one before (the digest covers its signature too), and the last is signed by the key; so all
   are. If a link is broken, each signature is checked alone and only heads that carry one are used further.
2. Records: what a good head says of its chains' ends is the anchor; from there each record's digest is checked
   backwards, down to the anchor before. Columns must agree with the signed text.
3. What no good head covers is named: records beyond the last, chains that no head knows.
4. A head that was kept outside must stand in the ledger as it is.

Without a pinned key the key of the genesis is believed: that finds damage and clumsy forgery, not a ledger written
anew with another key. Without a head from outside, an end that was cut off is not missed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.problems import ConfigError
from mcpg.ledger.findings import Findings
from mcpg.ledger.heads import FIRST, Head, StoredHead, parse_head, read_body
from mcpg.ledger.read import open_reader
from mcpg.ledger.records import SYSTEM, Entry
from mcpg.ledger.report import Report
from mcpg.ledger.walk import Walk
from mcpg.sealing import VerifyKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["verify"]


def verify(path: Path, *, public_key: str | None = None, head: str | Head | None = None) -> Report:
    """Walk every chain of the ledger at `path` and report; works while a gateway writes it, on one snapshot.

    `public_key` (`ed25519:...`) pins the key, `head` is one that was kept outside. Raises `LedgerUnavailable` when
    there is no ledger, `ConfigError` when the key or head given is none.
    """
    try:
        pinned = VerifyKey.parse(public_key) if public_key else None
        outside = parse_head(head) if isinstance(head, str) else head
    except ValueError as error:
        raise ConfigError(str(error), remedy="copy it whole, as `mcpg audit` or the gateway's log shows it") from None
    with closing(open_reader(path)) as reader:
        proof = _Proof(reader, pinned, outside)
        try:
            reader.execute("BEGIN")
            proof.run()
        except (sqlite3.Error, UnicodeError) as error:
            proof.findings.add("unreadable", message=f"the database cannot be read: {error}".lower())
        return proof.report()


class _Proof:
    """One verification."""

    def __init__(self, reader: sqlite3.Connection, pinned: VerifyKey | None, outside: Head | None) -> None:
        self._reader = reader
        self._pinned = pinned
        self._key = pinned
        self._outside = outside
        self._ledger = ""
        self._last: Head | None = None
        self._bad: set[int] = set()
        self._commits = 0
        self.findings = Findings()
        self._walk = Walk(reader, self.findings)
        self.notes: list[str] = []

    def run(self) -> None:
        for (problem,) in self._reader.execute("PRAGMA integrity_check(3)"):
            if problem != b"ok":
                self.findings.add("unreadable", message=f"the database is damaged: {_text(problem)}".lower())
        self._read_genesis()
        if self._key is None:
            return
        if not self._heads_follow(self._key):
            self._check_signatures(self._key)
        self._walk_records()
        self._walk.leftovers()
        self._compare_outside(self._key)
        self._note_starts()

    def report(self) -> Report:
        if not self._pinned:
            self.notes.append("no key was pinned: a ledger that was written anew with another key would look the same")
        if not self._outside:
            self.notes.append("no head from outside was given: an end that was cut off would not be missed")
        return Report(
            ledger=self._ledger,
            key_id=self._key.key_id if self._key else "",
            pinned=self._pinned is not None,
            commits=self._commits,
            records=sum(self._walk.proven.values()),
            chains=dict(self._walk.proven),
            head=self._last.text if self._last else "",
            findings=tuple(self.findings.first),
            more_findings=self.findings.more,
            notes=tuple(self.notes),
        )

    def _read_genesis(self) -> None:
        query = "SELECT tenant, seq, call, body FROM records WHERE tenant = ? AND seq = 1"
        row = self._reader.execute(query, (SYSTEM,)).fetchone()
        first = next(self._heads(), None)
        body = read_body(first.text) if first else None
        self._ledger = body.ledger if body else ""
        try:
            genesis: dict[str, Any] = Entry(SYSTEM, 1, None, _text(row[3])).record if row else {}
            own = VerifyKey.parse(str(genesis.get("key", "")))
        except (ValueError, msgspec.MsgspecError):
            if self._pinned is None:
                self.findings.add("altered" if row else "missing", SYSTEM, 1, "", "the genesis names no key")
            return
        self._key = self._pinned or own
        if own.text != self._key.text:
            message = f"the ledger was begun with key `{own.key_id}`, not with the pinned `{self._key.key_id}`"
            self.findings.add("rewritten", SYSTEM, 1, "", message)
        elif body and genesis.get("ledger") != self._ledger:
            self.findings.add("rewritten", SYSTEM, 1, "", "the genesis and the first head are of two ledgers")

    def _heads(self) -> Iterator[StoredHead]:
        rows = self._reader.execute("SELECT n, body, signature FROM heads ORDER BY n")
        return (StoredHead(n, _text(text), bytes(signature)) for n, text, signature in rows)

    def _heads_follow(self, key: VerifyKey) -> bool:
        prev, stored, body = FIRST, None, None
        for n, stored in enumerate(self._heads(), 1):
            body = read_body(stored.text)
            if body is None or not stored.n == body.n == n or body.prev != prev or body.ledger != self._ledger:
                return False
            prev = stored.link
        if stored is None or body is None:
            return True
        self._last = stored.head(body, key.key_id)
        return self._last.signed_by(key)

    def _check_signatures(self, key: VerifyKey) -> None:
        """Find each head that is not good by itself or does not follow, when not all follow."""
        prev, n, self._last = FIRST, 0, None
        for stored in self._heads():
            body = read_body(stored.text)
            n += 1
            while n < stored.n:
                self.findings.add("missing", message=f"head {n} is missing")
                n += 1
            good = body is not None and body.n == stored.n and body.ledger == self._ledger
            short = stored.head(body, key.key_id) if good and body else None
            if body is None or short is None or not short.signed_by(key):
                self._bad.add(stored.n)
                self._name_bad_head(stored, signature=good)
            else:
                self._last = short
                if prev and body.prev != prev:
                    message = f"head {stored.n} does not follow what stands before it"
                    self.findings.add("bad-head", *self._first_of(stored), message)
            prev = stored.link if stored.n not in self._bad else ""

    def _name_bad_head(self, stored: StoredHead, *, signature: bool) -> None:
        what = "is not signed by the key" if signature else "is not what was signed"
        message = f"head {stored.n}, which stands for this record, {what}"
        self.findings.add("bad-signature" if signature else "bad-head", *self._first_of(stored), message)

    def _first_of(self, stored: StoredHead) -> tuple[str, int, str]:
        body = read_body(stored.text)
        span = body.chains[0] if body and body.chains else None
        return (span.tenant, span.first, self._walk.call_of(span.tenant, span.first)) if span else ("", 0, "")

    def _walk_records(self) -> None:
        for stored in self._heads():
            self._commits += 1
            body = None if stored.n in self._bad else read_body(stored.text)
            for span in body.chains if body else ():
                self._walk.span(span)

    def _compare_outside(self, key: VerifyKey) -> None:
        outside = self._outside
        if outside is None:
            return
        if not outside.signed_by(key):
            self.findings.add("bad-signature", message=f"the head given is not signed by key `{key.key_id}`")
        elif outside.ledger != self._ledger:
            self.findings.add("rewritten", message=f"the head given is of another ledger, `{outside.ledger}`")
        else:
            self._compare_commit(outside)

    def _compare_commit(self, outside: Head) -> None:
        query = "SELECT n, body, signature FROM heads WHERE n = ?"
        row = self._reader.execute(query, (outside.n,)).fetchone()
        stored = StoredHead(row[0], _text(row[1]), bytes(row[2])) if row else None
        body = read_body(stored.text) if stored else None
        if stored is None or body is None:
            have = sum(self._walk.proven.values())
            message = f"the end is cut off: head {outside.n} stood for {outside.records} records, {have} are here"
            self.findings.add("cut", message=message)
        elif stored.head(body, outside.key_id).digest != outside.digest:
            message = f"commit {outside.n} is not the one that the head given stands for: it was written anew"
            self.findings.add("rewritten", *self._first_of(stored), message)
        else:
            self.notes.append(f"the head given stands in the ledger: commit {outside.n}, {outside.records} records")

    def _note_starts(self) -> None:
        rows = self._reader.execute("SELECT seq, body FROM records WHERE tenant = ? ORDER BY seq", (SYSTEM,))
        for seq, text in rows:
            try:
                record = Entry(SYSTEM, seq, None, _text(text)).record
            except (msgspec.MsgspecError, UnicodeError):
                continue  # it is damaged, which the walk has said
            if record.get("expected"):
                lost = f"{record.get('lost')} commits with {record.get('lost_records')} records"
                self.notes.append(f"the start in record {seq} of `{SYSTEM}` found {lost} lost")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
