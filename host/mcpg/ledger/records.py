"""What a record is: its envelope, its text and its place in a chain. It does no I/O and knows no payloads.

A record's text is canonical JSON; its digest is SHA-256 over exactly that text, and the next record of its tenant's
chain carries it as `prev`. The first record of the first chain is the `genesis`; the first record of every other chain
carries the digest of the genesis, so that no chain can be moved from one ledger to another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.canonical import canonical, digest_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "SYSTEM", "Entry", "Link", "Row", "first_link", "read_row", "write_record"]

SYSTEM = "@ledger"
"""The chain of the ledger itself: genesis, starts, stops and events that belong to no tenant."""

VERSION = 1
KINDS = frozenset({"genesis", "start", "stop", "event", "intent", "asked", "answered", "outcome", "refusal"})
_ENVELOPE = frozenset({"v", "tenant", "seq", "prev", "at"})
_NOTHING = "sha256:" + "0" * 64
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Link(NamedTuple):
    """The end of a chain: the last record's sequence and digest."""

    seq: int
    digest: str


class Row(NamedTuple):
    """A record as it stands in the table."""

    tenant: str
    seq: int
    call: str | None
    text: str


class Entry(NamedTuple):
    """A record as a reader gets it: its place and its exact text."""

    tenant: str
    seq: int
    call: str | None
    text: str

    @property
    def record(self) -> dict[str, Any]:
        """The record as a document; raises `msgspec.DecodeError` when somebody has damaged it."""
        return _decode(self.text)


def first_link(genesis: str = _NOTHING) -> Link:
    """Return what the first record of a chain follows: the genesis, or nothing for the genesis itself."""
    return Link(0, genesis)


def write_record(tenant: str, after: Link, at: int, payload: Mapping[str, Any]) -> tuple[Row, Link]:
    """Return the record that follows `after` in the chain of `tenant`, and the chain's new end.

    `payload` has a `kind` and, where it belongs to a call, a `call` (text). Raises `ValueError` for an unknown kind or
    a field of the envelope, `TypeError` for a value without canonical form.
    """
    kind, call = payload.get("kind"), payload.get("call")
    if kind not in KINDS:
        raise ValueError(f"`{kind}` is no kind of record")
    if not _ENVELOPE.isdisjoint(payload):
        raise ValueError("a record's payload may not hold a field of the envelope")
    if call is not None and type(call) is not str:
        raise TypeError("a record's `call` is text")
    seq = after.seq + 1
    envelope = {"v": VERSION, "tenant": tenant, "seq": seq, "prev": after.digest, "at": at}
    text = canonical({**payload, **envelope})
    return Row(tenant, seq, call, text.decode()), Link(seq, digest_text(text))


def read_row(row: Row) -> str | None:
    """Return the `prev` of a record whose text agrees with its columns, or None when it does not."""
    try:
        record = _decode(row.text)
    except (msgspec.DecodeError, UnicodeError):
        return None
    prev = record.get("prev")
    columns = (record.get("tenant"), record.get("seq"), record.get("call"), record.get("v"))
    return prev if columns == (row.tenant, row.seq, row.call, VERSION) and type(prev) is str else None
