"""What a verb works with: store, trust, lock, revocations and registries, as options and file say. It loads nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpg.contract.problems import ConfigError
from mcpg_registry.keyfiles import read_public_keys
from mcpg_registry.layout import read_file
from mcpg_registry.locking import MAX_LOCK, Lock, parse_lock
from mcpg_registry.steps import at_step
from mcpg_registry.store import Store
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_revocations.standing import Site as RevocationSite
from mcpg_revocations.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.cli.plugin_options import Chosen
    from mcpg.config import Loaded
    from mcpg_registry.client import RegistryClient
    from mcpg_registry.digests import Digest
    from mcpg_registry.locking import Locked
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_revocations.index import RevocationIndex

__all__ = ["LOCK", "Site", "open_site"]

LOCK = "mcpg.lock"
STORE = Path(".state") / "plugins"


@dataclass(frozen=True, slots=True)
class Site:
    """One verb's surroundings. `first` are keys trusted this once, where `trust` has no rule; relative paths start at
    `base`; `now` in seconds since 1970."""  # noqa: D205, D209 - it needs two lines

    base: Path
    store: Store
    trust: TrustPolicy
    first: tuple[PublicKey, ...]
    lock_path: Path
    lock: Lock | None
    revocations: Standing
    mirrors: tuple[str, ...]
    offline: bool
    plain_http: bool
    now: int
    loaded: Loaded | None = None

    def rule_for(self, repository: str, *, where: str, claimed: Sequence[Digest] = ()) -> tuple[Rule, bool]:
        """Return the rule for a repository, and whether it is there for this once only.

        `PluginRefused` at step 6 when there is none; `ConfigError` when a key is given that a rule does not know.
        """
        known = any(rule.matches(repository) for rule in self.trust.rules)
        if not known and self.first:
            return Rule(repository, tuple(TrustedKey(key) for key in self.first), len(self.first)), True
        rule = self.trust.rule_for(repository, where=where, claimed=claimed)
        for key in self.first:
            if rule.find(key.id) is None:
                message = f"key `{key.id}` is not among those that the rule for `{rule.prefix}` names"
                raise ConfigError(message, where="--key", remedy="leave --key out, or change the rule on purpose")
        return rule, False

    def locked(self, reference: str) -> Locked | None:
        """Return what the lock says of a reference, written as in the configuration or as what it stands for."""
        plugins = self.lock.plugins.values() if self.lock else ()
        return next((each for each in plugins if each.reference == reference), None)

    def locked_digest(self, repository: str, digest: Digest) -> Locked | None:
        """Return what the lock says of an artifact, whatever name it was locked under in its repository."""
        plugins = self.lock.plugins.values() if self.lock else ()
        return next((each for each in plugins if each.manifest == digest and repository in each.reference), None)

    def everything(self) -> tuple[str, ...]:
        """Return a reference by digest for all that is installed, then what the lock names besides; it blocks."""
        with at_step(11, where="the store", remedy="see `mcpg plugin cache gc`, or pull the plugin again"):
            installed = [f"{each.repository}@{each.manifest.digest}" for each in self.store.receipts()]
        locked = self.lock.plugins.values() if self.lock else ()
        return tuple(dict.fromkeys([*installed, *(each.reference for each in locked)]))

    def index(self, *, locked: bool) -> RevocationIndex:
        """Return what is revoked; `PluginRefused` at step 4 when the lists allow no load."""
        at_least = self.lock.revocations if self.lock else 0
        return self.revocations.for_loading(self.now, locked=locked, at_least=at_least)

    def client(self) -> RegistryClient:
        """Return a client for registries; one that opens no connection, if that was asked for."""
        from mcpg_registry.client import RegistryClient  # noqa: PLC0415 - slow to import
        from mcpg_registry.credentials import StoredCredentials  # noqa: PLC0415 - likewise
        from mcpg_registry.hosts import Hosts  # noqa: PLC0415 - likewise
        from mcpg_registry.http import Network, NoNetwork  # noqa: PLC0415 - likewise

        return RegistryClient(
            NoNetwork() if self.offline else Network(),
            hosts=Hosts(plain_loopback=self.plain_http),
            credentials=StoredCredentials(),
            tell=lambda line: click.echo(line, err=True),
        )


def open_site(chosen: Chosen) -> Site:
    """Return what the options and the file say; `ConfigError` for what cannot be read. It blocks."""
    loaded = _load(chosen)
    base = loaded.base if loaded else chosen.near.absolute()
    state = loaded.state if loaded else base / STORE.parent
    lock_path = chosen.lock or base / LOCK
    now = int(time.time())
    return Site(
        base=base,
        store=Store(chosen.store or state / STORE.name),
        trust=TrustPolicy(),
        first=tuple(key for path in chosen.keys for key in read_public_keys(path)),
        lock_path=lock_path,
        lock=_lock(lock_path),
        revocations=_standing(loaded, state, now),
        mirrors=chosen.mirrors,
        offline=chosen.offline,
        plain_http=chosen.plain_http,
        now=now,
        loaded=loaded,
    )


def _load(chosen: Chosen) -> Loaded | None:
    from mcpg.config import load  # noqa: PLC0415 - slow to import

    return load(chosen.config) if chosen.config else None


def _standing(loaded: Loaded | None, state: Path, now: int) -> Standing:
    from mcpg.gateway.revocation_site import STATE, open_standing  # noqa: PLC0415 - slow to import

    return open_standing(loaded, now) if loaded else Standing.open(RevocationSite(state / STATE), now)


def _lock(path: Path) -> Lock | None:
    try:
        return parse_lock(read_file(path, MAX_LOCK))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else str(error)
        remedy = "restore it, or write it anew with `mcpg plugin lock`"
        raise ConfigError(reason, where=f"lock `{path}`", remedy=remedy) from error
