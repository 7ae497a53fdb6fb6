"""From a lock to proven plugins: finds what the lock names on a shelf, proves it, and says what is not there.

It fetches nothing: what is missing comes with the errors' `mcpg plugin pull`. All of it blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg_mirror.faults import Incomplete
from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.digests import parse_digest
from mcpg_registry.references import is_named_repository, is_tag
from mcpg_registry.steps import AGAIN, at_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg_registry.claims import Claim, Shelf
    from mcpg_registry.digests import Digest
    from mcpg_registry.locking import Lock, Locked
    from mcpg_registry.proving import Proven

__all__ = ["Gathered", "Missing", "Wanted", "demand_all", "gather", "wanted_of"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plugin by its original name and digest; `locked` is its entry in the lock."""

    repository: str
    tag: str
    digest: Digest
    locked: Locked

    @property
    def reference(self) -> str:
        """What to pull to have it."""
        return f"{self.repository}{':' + self.tag if self.tag else ''}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Missing:
    """A plugin that is not on the shelf, why, and the command that brings it."""

    wanted: Wanted
    reason: str

    @property
    def command(self) -> str:
        """The command that brings it."""
        return f"mcpg plugin pull {self.wanted.reference}"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found and proven, and what is missing, both in the order of their names."""

    plugins: tuple[Proven, ...]
    missing: tuple[Missing, ...]


def wanted_of(lock: Lock) -> tuple[Wanted, ...]:
    """Return the plugins that a lock names, each once, without what is built in everywhere.

    `ConfigError` for a name that no mirror can carry.
    """
    found: dict[tuple[str, str], Wanted] = {}
    for name, locked in sorted(lock.plugins.items()):
        if locked.reference.startswith("builtin:"):
            continue
        repository, tag = _split(locked.reference)
        if locked.reference.startswith("file:") or not is_named_repository(repository) or (tag and not is_tag(tag)):
            raise ConfigError(
                f"`{locked.reference[:200]}` of `{name}` is no name in a registry, so no mirror can carry it",
                where="the lock",
                remedy="lock the plugin by the name that it has in its registry",
            )
        wanted = Wanted(repository, tag, parse_digest(locked.manifest), locked)
        other = found.setdefault((repository, tag or wanted.digest), wanted)
        if other.digest != wanted.digest:
            raise ConfigError(f"`{repository}:{tag}` stands there with two digests", where="the lock")
    return tuple(sorted(found.values(), key=lambda each: each.reference))


def gather(shelf: Shelf, wanted: Sequence[Wanted], prove: Callable[[Claim, Locked], Proven]) -> Gathered:
    """Return what `shelf` has of `wanted`, each proven by `prove` and its layer read; `PluginRefused` for a bad one.

    A plugin whose bytes are damaged is missing: the pull that brings it mends the store.
    """
    plugins: list[Proven] = []
    missing: list[Missing] = []
    for each in wanted:
        try:
            shelf.find(each.repository, each.tag or None, each.digest)
        except (ValueError, FileNotFoundError) as error:
            missing.append(Missing(each, str(error)))
            continue
        try:
            plugins.append(_proven(shelf, each, prove))
        except PluginRefused as error:
            if error.code != "bad-digest":
                raise
            missing.append(Missing(each, error.message))
    return Gathered(tuple(plugins), tuple(missing))


def _proven(shelf: Shelf, wanted: Wanted, prove: Callable[[Claim, Locked], Proven]) -> Proven:
    where = f"plugin `{wanted.reference}`"
    claim = claim_from(shelf, wanted.repository, wanted.tag or None, wanted.digest, where=where)
    proven = prove(claim, wanted.locked)
    with at_step(9, where=where, remedy=AGAIN, code="bad-digest"):
        shelf.read(proven.layer, media.MAX_LAYER)
    return proven


def demand_all(gathered: Gathered) -> tuple[Proven, ...]:
    """Return the plugins if none is missing; `Incomplete` with the commands that bring those that are."""
    if gathered.missing:
        commands = [each.command for each in gathered.missing]
        rest = f" and {len(commands) - _SHOWN} more" if len(commands) > _SHOWN else ""
        raise Incomplete(
            f"{len(commands)} of {len(commands) + len(gathered.plugins)} plugins are not in the store",
            code="missing-plugin",
            where="the mirror",
            remedy=f"run where there is a network: {'; '.join(commands[:_SHOWN])}{rest}",
        )
    return gathered.plugins


def _split(reference: str) -> tuple[str, str]:
    name = reference.rpartition("#")[2].partition("@")[0]
    before, colon, tag = name.rpartition(":")
    return (before, tag) if colon and "/" not in tag else (name, "")
