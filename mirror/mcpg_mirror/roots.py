"""The trust paper of a bundle: what its maker trusts, for people at the far side. No site ever trusts it by itself.

It holds public keys, keyless identities, sigstore's trusted roots and rotation proofs, and whose revocation list is
believed. It does no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg_mirror.kinds import ENVELOPE, SIGSTORE_ROOT, TRUST
from mcpg_mirror.papers import pack_paper
from mcpg_registry.digests import digest_bytes
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_mirror.papers import Paper
    from mcpg_registry.trust.policy import Rule
    from mcpg_revocations.rules import Anchor

__all__ = ["pack_trust"]


def pack_trust(rules: Sequence[Rule], anchor: Anchor) -> Paper:
    """Return the trust paper: one JSON document, then each sigstore root once, then each rotation proof once."""
    roots = {each.root for rule in rules for each in rule.identities if each.root}
    proofs = {compact(each.envelope.document()) for rule in rules for each in rule.rotations}
    document = {
        "schema": 1,
        "rules": [_rule(rule) for rule in sorted(rules, key=lambda rule: rule.prefix)],
        "revocations": {"threshold": anchor.threshold, "keys": sorted(key.pem for key in anchor.keys)},
    }
    layers = [(TRUST, compact(document))]
    layers += [(SIGSTORE_ROOT, root) for root in sorted(roots, key=digest_bytes)]
    layers += [(ENVELOPE, proof) for proof in sorted(proofs, key=digest_bytes)]
    return pack_paper("trust", TRUST, layers)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "prefix": rule.prefix,
        "threshold": rule.threshold,
        "require": rule.require,
        "ids": sorted(rule.ids),
        "keys": [
            {"id": each.key.id, "pem": each.key.pem, "not_before": each.not_before, "not_after": each.not_after}
            for each in sorted(rule.keys, key=lambda each: each.key.id)
        ],
        "identities": sorted(
            (
                {
                    "issuer": each.issuer,
                    "identity": each.identity,
                    "pattern": each.pattern,
                    "root": digest_bytes(each.root) if each.root else "",
                }
                for each in rule.identities
            ),
            key=compact,
        ),
    }
