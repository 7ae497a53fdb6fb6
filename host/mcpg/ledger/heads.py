"""Heads: one signed statement for each commit over all chains. It does no I/O and holds no key.

The body of head `n` names the chains that its commit made longer and carries the digest of head `n - 1`, signature
included; so one head stands for every record before it, in every chain. What is signed is one short line that holds
the body's digest. That line with its signature is the head's text form: small enough to log with each commit, and
enough, kept elsewhere, to prove later what stood then.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.canonical import canonical, digest_text

if TYPE_CHECKING:
    from mcpg.sealing import SigningKey, VerifyKey

__all__ = ["Head", "HeadBody", "Span", "StoredHead", "parse_head", "read_body", "sign_head"]

PREFIX = "mcpg-head-1"
FIRST = "sha256:" + "0" * 64
_TEXT = re.compile(
    PREFIX + r":([0-9a-f]{32}):([1-9]\d{0,15}):([1-9]\d{0,15}):([0-9a-f]{64}):([0-9a-f]{16}):([\w-]{86})"
)


class Span(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one commit added to one chain: records `first` to `last`, and the digest of the last."""

    tenant: str
    first: int
    last: int
    digest: str


class HeadBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a head says: `records` counts all records so far, `low` is the commit of the oldest open intent."""

    v: int
    ledger: str
    n: int
    prev: str
    at: int
    records: int
    low: int
    chains: tuple[Span, ...]


_read_body = msgspec.json.Decoder(HeadBody).decode


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head without its body."""

    ledger: str
    n: int
    records: int
    digest: str
    key_id: str
    signature: bytes

    @property
    def text(self) -> str:
        """One line of ASCII without spaces, to be kept outside and given to `verify`."""
        signature = base64.urlsafe_b64encode(self.signature).rstrip(b"=").decode()
        return f"{PREFIX}:{self.ledger}:{self.n}:{self.records}:{self.digest}:{self.key_id}:{signature}"

    @property
    def statement(self) -> bytes:
        """What is signed."""
        return f"{PREFIX}:{self.ledger}:{self.n}:{self.records}:{self.digest}".encode()

    def signed_by(self, key: VerifyKey) -> bool:
        """Return whether `key` signed it."""
        return key.verifies(self.signature, self.statement)


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A row of the table of heads; bytes that are no UTF-8 stand in `text` as lone surrogates, so none is lost."""

    n: int
    text: str
    signature: bytes

    @property
    def link(self) -> str:
        """The digest that the next head carries: over text and signature."""
        return digest_text(self._raw + b"\n" + self.signature)

    @property
    def _raw(self) -> bytes:
        return self.text.encode("utf-8", "surrogateescape")

    def head(self, body: HeadBody, key_id: str) -> Head:
        """Return the short form of it; `body` is its parsed text."""
        digest = hashlib.sha256(self._raw).hexdigest()
        return Head(body.ledger, body.n, body.records, digest, key_id, self.signature)


def sign_head(body: HeadBody, key: SigningKey) -> tuple[StoredHead, Head]:
    """Return the row and the short form of a new head."""
    text = canonical(_plain(body))
    digest = hashlib.sha256(text).hexdigest()
    unsigned = Head(body.ledger, body.n, body.records, digest, key.public.key_id, b"")
    signature = key.sign(unsigned.statement)
    head = Head(body.ledger, body.n, body.records, digest, key.public.key_id, signature)
    return StoredHead(body.n, text.decode(), signature), head


def read_body(text: str) -> HeadBody | None:
    """Return what a stored head says, or None when it is no head."""
    try:
        body = _read_body(text)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return body if body.v == 1 else None


def parse_head(text: str) -> Head:
    """Read a head's text form; raises `ValueError`. It does not check the signature."""
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a head: it begins with `{PREFIX}:` and stands on one line")
    ledger, n, records, digest, key_id, signature = match.groups()
    try:
        raw = base64.b64decode(signature + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not a head: its signature is not base64url") from None
    return Head(ledger, int(n), int(records), digest, key_id, raw)


def _plain(body: HeadBody) -> dict[str, Any]:
    chains = [[span.tenant, span.first, span.last, span.digest] for span in body.chains]
    plain = {name: getattr(body, name) for name in body.__struct_fields__}
    return {**plain, "chains": chains}
