"""Takes up a ledger where it ended: checks its end, finds open intents, says what is missing. It writes nothing.

1. The genesis names the key; a gateway with another key does not continue the ledger.
2. The last head is signed by that key, and the heads before it (the last thousand) are chained to it.
3. Each chain that these heads name ends where they say. `verify` looks at all the rest; a start has no time for it.
4. The head file beside the database says what was durable last; a database that ends earlier has lost commits (a torn
   log, a disk that lied, a copy put back), which the start record then states.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger.book import Book
from mcpg.ledger.heads import Head, read_body
from mcpg.ledger.records import SYSTEM, Entry, Link

if TYPE_CHECKING:
    from mcpg.ledger.heads import HeadBody, Span, StoredHead
    from mcpg.ledger.store import Store
    from mcpg.sealing import SigningKey

__all__ = ["Loss", "find_loss", "resume"]

RECENT_HEADS = 1000


@dataclass(frozen=True, slots=True)
class Loss:
    """What was durable once and is not there: the expected head, and how many commits and records lie between."""

    expected: Head
    commits: int
    records: int


def resume(store: Store, key: SigningKey, max_record: int) -> Book:
    """Return the book of the ledger in `store`, a new one when it is empty; raises `LedgerUnavailable`."""
    heads = store.last_heads(RECENT_HEADS)
    if not heads:
        if next(store.chain_ends(), None) is not None:
            raise _damaged(store, "it holds records but no signed head")
        return Book(key, secrets.token_hex(16), max_record)
    ledger = _check_genesis(store, key)
    bodies = _check_heads(store, heads, ledger, key)
    last = heads[0].head(bodies[0], key.public.key_id)
    book = Book(key, ledger, max_record, bodies[0].n, bodies[0].records, heads[0].link, head=last)
    _check_ends(store, book, bodies)
    _find_open(store, book, bodies[0].low)
    return book


def find_loss(expected: Head | None, book: Book) -> Loss | None:
    """Return what the database lacks of what the head file says, or None when it lacks nothing.

    A head file that another key signed proves nothing and is ignored.
    """
    found = book.head
    if expected is None or not expected.signed_by(book.key.public):
        return None
    if found is None:
        return Loss(expected, expected.n, expected.records)
    if expected.ledger == found.ledger and (expected.n < found.n or expected.digest == found.digest):
        return None
    return Loss(expected, max(expected.n - found.n, 0), max(expected.records - found.records, 0))


def _check_genesis(store: Store, key: SigningKey) -> str:
    row = next(store.records(SYSTEM, 1, 1), None)
    if row is None:
        raise _damaged(store, "its first record is missing")
    genesis = Entry(*row).record
    if genesis.get("key") != key.public.text:
        message = f"the ledger was begun with key `{genesis.get('key_id')}`, this gateway has `{key.public.key_id}`"
        remedy = "restore the ledger's key file in the state directory, or begin a new ledger"
        raise LedgerUnavailable(message, where=str(store.path), remedy=remedy)
    return str(genesis.get("ledger"))


def _check_heads(store: Store, heads: list[StoredHead], ledger: str, key: SigningKey) -> list[HeadBody]:
    bodies: list[HeadBody] = []
    for head in heads:
        body = read_body(head.text)
        if body is None or body.n != head.n or body.ledger != ledger:
            raise _damaged(store, f"head {head.n} is not one of this ledger")
        if bodies and bodies[-1].prev != head.link:
            raise _damaged(store, f"head {head.n + 1} does not follow head {head.n}")
        bodies.append(body)
    if not heads[0].head(bodies[0], key.public.key_id).signed_by(key.public):
        raise _damaged(store, f"head {heads[0].n} is not signed by this gateway")
    return bodies


def _check_ends(store: Store, book: Book, bodies: list[HeadBody]) -> None:
    signed: dict[str, Span] = {}
    for body in bodies:
        for span in body.chains:
            signed.setdefault(span.tenant, span)
    for row in store.chain_ends():
        link = book.links[row.tenant] = Link(row.seq, digest_text(row.text))
        known = signed.pop(row.tenant, None)
        if (known is None and bodies[-1].n == 1) or (known is not None and Link(known.last, known.digest) != link):
            raise _damaged(store, f"record {row.seq} of tenant `{row.tenant}` is not what was signed")
    if signed:
        raise _damaged(store, f"the chain of tenant `{next(iter(signed))}` is missing")
    book.genesis = digest_text(next(store.records(SYSTEM, 1, 1)).text)


def _find_open(store: Store, book: Book, low: int) -> None:
    for head in store.heads_from(low):
        body = read_body(head.text)
        for span in body.chains if body else ():
            for row in store.records(span.tenant, span.first, span.last):
                _note(book, Entry(*row), head.n)


def _note(book: Book, entry: Entry, n: int) -> None:
    if entry.call is None:
        return
    kind = entry.record.get("kind")
    if kind == "intent":
        book.open[entry.tenant, entry.call] = n
    elif kind == "outcome":
        book.open.pop((entry.tenant, entry.call), None)


def _damaged(store: Store, what: str) -> LedgerUnavailable:
    remedy = "keep the file, look at `mcpg audit verify`, and begin a new ledger in another file"
    return LedgerUnavailable(f"the ledger does not match its signatures: {what}", where=str(store.path), remedy=remedy)
