"""From the keys under `trust` to the trust policy: keys, roots and rotation proofs are read here. It judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.config.load import load_trust
from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.keyfiles import read_public_keys
from mcpg_registry.layout import read_followed
from mcpg_registry.trust.identities import MAX_ROOT, TrustedIdentity
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_registry.trust.rotation import MAX_PROOF, parse_rotation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg.config.findings import Place
    from mcpg.config.trust import Trust, TrustIdentity, TrustRule
    from mcpg_registry.trust.rotation import Rotation

    Resolve = Callable[[str], Path]
    Where = Callable[[Place], str]

__all__ = ["policy_in", "policy_of"]


def policy_of(loaded: Loaded) -> TrustPolicy:
    """Return the trust policy of the operator's file; `ConfigError` for what cannot be read or obeyed. It blocks."""
    trust = loaded.config.trust
    if trust.file is not None:
        return policy_in(loaded.resolve(trust.file))
    return _policy(trust, loaded.resolve, lambda place: loaded.where(("trust", *place)))


def policy_in(path: Path) -> TrustPolicy:
    """Return the trust policy in a file of its own; `ConfigError` for what cannot be read or obeyed. It blocks."""
    trust, source = load_trust(path)
    folder = path.absolute().parent
    return _policy(trust, lambda name: folder / name, lambda place: source.finding(place, "").where)


def _policy(trust: Trust, resolve: Resolve, where: Where) -> TrustPolicy:
    rules = tuple(_rule(rule, resolve, where, ("rules", index)) for index, rule in enumerate(trust.rules))
    rotations = tuple(_rotation(resolve(name), where(("rotations", at))) for at, name in enumerate(trust.rotations))
    try:
        return TrustPolicy(rules, rotations)
    except ValueError as error:
        raise ConfigError(str(error), where=where(()), remedy="mend the trust policy") from None


def _rule(rule: TrustRule, resolve: Resolve, where: Where, place: Place) -> Rule:
    try:
        keys = [
            TrustedKey(key, given.not_before, given.not_after)
            for given in rule.keys
            for key in read_public_keys(resolve(given.file))
        ]
        identities = tuple(_identity(given, resolve) for given in rule.identities)
        return Rule(
            prefix=rule.prefix.rstrip("/"),
            keys=tuple(keys),
            threshold=rule.threshold,
            identities=identities,
            require=rule.require,
            ids=rule.ids,
        )
    except ValueError as error:
        raise ConfigError(str(error), where=where(place), remedy="mend this rule of the trust policy") from None


def _identity(given: TrustIdentity, resolve: Resolve) -> TrustedIdentity:
    root = _bytes(resolve(given.root), MAX_ROOT) if given.root else b""
    return TrustedIdentity(given.issuer, given.identity or "", given.pattern or "", root)


def _rotation(path: Path, where: str) -> Rotation:
    try:
        return parse_rotation(_bytes(path, MAX_PROOF))
    except ValueError as error:
        remedy = "name a proof that `mcpg keys rotate` has made"
        raise ConfigError(f"`{path.name}` is no rotation: {error}", where=where, remedy=remedy) from None


def _bytes(path: Path, limit: int) -> bytes:
    try:
        return read_followed(path, limit)
    except OSError as error:
        reason = reason_of(error)
        raise ValueError(f"`{path.name}` cannot be read: {reason}") from None
