"""Whose signatures no longer count, as a revocation list says it. It reads no list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg_registry.trust.identities import Identity
from mcpg_registry.trust.patterns import parse_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.digests import Digest

__all__ = ["NOBODY", "Revoked"]


@dataclass(frozen=True, slots=True)
class Revoked:
    """Revoked signers, each with the reason: keys by id, keyless identities by issuer and identity.

    An identity that begins with `^` is an anchored pattern as in `patterns`: a workflow's name ends with its tag.
    """

    keys: Mapping[Digest, str] = field(default_factory=dict)
    identities: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def why(self, signer: Digest | Identity) -> str | None:
        """Return why `signer` is revoked, or none if it is not; `ValueError` when a pattern cannot be read."""
        if not isinstance(signer, Identity):
            return self.keys.get(signer)
        if (reason := self.identities.get(signer)) is not None:
            return reason
        for (issuer, pattern), reason in self.identities.items():
            if pattern.startswith("^") and issuer == signer.issuer and parse_pattern(pattern).matches(signer.identity):
                return reason
        return None


NOBODY = Revoked()
