"""Whose signatures no longer count, as a revocation list says it. It reads no list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.digests import Digest

__all__ = ["NOBODY", "Revoked"]


@dataclass(frozen=True, slots=True)
class Revoked:
    """Revoked signers, each with the reason: keys by id, keyless identities by issuer and identity."""

    keys: Mapping[Digest, str] = field(default_factory=dict)
    identities: Mapping[tuple[str, str], str] = field(default_factory=dict)


NOBODY = Revoked()
