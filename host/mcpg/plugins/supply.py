"""What plugins come from and are judged by: store, trust, lock, registries. It reads no file and pulls nothing.

The gateway makes one from its file, a verb from a file or from options; loader and puller go by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg_registry.hosts import Hosts
from mcpg_registry.references import parse_reference
from mcpg_registry.trust.policy import TrustPolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg.plugins.pulling import Trusting
    from mcpg_registry.client import RegistryClient
    from mcpg_registry.locking import Lock, Locked
    from mcpg_registry.store import Store

__all__ = ["Supply"]


@dataclass(frozen=True, slots=True)
class Supply:
    """Where plugins come from.

    `locked`: nothing but what the lock names. `offline`: no connection is opened. `credentials` is a file in docker's
    format; without it, credentials are looked for where docker and podman keep them.
    """

    store: Store | None = None
    trust: Trusting = field(default_factory=TrustPolicy)
    lock: Lock | None = None
    hosts: Hosts = field(default_factory=Hosts)
    credentials: Path | None = None
    locked: bool = False
    offline: bool = False

    def find(self, reference: str) -> Locked | None:
        """Return what the lock says of a reference, as the operator wrote it or in full; `PluginRefused` for none."""
        if self.lock is None:
            return None
        return self.lock.find(reference) or self.lock.find(str(parse_reference(reference)))

    @property
    def at_least(self) -> int:
        """The version of the revocation list that the lock was made with, or 0."""
        return self.lock.revocations if self.lock else 0

    def client(self, tell: Callable[[str], None] | None = None) -> RegistryClient:
        """Return a client for registries, which the caller closes; offline, one that raises on any use."""
        from mcpg_registry.client import RegistryClient  # noqa: PLC0415 - slow to import, and few need it
        from mcpg_registry.credentials import StoredCredentials  # noqa: PLC0415 - likewise
        from mcpg_registry.http import Network, NoNetwork  # noqa: PLC0415 - likewise

        http = NoNetwork() if self.offline else Network()
        return RegistryClient(http, hosts=self.hosts, credentials=StoredCredentials(file=self.credentials), tell=tell)
