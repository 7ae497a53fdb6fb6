"""A site for the tests of the whole pull: a registry, a store, a trust policy, lists and a clock. It tests nothing."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.registry.artifacts import NOW
from tests.registry.client_faults import PATIENT, bare_network
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.publisher import Publisher
from tests.simulator.registry import Registry, simulated

from mcpg.plugins.pulling import Pulled, Puller, Wish
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials
from mcpg_registry.hosts import Hosts, HostSettings, Timeouts
from mcpg_registry.store import Store
from mcpg_revocations.standing import Site as Lists
from mcpg_revocations.standing import Standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg_registry.locking import Locked

__all__ = ["NAME", "Bench", "Lenient", "site"]

NAME = "acme/echo"


KEYS = Chest()
for _name in ("acme", "list-1", "list-2", "list-3"):
    KEYS[_name]


@cache
def _plugins() -> tuple[Plugin, Plugin]:
    key = KEYS["acme"]
    return Plugin.make(key, size=1000, version="1.0.0"), Plugin.make(key, size=600_000, version="1.2.0")


class Lenient:
    """A sandbox that takes every component: what is in one is not asked here."""

    async def load(self, wasm: bytes, **_more: Any) -> None:
        return None


@dataclass
class Bench:
    """The site; `first` is in its store already, `plugin` is what the tests try to pull."""

    folder: Path
    registry: Registry
    client: RegistryClient
    chest: Chest = field(default_factory=lambda: Chest(dict(KEYS.keys)))
    now: int = NOW

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "store")
        self.publisher = Publisher(self.chest, lambda: self.now)
        self.lists = Standing.open(Lists(self.folder / "lists", self.publisher.anchor()), self.now)
        self.revoke()
        first, second = _plugins()
        self.first = first.put(self.contents, NAME, "1.0.0")
        self.plugin = second.put(self.contents, NAME, "1.2.0")
        self.client._exchanges.sleep = self._no_wait

    @property
    def contents(self):
        return self.registry.contents

    @property
    def repository(self) -> str:
        return f"{self.registry.authority}/{NAME}"

    async def _no_wait(self, _seconds: float) -> None:
        return None

    def allow(self, timeouts: Timeouts) -> None:
        """Let the registry take that long from now on."""
        settings = HostSettings(self.registry.authority, plain_http=True, timeouts=timeouts)
        self.client._hosts = self.client._exchanges._hosts = Hosts((settings,), plain_loopback=True, timeouts=timeouts)

    def revoke(self, *entries: Any) -> None:
        """Issue the next list and take it."""
        self.lists.offer(self.publisher.issue(*entries), self.now)

    async def pull(self, ending: str = "", *, locked: Locked | None = None, **more: Any) -> Pulled:
        """Pull the plugin by digest, or with another ending such as `:1.2.0`."""
        reference = f"{self.repository}{ending or '@' + self.plugin.digest}"
        trust = self.chest.trust(self.repository.rpartition("/")[0], "acme")
        puller = Puller(self.store, trust, self.lists, Lenient(), self.client, clock=lambda: self.now)
        return await puller.pull(Wish(reference, self.folder, locked=locked, **more))

    def files(self, *, partials: bool = True) -> dict[str, bytes]:
        """Return every file of the store; `partials` says whether those of downloads count."""
        found = {str(p.relative_to(self.store.directory)): p for p in self.store.directory.rglob("*") if p.is_file()}
        return {n: p.read_bytes() for n, p in found.items() if partials or not n.startswith("ingest/")}


@asynccontextmanager
async def site(
    folder: Path, *, login: tuple[str, str] | None = None, timeouts: Timeouts = PATIENT, **options: Any
) -> AsyncIterator[Bench]:
    """Run a site whose store holds one plugin; `login` are its credentials, `options` the registry's."""
    async with simulated(**options) as registry:
        known = KnownCredentials(registry.authority, Credentials(*login)) if login else None
        async with RegistryClient(bare_network(), credentials=known) as client:
            bench = Bench(folder, registry, client)
            bench.allow(PATIENT)
            await bench.pull("@" + bench.first.digest)
            bench.allow(timeouts)
            registry.requests.clear()
            yield bench
