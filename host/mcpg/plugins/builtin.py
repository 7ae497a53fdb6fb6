"""The components that ship with the program: an OCI layout, its lock and its trust anchor, verified offline.

Nothing in the directory is trusted for being there: digests and signatures of every component are checked at every
start. Changing one byte of a component, its manifest, its config or a signature refuses that plugin. All of it blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg.plugins.artifacts import Artifact, Name, open_layout, verify_artifact
from mcpg_registry.layout import read_file
from mcpg_registry.locking import MAX_LOCK, Lock, Locked, parse_lock
from mcpg_registry.proving import Judgement
from mcpg_registry.steps import AGAIN, at_step, refusal
from mcpg_registry.trust.keys import load_public_keys
from mcpg_registry.trust.policy import Rule, TrustedKey
from mcpg_revocations.rules import revoked

if TYPE_CHECKING:
    from mcpg_registry.layout import Layout
    from mcpg_revocations.index import RevocationIndex
    from mcpg_revocations.lists import RevocationList

__all__ = ["ANCHOR", "LOCK", "NAMESPACE", "Bundle"]

NAMESPACE = "mcpg"
"""Repository prefix and publisher of everything built in."""
ANCHOR = "anchor.pem"
LOCK = "lock.json"
MAX_ANCHOR = 64 * 1024
_WHERE = "the built-in plugins"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The opened bundle: layout, lock and the rule that the anchor makes."""

    layout: Layout
    lock: Lock
    rule: Rule

    @classmethod
    def open(cls, directory: Path | None = None) -> Bundle:
        """Return the bundle in `directory`, by default the program's own; `PluginRefused` when a part is missing."""
        place = directory or Path(__file__).parent / "builtin"
        with at_step(6, where=_WHERE, remedy=AGAIN, code="bad-anchor"):
            keys = load_public_keys(read_file(place / ANCHOR, MAX_ANCHOR).decode())
            rule = Rule(NAMESPACE, tuple(TrustedKey(key) for key in keys), ids=(f"{NAMESPACE}/*",))
        with at_step(8, where=_WHERE, remedy=AGAIN, code="bad-lock"):
            lock = parse_lock(read_file(place / LOCK, MAX_LOCK))
        return cls(open_layout(place, _WHERE), lock, rule)

    def names(self) -> tuple[str, ...]:
        """Return the names of all built-in plugins, sorted."""
        return tuple(sorted(self.lock.plugins))

    def locked(self, name: str) -> Locked:
        """Return what the lock says of one built-in plugin; `PluginRefused` at step 1 when there is none."""
        locked = self.lock.plugins.get(name)
        if locked is None:
            known = ", ".join(f"`{each}`" for each in self.names())
            where = f"built-in plugin `{name}`"
            raise refusal(1, "there is none of that name", where=where, remedy=f"use one of {known or 'none at all'}")
        return locked

    def verify(self, name: str, revocations: RevocationIndex | RevocationList, now: int) -> Artifact:
        """Return the artifact of one built-in plugin; `PluginRefused` names the step that did not pass."""
        where = f"built-in plugin `{name}`"
        locked = self.locked(name)
        repository, _, tag = locked.reference.partition(":")
        named = Name(repository, tag, None, where)
        artifact = verify_artifact(self.layout, named, Judgement(self.rule, now, revoked(revocations), locked))
        if locked.id != f"{NAMESPACE}/{name}":  # the signed id, which step 8 has compared to the lock's
            message = f"found plugin `{locked.id}` under this name, wanted `{NAMESPACE}/{name}`"
            raise refusal(8, message, where=where, remedy=AGAIN, code="not-locked")
        return artifact

    def verify_all(self, revocations: RevocationIndex | RevocationList, now: int) -> tuple[Artifact, ...]:
        """Return what is proven of every built-in plugin, without the bytes; `PluginRefused` at the first failure."""
        return tuple(replace(self.verify(name, revocations, now), wasm=b"") for name in self.names())
