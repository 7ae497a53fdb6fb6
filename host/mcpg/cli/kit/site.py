"""What a verb works with: store, trust, lock, revocations and registries, as options and file say. It loads nothing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.first_trust import FirstTrust
from mcpg.config import ConfigErrors, load
from mcpg.config.load import LOCK, STORE
from mcpg.gateway.revocation_site import STATE as REVOCATIONS
from mcpg.gateway.revocation_site import site_of
from mcpg.gateway.supplying import hosts_of
from mcpg.gateway.trusting import policy_in, policy_of
from mcpg_registry.hosts import Hosts, Mirror
from mcpg_registry.keyfiles import read_public_keys
from mcpg_registry.locking import Lock, read_lock
from mcpg_registry.references import RegistryReference, parse_reference
from mcpg_registry.steps import at_step
from mcpg_registry.store import Store
from mcpg_registry.tar_sources import parts_file
from mcpg_registry.trust.policy import TrustPolicy
from mcpg_revocations.standing import Site as RevocationSite
from mcpg_revocations.standing import Standing

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.cli.kit.options import Chosen
    from mcpg.config import Loaded
    from mcpg_registry.carrier import Carrier
    from mcpg_registry.client import RegistryClient
    from mcpg_registry.digests import Digest
    from mcpg_registry.http import Http
    from mcpg_registry.locking import Locked
    from mcpg_registry.references import Reference
    from mcpg_revocations.index import RevocationIndex

__all__ = ["Site", "open_site"]

STATE = ".state"
"""The folder of state where no file names one."""
_SECTIONS = {"", "lock", "registries", "revocations", "state", "store", "trust", "version"}
"""What plugin verbs go by, besides the references under `plugins`."""


@dataclass(frozen=True, slots=True)
class Site:
    """One verb's surroundings. Relative paths start at `base`; `now` in seconds since 1970.

    `lists` says whose revocation lists count and where they are kept; `revocations` is what they say.
    """

    base: Path
    state: Path
    store: Store
    trust: FirstTrust
    lock_path: Path
    lock: Lock | None
    lists: RevocationSite
    revocations: Standing
    mirrors: tuple[Path, ...]
    remote_mirrors: tuple[str, ...]
    hosts: Hosts
    credentials: Path | None
    offline: bool
    now: int
    loaded: Loaded | None = None

    def locked(self, reference: str) -> Locked | None:
        """Return what the lock says of a reference, as it is written in the file."""
        return self.lock.find(reference) if self.lock else None

    def locked_digest(self, repository: str, digest: Digest) -> Locked | None:
        """Return what the lock says of an artifact, whatever name it was locked under in its repository."""
        plugins = self.lock.plugins.values() if self.lock else ()
        return next((each for each in plugins if each.manifest == digest and repository in each.reference), None)

    def installed(self, reference: str, locked: Locked | None) -> str:
        """Return what is locked of a registry's plugin by its digest, if the store has it; else nothing. It blocks."""
        parsed = parse_reference(reference)
        if locked is None or not isinstance(parsed, RegistryReference):
            return ""
        repository = parsed.full_name
        return f"{repository}@{locked.digest}" if self.store.holds(repository, locked.digest) else ""

    def everything(self) -> tuple[str, ...]:
        """Return a reference by digest for all that is installed, then what the lock names besides; it blocks."""
        with at_step(11, where="the store", remedy="see `mcpg plugin cache gc`, or pull the plugin again"):
            receipts = self.store.receipts()
        installed = [f"{each.repository}@{each.manifest.digest}" for each in receipts]
        digests = {each.manifest.digest for each in receipts}
        locked = self.lock.plugins.items() if self.lock else ()
        return (*installed, *(name for name, each in locked if each.manifest not in digests))

    def index(self, *, locked: bool) -> RevocationIndex:
        """Return what is revoked; `PluginRefused` at step 4 when the lists allow no load."""
        at_least = self.lock.revocations if self.lock else 0
        return self.revocations.for_loading(self.now, locked=locked, at_least=at_least)

    def client(self, *references: Reference) -> RegistryClient:
        """Return a client for what these references may be read from; what else they are is passed over.

        Named mirrors are asked before a reference's own registry; offline, they are all that is asked.
        """
        from mcpg_registry.client import RegistryClient  # noqa: PLC0415 - slow to import
        from mcpg_registry.credentials import StoredCredentials  # noqa: PLC0415 - likewise

        hosts = {each.host for each in references if isinstance(each, RegistryReference)}
        mirrors = [Mirror(host, self.remote_mirrors, only=self.offline) for host in sorted(hosts)]
        return RegistryClient(
            self._http(),
            hosts=replace(self.hosts, mirrors=(*mirrors, *self.hosts.mirrors)) if self.remote_mirrors else self.hosts,
            credentials=StoredCredentials(file=self.credentials),
            tell=lambda line: click.echo(line, err=True),
        )

    def carrier(self) -> Carrier:
        """Return what pushes over the library `oras`."""
        from mcpg_registry.carrier import Carrier  # noqa: PLC0415 - few use it
        from mcpg_registry.credentials import StoredCredentials  # noqa: PLC0415 - slow to import

        return Carrier(self._http(), hosts=self.hosts, credentials=StoredCredentials(file=self.credentials))

    @property
    def online(self) -> bool:
        """Whether any registry may be asked: offline, only the mirrors that were named."""
        return not self.offline or bool(self.remote_mirrors)

    def _http(self) -> Http:
        from mcpg_registry.http import Network, NoNetwork  # noqa: PLC0415 - slow to import
        from mcpg_registry.narrowed import OnlyHosts  # noqa: PLC0415 - likewise

        if not self.offline:
            return Network()
        hosts = [each.partition("/")[0] for each in self.remote_mirrors]
        return OnlyHosts(Network(), hosts) if hosts else NoNetwork()


