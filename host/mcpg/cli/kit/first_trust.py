"""The operator's trust policy, and keys that are trusted this once where it says nothing. It reads no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_registry.trust.policy import Rule, TrustedKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_registry.trust.policy import TrustPolicy

__all__ = ["FirstTrust"]


class FirstTrust:
    """A policy with `first` keys: all of them must have signed what no rule speaks of.

    `once` keeps the rules that were made so, by repository.
    """

    def __init__(self, policy: TrustPolicy, first: Sequence[PublicKey] = ()) -> None:
        self._policy = policy
        self._first = tuple(dict.fromkeys(first))
        self.once: dict[str, Rule] = {}

    def rule_for(self, repository: str, *, where: str = "", claimed: Sequence[Digest] = ()) -> Rule:
        """Return the rule for a repository; `PluginRefused` at step 6 when there is none.

        `ConfigError` when a key is given that the policy's rule does not name: it would not count.
        """
        if self._first and not any(rule.matches(repository) for rule in self._policy.rules):
            rule = Rule(repository, tuple(TrustedKey(key) for key in self._first), len(self._first))
            return self.once.setdefault(repository, rule)
        rule = self._policy.rule_for(repository, where=where, claimed=claimed)
        for key in self._first:
            if rule.find(key.id) is None:
                message = f"key `{key.id}` is not among those that the rule for `{rule.prefix}` names"
                raise ConfigError(message, where="--key", remedy="leave --key out, or change the rule on purpose")
        return rule
