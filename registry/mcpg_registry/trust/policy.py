"""The trust policy: who may sign for which repositories. It reads no file and verifies no signature of a plugin.

The longest prefix that matches on a `/` boundary counts, and only that one. What no prefix matches is denied. Prefixes
are those of the name that the operator writes, host included, never of a mirror's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from mcpg_registry.steps import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.identities import TrustedIdentity
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_registry.trust.rotation import Rotation

__all__ = ["RESERVED", "Rule", "TrustPolicy", "TrustedKey", "covers"]

RESERVED = "mcpg/"
"""Ids of what is built in: released by nobody else unless a rule's `ids` says so."""
MAX_ROTATIONS = 64
_PREFIX = re.compile(r"[a-z0-9.:_\[\]-]+(/[a-z0-9._-]+)*/?", re.ASCII)
_ID = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*/(\*|[a-z0-9-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key and when it counts; `not_before` and `not_after` in seconds since 1970, both still valid."""

    key: PublicKey
    not_before: int | None = None
    not_after: int | None = None

    def __post_init__(self) -> None:
        if self.not_before is not None and self.not_after is not None and self.not_before > self.not_after:
            raise ValueError(f"key `{self.key.id}` ends to be valid before it begins")


@dataclass(frozen=True, slots=True)
class Rule:
    """Who must have signed what stands under `prefix`.

    `keys`: at least `threshold` distinct ones. `identities`: at least one, keyless. With both, `require` says whether
    `any` of the two suffices or `all` (both) are wanted; keys and identities never add up to one threshold. `ids`: the
    plugin ids that may be released, `acme/redact` or `acme/*`; none said means any but `mcpg/*`. `rotations` are those
    that speak of the repository (`TrustPolicy.rule_for` puts them there). `ValueError` says what is wrong.
    """

    prefix: str
    keys: tuple[TrustedKey, ...] = ()
    threshold: int = 1
    identities: tuple[TrustedIdentity, ...] = ()
    require: Literal["any", "all"] = "any"
    ids: tuple[str, ...] = ()
    rotations: tuple[Rotation, ...] = ()

    def __post_init__(self) -> None:
        ids = {trusted.key.id for trusted in self.keys}
        if len(ids) != len(self.keys):
            raise ValueError(f"a key stands twice in the trust policy for `{self.prefix}`")
        if not self.keys and not self.identities:
            raise ValueError(f"the trust policy for `{self.prefix}` names neither a key nor an identity")
        if not 1 <= self.threshold <= max(len(ids), 1):
            raise ValueError(
                f"the threshold for `{self.prefix}` is {self.threshold}; wanted 1 to {len(ids)}, the number of its keys"
            )
        if self.require == "all" and not (self.keys and self.identities):
            raise ValueError(f"the trust policy for `{self.prefix}` requires all, but has not both keys and identities")
        for each in self.ids:
            if _ID.fullmatch(each) is None:
                raise ValueError(f"`{each}` is neither a plugin id nor a publisher with /* behind it")

    def find(self, key_id: Digest) -> TrustedKey | None:
        """Return the trusted key of that id, if there is one."""
        return next((trusted for trusted in self.keys if trusted.key.id == key_id), None)

    def matches(self, repository: str) -> bool:
        """Whether the rule speaks of `repository`: the prefix itself or something below it."""
        return covers(self.prefix, repository)

    def permits(self, plugin_id: str) -> bool:
        """Whether those whom the rule trusts may release a plugin of that id."""
        if not self.ids:
            return not plugin_id.startswith(RESERVED)
        return any(plugin_id.startswith(each[:-1]) if each.endswith("/*") else plugin_id == each for each in self.ids)


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """All rules; no two have the same prefix. `rotations` are proofs that a new key stands in for an old one.

    `ValueError` when two rules have one prefix, or two rotations hand the same key over to different ones.
    """

    rules: tuple[Rule, ...] = ()
    rotations: tuple[Rotation, ...] = ()

    def __post_init__(self) -> None:
        prefixes = [rule.prefix.rstrip("/") for rule in self.rules]
        if len(set(prefixes)) != len(prefixes) or "" in prefixes:
            raise ValueError("a prefix of the trust policy is empty or stands there twice")
        for rule in self.rules:
            if _PREFIX.fullmatch(rule.prefix) is None:
                raise ValueError(
                    f"`{rule.prefix}` is no prefix of repositories; wanted lower case and no `*`, such as ghcr.io/acme"
                )
        if len(self.rotations) > MAX_ROTATIONS:
            raise ValueError(f"more than {MAX_ROTATIONS} rotations; list the newest keys and drop the old proofs")
        for one, other in combinations(self.rotations, 2):
            same = one.old == other.old and (covers(one.prefix, other.prefix) or covers(other.prefix, one.prefix))
            if same and one.new.id != other.new.id:
                raise ValueError(f"key `{one.old}` is handed over to two different keys for `{one.prefix}`")

    def rule_for(self, repository: str, *, where: str = "", claimed: Sequence[Digest] = ()) -> Rule:
        """Return the one rule for `repository`; `PluginRefused` at step 6 when no prefix matches.

        `claimed` are key ids that its signatures name: the error tells them, and that nothing proves them.
        """
        matching = [rule for rule in self.rules if rule.matches(repository)]
        if not matching:
            raise _untrusted(repository, where, claimed)
        rule = max(matching, key=lambda rule: len(rule.prefix.rstrip("/")))
        speaking = tuple(each for each in self.rotations if covers(each.prefix, repository))
        return replace(rule, rotations=rule.rotations + speaking) if speaking else rule


def covers(prefix: str, repository: str) -> bool:
    """Whether `repository` is `prefix` or stands below it, on a `/` boundary."""
    return repository == prefix or repository.startswith(prefix.rstrip("/") + "/")


def _untrusted(repository: str, where: str, claimed: Sequence[Digest]) -> Exception:
    named = ", ".join(f"`{each}`" for each in claimed[:4])
    said = f"; its signatures name the key {named}, which nothing proves yet" if claimed else ""
    return refusal(
        6,
        f"no rule of the trust policy matches `{repository}`{said}",
        where=where,
        remedy="get the publisher's public key from the publisher, then pull it the first time with `--key FILE`, or "
        "add the key to the trust policy under the plugin's prefix",
        code="untrusted-prefix",
    )
