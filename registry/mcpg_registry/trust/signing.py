"""What is signed of an artifact, and bundles made of signatures: the same input gives the same bytes. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry.trust.bundles import Bundle
from mcpg_registry.trust.dsse import Envelope, Signature, pre_auth_encoding
from mcpg_registry.trust.statements import (
    COSIGN,
    IN_TOTO,
    RELEASE,
    VULNERABILITIES,
    Statement,
    vulnerabilities_predicate,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PrivateKey
    from mcpg_registry.trust.statements import Release

__all__ = [
    "bundle_of",
    "bytes_to_sign",
    "sign_envelope",
    "sign_manifest",
    "sign_release",
    "statements_of",
    "vulnerability_statement",
]


def sign_envelope(payload_type: str, payload: bytes, keys: Sequence[PrivateKey]) -> Envelope:
    """Return an envelope that each of `keys` has signed."""
    data = pre_auth_encoding(payload_type, payload)
    return Envelope(payload_type, payload, tuple(Signature(key.sign(data), key.public.id) for key in keys))


def statements_of(manifest: Digest, release: Release) -> tuple[Statement, ...]:
    """Return what each signer of an artifact says: cosign's own statement, then the release."""
    return Statement(manifest, COSIGN, {}), Statement(manifest, RELEASE, release.predicate())


def vulnerability_statement(manifest: Digest, ids: Sequence[str]) -> Statement:
    """Return the statement that a manifest has these vulnerabilities; `ValueError` when an id is none."""
    return Statement(manifest, VULNERABILITIES, vulnerabilities_predicate(ids))


def bytes_to_sign(statement: Statement) -> bytes:
    """Return the bytes that a signature over `statement` covers."""
    return pre_auth_encoding(IN_TOTO, statement.payload())


def bundle_of(statement: Statement, key_id: Digest, signature: bytes) -> Bundle:
    """Return the bundle of a statement and the signature that a key has made over `bytes_to_sign(statement)`."""
    return Bundle(Envelope(IN_TOTO, statement.payload(), (Signature(signature),)), key_id)


def sign_manifest(manifest: Digest, key: PrivateKey) -> Bundle:
    """Return cosign's own statement about a manifest: `cosign verify --key` accepts it."""
    return _signed(Statement(manifest, COSIGN, {}), key)


def sign_release(manifest: Digest, release: Release, key: PrivateKey) -> Bundle:
    """Return the release statement about a manifest."""
    return _signed(Statement(manifest, RELEASE, release.predicate()), key)


def _signed(statement: Statement, key: PrivateKey) -> Bundle:
    return bundle_of(statement, key.public.id, key.sign(bytes_to_sign(statement)))
