"""From the operator's file to where plugins come from and what they are judged by. It opens no connection.

Verbs use it as the gateway does: with a file, or part by part where options stand in for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg.gateway.trusting import policy_of
from mcpg.plugins.supply import Supply
from mcpg_registry.hosts import Hosts, HostSettings, Mirror, Timeouts
from mcpg_registry.locking import read_lock
from mcpg_registry.store import Store

if TYPE_CHECKING:
    from mcpg.config import Loaded
    from mcpg_registry.locking import Lock

__all__ = ["Intake", "hosts_of", "lock_of", "supply_of"]


@dataclass(frozen=True, slots=True)
class Intake:
    """What may come in besides what the file says: nothing but what is `locked`, nothing over a network (`offline`)."""

    locked: bool = False
    offline: bool = False


def supply_of(loaded: Loaded, *, locked: bool = False, offline: bool = False) -> Supply:
    """Return what the file says; it reads keys and the lock, and so blocks. `ConfigError` for what cannot be obeyed."""
    return Supply(
        store=Store(loaded.store),
        trust=policy_of(loaded),
        lock=lock_of(loaded, must=locked),
        hosts=hosts_of(loaded),
        credentials=loaded.credentials,
        locked=locked,
        offline=offline,
    )


def lock_of(loaded: Loaded, *, must: bool = False) -> Lock | None:
    """Return the lock of the file, if there is one; `ConfigError` when a named or demanded one is not there."""
    lock = read_lock(loaded.lock)
    if lock is None and (must or loaded.config.lock):
        where = loaded.where(("lock",)) if loaded.config.lock else f"lock `{loaded.lock}`"
        raise ConfigError(
            "there is no such lock", where=where, remedy="write it with `mcpg plugin lock`", code="bad-lock"
        )
    return lock


def hosts_of(loaded: Loaded) -> Hosts:
    """Return the settings of registries' hosts, and their mirrors; `ConfigError` for a prefix that is none."""
    registries = loaded.config.registries
    settings = tuple(
        HostSettings(
            host=host.lower(),
            ca=loaded.resolve(given.ca) if given.ca else None,
            plain_http=given.plain_http,
            realms=given.realms,
            timeouts=Timeouts(read=given.timeout, total=given.timeout),
        )
        for host, given in registries.hosts.items()
    )
    mirrors = tuple(Mirror(prefix, given.to, given.only) for prefix, given in registries.mirrors.items())
    try:
        return Hosts(settings=settings, mirrors=mirrors)
    except ConfigError as error:
        where = loaded.where(("registries", "mirrors"))
        raise ConfigError(error.message, where=where, remedy=error.remedy) from None
