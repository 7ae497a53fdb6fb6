"""Counts signers against a rule: how many places and identities have signed, and whether that is enough. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg_registry.steps import refusal
from mcpg_registry.trust.identities import Identity

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.policy import Rule
    from mcpg_registry.trust.statements import Release
    from mcpg_registry.trust.succession import Succession

__all__ = ["Ballot", "Prehashed"]

MAX_TOLD = 8
MAX_RECOGNISED = 4
"""How many signatures per manifest are looked at for being Ed25519ph: that is slow."""


class Prehashed(ValueError):  # noqa: N818 - names state facts
    """A trusted key has signed, but as Ed25519ph."""


@dataclass(slots=True)
class Ballot:
    """What the candidates have shown so far. A signer is a key's id or a keyless identity, already verified."""

    rule: Rule
    keys: Succession
    plain: set[Digest | Identity] = field(default_factory=set)
    releases: defaultdict[Release, set[Digest | Identity]] = field(default_factory=lambda: defaultdict(set))
    vulnerabilities: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    recognised: int = 0
    prehashed: bool = False

    def count(self, signers: AbstractSet[Digest | Identity]) -> tuple[int, int]:
        """Return how many places of keys, and how many identities, are among `signers`."""
        places = {self.keys.keys[each].place for each in signers if not isinstance(each, Identity)}
        return len(places), sum(isinstance(each, Identity) for each in signers)

    def enough(self, signers: AbstractSet[Digest | Identity]) -> bool:
        """Whether `signers` are those that the rule asks for."""
        places, identities = self.count(signers)
        by_keys = bool(self.rule.keys) and places >= self.rule.threshold
        by_identities = bool(self.rule.identities) and identities > 0
        return by_keys and by_identities if self.rule.require == "all" else by_keys or by_identities

    def too_few(self, step: int, what: str, signers: AbstractSet[Digest | Identity], *, where: str) -> Exception:
        """Return the error that says how many were found and wanted, and why the others do not count."""
        places, identities = self.count(signers)
        found = f"{places} valid {what}"
        if self.rule.identities:
            found += f" by keys and {identities} by identities"
        told = "; ".join([*self.keys.faults, *self.faults][:MAX_TOLD])
        code = "bad-signature" if step == 6 else "bad-release"  # noqa: PLR2004 - the step's own number
        return refusal(
            step,
            f"found {found}, wanted {_wanted(self.rule)} trusted for `{self.rule.prefix}`" + (told and f" ({told})"),
            where=where,
            remedy="have its publisher sign it with `mcpg plugin sign`, which makes what cosign verifies too"
            if self.prehashed
            else "sign it with `mcpg plugin sign` and a trusted key, or take the artifact from its publisher again",
            code="ed25519ph" if self.prehashed else code,
        )


def _wanted(rule: Rule) -> str:
    parts = [f"{rule.threshold} by keys"] if rule.keys else []
    parts += ["1 by an identity"] if rule.identities else []
    return (" and " if rule.require == "all" else " or ").join(parts)
