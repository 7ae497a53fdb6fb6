"""Entries, lists and signatures for the tests of revocations. It tests nothing itself."""

from __future__ import annotations

from typing import Any

from mcpg_registry.digests import digest_bytes
from mcpg_registry.strict_json import compact
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.signing import sign_envelope
from mcpg_revocations.envelopes import PAYLOAD_TYPE
from mcpg_revocations.index import Subject
from mcpg_revocations.lists import DAY, Entry, RevocationList

A, B, C, D, E = (PrivateKey.generate() for _ in range(5))
NOW = 1_800_000_000
YEAR = 366 * DAY
DIGEST = digest_bytes(b"x")
SUBJECT = Subject(
    manifest=DIGEST,
    wasm=digest_bytes(b"wasm"),
    id="acme/echo",
    version="1.2.0",
    keys=(A.public.id, B.public.id),
    repository="ghcr.io/acme/plugins/echo",
    identities=(("https://issuer.example", "https://ci.example/acme"),),
    vulnerabilities=("CVE-2026-1",),
)


def entry(**fields: Any) -> Entry:
    """Return an entry that blocks, with what `fields` say of it."""
    return Entry(**({"id": "MCPG-1", "action": "block", "reason": "it leaks"} | fields))


def listed(*entries: Entry, **fields: Any) -> RevocationList:
    """Return a list of version 3 that never expires, with what `fields` say of it."""
    return RevocationList(**({"schema": 1, "version": 3, "entries": entries} | fields))


def signed(payload: bytes, *keys: PrivateKey, kind: str = PAYLOAD_TYPE) -> bytes:
    """Return any payload under signatures."""
    return compact(sign_envelope(kind, payload, keys).document())
