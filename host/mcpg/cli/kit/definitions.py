"""What is pinned of each upstream and what it said last, for the verbs of `mcpg upstream`. It asks no upstream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError
from mcpg.gateway.pinning import compare, rules_of
from mcpg.gateway.pinning_lock import alone, read_lock, read_seen, write_lock

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg.gateway.pinning import Finding, Rules
    from mcpg.gateway.pinning_lock import Digests, Key, Seen

__all__ = ["Standing", "approve", "standing_of", "standings"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one upstream stands; `pinned` is None while it has never been seen."""

    name: str
    rules: Rules
    pinned: Digests | None
    seen: Seen

    @property
    def finding(self) -> Finding:
        """How what was seen last differs from the lock."""
        return compare(self.name, self.seen.digests, self.pinned, {}, self.rules)

    @property
    def waiting(self) -> dict[Key, str]:
        """What may be approved: everything that differs, by kind and name."""
        found = self.finding
        return dict(sorted({**found.changed, **found.new}.items()))

    def definition(self, digest: str | None) -> Any:
        """Return the definition behind a digest, None where it is not known here."""
        return self.seen.texts.get(digest) if digest is not None else None

    def state(self, key: Key) -> str:
        """Return `approved`, `changed`, `new` or `gone`."""
        if key not in self.seen.digests:
            return "gone"
        if self.pinned is None or key not in self.pinned:
            return "new"
        return "approved" if self.pinned[key] == self.seen.digests[key] else "changed"

    def counts(self) -> dict[str, int]:
        """Return how many definitions there are of each state."""
        found = self.finding
        return {
            "definitions": len(self.seen.digests),
            "changed": len(found.changed),
            "new": len(found.new),
            "gone": len(found.gone),
            "held": len(found.held),
        }


def standings(loaded: Loaded, name: str | None = None) -> list[Standing]:
    """Return how every upstream of the file stands, or the one named; raises `ConfigError`."""
    rules = rules_of(loaded)
    if name is not None and name not in rules:
        known = ", ".join(f"`{each}`" for each in rules) or "none"
        raise ConfigError(
            f"there is no upstream `{name}`", where="upstreams", remedy=f"name one of the file's: {known}"
        )
    return [standing_of(each, rules[each], loaded.state) for each in ([name] if name is not None else rules)]


def standing_of(name: str, rules: Rules, state: Path) -> Standing:
    """Return how one upstream stands; raises `ConfigError` when its lock cannot be read."""
    return Standing(name, rules, read_lock(rules.lock).of(name), read_seen(state, name))


def approve(standing: Standing, chosen: Digests) -> None:
    """Write what was chosen into the lock, while the gateway does not; raises `ConfigError`."""
    with alone(standing.rules.lock):
        pins = read_lock(standing.rules.lock)
        write_lock(standing.rules.lock, pins.with_upstream(standing.name, {**(pins.of(standing.name) or {}), **chosen}))
