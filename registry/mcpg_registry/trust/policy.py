"""The trust policy: which keys may sign for which repositories. It reads no file and verifies no signature.

The longest prefix that matches on a `/` boundary counts, and only that one. What no prefix matches is denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg_registry.steps import refusal

if TYPE_CHECKING:
    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PublicKey

__all__ = ["Rule", "TrustPolicy", "TrustedKey"]


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key and when it counts; `not_before` and `not_after` in seconds since 1970."""

    key: PublicKey
    not_before: int | None = None
    not_after: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """For repositories under `prefix`, at least `threshold` distinct keys of `keys` must have signed."""

    prefix: str
    keys: tuple[TrustedKey, ...]
    threshold: int = 1

    def __post_init__(self) -> None:
        ids = {trusted.key.id for trusted in self.keys}
        if len(ids) != len(self.keys):
            raise ValueError(f"a key stands twice in the trust policy for `{self.prefix}`")
        if not 1 <= self.threshold <= len(ids):
            raise ValueError(
                f"the threshold for `{self.prefix}` is {self.threshold}; wanted 1 to {len(ids)}, the number of its keys"
            )

    def find(self, key_id: Digest) -> TrustedKey | None:
        """Return the trusted key of that id, if there is one."""
        return next((trusted for trusted in self.keys if trusted.key.id == key_id), None)

    def matches(self, repository: str) -> bool:
        """Whether the rule speaks of `repository`: the prefix itself or something below it."""
        return repository == self.prefix or repository.startswith(self.prefix.rstrip("/") + "/")


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """All rules; no two have the same prefix."""

    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        prefixes = [rule.prefix.rstrip("/") for rule in self.rules]
        if len(set(prefixes)) != len(prefixes) or "" in prefixes:
            raise ValueError("a prefix of the trust policy is empty or stands there twice")

    def rule_for(self, repository: str, *, where: str = "") -> Rule:
        """Return the one rule for `repository`; `PluginRefused` at step 6 when no prefix matches."""
        matching = [rule for rule in self.rules if rule.matches(repository)]
        if not matching:
            raise refusal(
                6,
                f"no rule of the trust policy matches `{repository}`",
                where=where,
                remedy="add its publisher's key to the trust policy under the plugin's prefix",
                code="untrusted-prefix",
            )
        return max(matching, key=lambda rule: len(rule.prefix))
