"""Signing: a manifest, a release, any payload. It writes no file; the same input and key give the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry.trust.bundles import Bundle
from mcpg_registry.trust.dsse import Envelope, Signature, pre_auth_encoding
from mcpg_registry.trust.statements import COSIGN, IN_TOTO, RELEASE, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PrivateKey
    from mcpg_registry.trust.statements import Release

__all__ = ["sign_envelope", "sign_manifest", "sign_release"]


def sign_envelope(payload_type: str, payload: bytes, keys: Sequence[PrivateKey]) -> Envelope:
    """Return an envelope that each of `keys` has signed."""
    data = pre_auth_encoding(payload_type, payload)
    return Envelope(payload_type, payload, tuple(Signature(key.sign(data), key.public.id) for key in keys))


def sign_manifest(manifest: Digest, key: PrivateKey) -> Bundle:
    """Return cosign's own statement about a manifest: `cosign verify --key` accepts it."""
    return _bundle(Statement(manifest, COSIGN, {}), key)


def sign_release(manifest: Digest, release: Release, key: PrivateKey) -> Bundle:
    """Return the release statement about a manifest."""
    return _bundle(Statement(manifest, RELEASE, release.predicate()), key)


def _bundle(statement: Statement, key: PrivateKey) -> Bundle:
    payload = statement.payload()
    signature = Signature(key.sign(pre_auth_encoding(IN_TOTO, payload)))
    return Bundle(Envelope(IN_TOTO, payload, (signature,)), key.public.id)