def open_site(chosen: Chosen) -> Site:
    """Return what the options and the file say; `ConfigError` for what cannot be read. It blocks."""
    loaded = _load(chosen)
    base = loaded.base if loaded else chosen.near.absolute()
    state = loaded.state if loaded else base / STATE
    lock_path = chosen.lock or (loaded.lock if loaded else base / LOCK)
    local = {place for place in chosen.mirrors if (base / place).exists() or parts_file(base / place).exists()}
    lists, now = site_of(loaded) if loaded else RevocationSite(state / REVOCATIONS), int(time.time())
    return Site(
        base=base,
        state=state,
        store=Store(chosen.store or (loaded.store if loaded else state / STORE)),
        trust=FirstTrust(_policy(chosen, loaded), [key for path in chosen.keys for key in read_public_keys(path)]),
        lock_path=lock_path,
        lock=read_lock(lock_path),
        lists=lists,
        revocations=Standing.open(lists, now),
        mirrors=tuple(base / place for place in chosen.mirrors if place in local),
        remote_mirrors=tuple(place for place in chosen.mirrors if place not in local),
        hosts=replace(hosts_of(loaded) if loaded else Hosts(), plain_loopback=chosen.plain_http),
        credentials=loaded.credentials if loaded else None,
        offline=chosen.offline,
        now=now,
        loaded=loaded,
    )


def _load(chosen: Chosen) -> Loaded | None:
    """Return the file, if there is one.

    Whoever looks after plugins need not have the gateway's variables: one that is not set is an error only where
    plugins come from or are judged.
    """
    if chosen.config is None:
        return None
    try:
        return load(chosen.config)
    except ConfigErrors as errors:
        if any(_matters(finding.path) for finding in errors.findings):
            raise
        try:
            return load(chosen.config, _Lenient(os.environ))
        except ConfigErrors:
            raise errors from None


class _Lenient(dict[str, str]):
    """The environment, with a word for every variable that is not set."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 - a mapping's method
        return super().get(key, "unset")


def _matters(path: str) -> bool:
    section, _, rest = path.partition(".")
    return section in _SECTIONS or (section == "plugins" and rest.partition(".")[2] == "from")


def _policy(chosen: Chosen, loaded: Loaded | None) -> TrustPolicy:
    if chosen.trust is not None:
        return policy_in(chosen.trust)
    return policy_of(loaded) if loaded else TrustPolicy()
