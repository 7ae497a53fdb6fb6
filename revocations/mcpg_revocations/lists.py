"""The grammar of a revocation list, of a site's additions and of an override. It trusts nothing and knows no clock.

All times are whole seconds since 1970, UTC. Every document is strict JSON: no unknown field, no key twice, bounded.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from mcpg_registry.digests import Digest, digest_bytes, parse_digest
from mcpg_registry.strict_json import parse_object
from mcpg_registry.trust.patterns import parse_pattern
from mcpg_registry.versions import in_range, parse_range

__all__ = [
    "DAY",
    "MAX_ADDITIONS",
    "MAX_ENTRIES",
    "MAX_LIST",
    "MAX_OVERRIDE",
    "Action",
    "Additions",
    "Entry",
    "NextKeys",
    "Override",
    "RevocationList",
    "decode",
    "digest_of",
    "encode",
    "version_in",
]

DAY = 86_400
MAX_LIST = 8 * 1024 * 1024
"""Bytes of a list's payload."""
MAX_ENTRIES = 100_000
MAX_PATTERNS = 1000
MAX_ADDITIONS = 1024 * 1024
MAX_OVERRIDE = 16 * 1024
MAX_LIFE = 30 * DAY
"""How long an override may hold."""
MAX_GRACE = 90 * DAY
MAX_KEYS = 16

_PREFIX = re.compile(r"[a-z0-9\[][a-z0-9._:\[\]-]*(/[a-z0-9][a-z0-9._-]*)*", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII).fullmatch
"""What `parse_digest` says, without its words: lists have many digests."""
_MARKS = 7
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Optional = Annotated[str, msgspec.Meta(max_length=256)]
Long = Annotated[str, msgspec.Meta(max_length=2048)]
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Pem = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class Action(IntEnum):
    """What a list says of a plugin; the strongest entry counts."""

    ALLOW = 0
    WARN = 1
    BLOCK = 2
    """No new load."""
    KILL = 3
    """No new load, and what runs is fenced."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One revocation, by exactly one of seven marks.

    `manifest`, `wasm` and `key` are digests. `issuer` and `identity` are a keyless signer, both exact; an `identity`
    that begins with `^` is an anchored pattern, as in trust rules: a workflow's name ends with its tag. `publisher` is
    a prefix, on a `/` boundary, of the plugin's repository with its host (`ghcr.io/acme`) or of its id (`acme`).
    `plugin` is an id and goes with `versions`, a range. `vulnerability` is an id that a signed statement about the
    plugin says it has. `since`, `refs` and `fixed_in` are for people and decide nothing.
    """

    id: Short
    action: Literal["warn", "block", "kill"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    manifest: str = ""
    wasm: str = ""
    key: str = ""
    issuer: Long = ""
    identity: Long = ""
    publisher: Optional = ""
    plugin: Optional = ""
    versions: Optional = ""
    vulnerability: Optional = ""
    since: Seconds | None = None
    refs: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=32)] = ()
    fixed_in: Optional = ""

    def __post_init__(self) -> None:
        marks = (self.wasm, self.manifest, self.key, self.issuer, self.publisher, self.plugin, self.vulnerability)
        if marks.count("") != _MARKS - 1:
            raise ValueError(
                f"entry `{self.id}` names not exactly one of manifest, wasm, key, issuer with identity, publisher, "
                "plugin with versions, and vulnerability"
            )
        digest = self.wasm or self.manifest or self.key
        if digest:
            if _DIGEST(digest) is None:
                parse_digest(digest)
            if self.identity or self.versions:
                self._check_pairs()
        else:
            self._check_pairs()

    def _check_pairs(self) -> None:
        if (self.issuer == "") != (self.identity == ""):
            raise ValueError(f"entry `{self.id}`: issuer and identity belong together")
        if (self.plugin == "") != (self.versions == ""):
            raise ValueError(f"entry `{self.id}`: plugin and versions belong together; write * for every version")
        if self.identity.startswith("^"):
            parse_pattern(self.identity)
        if self.versions:
            _range(self.versions)
        if self.publisher and _PREFIX.fullmatch(self.publisher) is None:
            raise ValueError(
                f"entry `{self.id}`: `{self.publisher}` is no prefix; wanted lower-case parts joined by `/`"
            )

    @property
    def strength(self) -> Action:
        """What this entry does to what it hits."""
        return _STRENGTH[self.action]


class NextKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signs from the next list on: SPKI PEM texts, and how many of them must."""

    next: Annotated[tuple[Pem, ...], msgspec.Meta(min_length=1, max_length=MAX_KEYS)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEYS)]


class RevocationList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is revoked, by whom, and until when that is news.

    `previous` is the digest of the payload of the list before. Between `expires` and `expires + grace` the list is
    stale, then dead; one without `expires` is neither, and only the list that ships may be so. An `emergency` list may
    only add to the list before it.
    """

    schema: Literal[1]
    version: Number
    issuer: Optional = ""
    previous: str = ""
    issued: Seconds = 0
    expires: Seconds | None = None
    grace: Annotated[int, msgspec.Meta(ge=0, le=MAX_GRACE)] = 0
    emergency: bool = False
    keys: NextKeys | None = None
    entries: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=MAX_ENTRIES)] = ()

    def __post_init__(self) -> None:
        if self.previous:
            parse_digest(self.previous)
        if len({entry.id for entry in self.entries}) != len(self.entries):
            raise ValueError("two entries have the same id")
        if sum(entry.identity[:1] == "^" for entry in self.entries) > MAX_PATTERNS:
            raise ValueError(f"more than {MAX_PATTERNS} entries name an identity by a pattern")
        if self.expires is not None and self.expires < self.issued:
            raise ValueError("it expires before it was issued")


class Additions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a site revokes for itself, beyond any list; it needs no signature because it can only add."""

    schema: Literal[1]
    entries: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=10_000)] = ()


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A site's word that one entry does not count here for a while: at most 30 days.

    `entry` and `digest` (of the entry's own canonical JSON) name it, so that an entry that changes counts again.
    """

    schema: Literal[1]
    entry: Short
    digest: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    by: Short
    issued: Seconds
    expires: Seconds

    def __post_init__(self) -> None:
        parse_digest(self.digest)
        if not self.issued < self.expires <= self.issued + MAX_LIFE:
            raise ValueError("an override holds at least a second and at most 30 days")


Document = TypeVar("Document", RevocationList, Additions, Override)
_STRENGTH = {"warn": Action.WARN, "block": Action.BLOCK, "kill": Action.KILL}
_encoder = msgspec.json.Encoder(order="sorted")
_decoders: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (RevocationList, Additions, Override)
}


def encode(value: msgspec.Struct) -> bytes:
    """Return the canonical JSON of a document or an entry: sorted keys, no spaces, nothing that is a default."""
    return _encoder.encode(value)


def digest_of(value: msgspec.Struct) -> Digest:
    """Return the digest of the canonical JSON of `value`."""
    return digest_bytes(encode(value))


def decode(kind: type[Document], data: bytes, limit: int) -> Document:
    """Return the document in `data`; `ValueError` for one byte too many, an unknown field, a doubled key, a bad value.

    Canonical JSON cannot hold a doubled key, which spares large lists a second parser.
    """
    if len(data) > limit:
        raise ValueError(f"found {len(data)} bytes, at most {limit} are allowed")
    try:
        document: Document = _decoders[kind].decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"no JSON of this kind: {str(error).lower()}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if encode(document) != data:
        parse_object(data, limit)
    return document


def version_in(version: str, versions: str) -> bool:
    """Whether `version` is in the range `versions`; a version that cannot be read is in every range."""
    try:
        return in_range(version, _range(versions))
    except ValueError:
        return True


_range = lru_cache(maxsize=4096)(parse_range)
