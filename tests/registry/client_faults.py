"""What the tests of the client's faults share: a registry with a signed plugin, a client, and how a fault must end."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import Registry, simulated

from mcpg.contract.problems import McpgError, PluginRefused, RegistryFailed
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials
from mcpg_registry.hosts import Hosts, HostSettings, Timeouts
from mcpg_registry.http import Network
from mcpg_registry.manifests import parse_manifest
from mcpg_registry.references import RegistryReference, parse_reference
from mcpg_registry.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from mcpg_registry.claims import Claim
    from mcpg_registry.manifests import Descriptor

__all__ = ["NAME", "PATIENT", "QUICK", "TAG", "Bench", "bare_network", "bench", "timeouts_for"]

NAME, TAG = "acme/echo", "1.2.0"
SIZE = 1_500_000

PATIENT = Timeouts(connect=20.0, read=20.0, pool=20.0, total=20.0, slowest=1 << 16)
"""For whatever ends by itself, however busy the machine is."""
QUICK = Timeouts(connect=0.5, read=0.2, pool=0.5, total=3.0, slowest=1 << 20)
"""For a registry that never says another word: the test ends when these do."""


@dataclass
class Bench:
    """A registry that holds `plugin` under NAME:TAG, signed by `acme`, and a client for it."""

    registry: Registry
    client: RegistryClient
    chest: Chest = field(default_factory=Chest)
    plugin: Plugin = field(init=False)
    waits: list[float] = field(default_factory=list)
    """How long the client wanted to wait before it tried again: it is not let."""

    def __post_init__(self) -> None:
        self.client._exchanges.sleep = self._wait
        self.plugin = Plugin.make(self.chest["acme"], size=SIZE).put(self.registry.contents, NAME, TAG)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    @property
    def repository(self) -> str:
        return f"{self.registry.authority}/{NAME}"

    @property
    def layer(self) -> Descriptor:
        return parse_manifest(self.plugin.manifest_bytes).layers[0]

    def reference(self, ending: str = "") -> RegistryReference:
        """Return the plugin's reference by digest, or with another ending such as `:1.2.0`."""
        parsed = parse_reference(f"{self.repository}{ending or '@' + self.plugin.digest}")
        assert isinstance(parsed, RegistryReference)
        return parsed

    async def claim(self, ending: str = "") -> Claim:
        return await self.client.claim(self.reference(ending))

    async def blob(self) -> bytes:
        return await self.client.blob(self.repository, self.layer, MemorySink(self.layer))

    async def tags(self) -> tuple[str, ...]:
        return await self.client.tags(self.repository)

    def sent(self, kind: str) -> int:
        """Return how many bytes of bodies the registry got rid of for requests of a kind."""
        return sum(request.sent for request in self.registry.asked(kind))

    async def refused(self, doing: Awaitable[Any], code: str, told: str = ".", *, step: int | None = None) -> McpgError:
        """Assert that something ends in one error of that code (and step), whole and on one line."""
        with pytest.raises((RegistryFailed, PluginRefused), match=told) as caught:
            await doing
        error = caught.value
        found = error.code, error.step if isinstance(error, PluginRefused) else None
        assert found in {(each, step) for each in code.split("|")}, error.message
        assert error.where
        assert error.remedy
        assert error.message.isprintable()
        assert len(error.message) < 1500
        return error


@cache
def _bare() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def timeouts_for(fault: str) -> Timeouts:
    """Return the timeouts for a test of a fault: short ones only where nothing else would end it."""
    return QUICK if fault.endswith(("-stalled", "-mute")) else PATIENT


def bare_network() -> Network:
    """Return a network that speaks no TLS: a context with all of the world's roots takes longer than a test."""
    network = Network()
    network._pools[None, None] = httpx2.AsyncHTTPTransport(verify=_bare())
    return network


@asynccontextmanager
async def bench(
    *, login: tuple[str, str] | None = None, timeouts: Timeouts = PATIENT, **options: Any
) -> AsyncIterator[Bench]:
    """Run a registry with a client for it; `login` are the client's credentials, `options` the registry's."""
    async with simulated(**options) as registry:
        known = KnownCredentials(registry.authority, Credentials(*login)) if login else None
        settings = HostSettings(registry.authority, plain_http=True, timeouts=timeouts)
        hosts = Hosts((settings,), plain_loopback=True, timeouts=timeouts)
        async with RegistryClient(bare_network(), hosts=hosts, credentials=known) as client:
            yield Bench(registry, client)
