"""A network of a few hosts lets nothing else through, whoever asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.simulator.registry import simulated

from mcpg.contract.problems import RegistryFailed
from mcpg_registry.client import RegistryClient
from mcpg_registry.hosts import Hosts, Mirror
from mcpg_registry.http import Network
from mcpg_registry.narrowed import OnlyHosts
from mcpg_registry.references import parse_reference

if TYPE_CHECKING:
    from mcpg_registry.references import RegistryReference


def reference(text: str) -> RegistryReference:
    found = parse_reference(text)
    assert hasattr(found, "host")
    return found


async def test_only_the_named_host_is_asked() -> None:
    async with simulated() as named, simulated() as other:
        hosts = Hosts(plain_loopback=True)
        async with RegistryClient(OnlyHosts(Network({}), [named.authority.upper()]), hosts=hosts) as client:
            with pytest.raises(RegistryFailed) as caught:
                await client.claim(reference(f"{named.authority}/acme/echo:1.0.0"))
            assert caught.value.code == "not-in-registry"
            with pytest.raises(RegistryFailed, match="the network may not be used") as caught:
                await client.claim(reference(f"{other.authority}/acme/echo:1.0.0"))
        assert (caught.value.code, named.requests != [], other.requests) == ("offline", True, [])


async def test_a_redirect_leads_nowhere_else() -> None:
    async with simulated() as named, simulated() as other:
        named.switch("redirects", to=f"{other.origin}/v2/acme/echo/manifests/1.0.0", kinds="manifest")
        async with RegistryClient(
            OnlyHosts(Network({}), [named.authority]), hosts=Hosts(plain_loopback=True)
        ) as client:
            with pytest.raises(RegistryFailed):
                await client.claim(reference(f"{named.authority}/acme/echo:1.0.0"))
        assert other.requests == []


async def test_an_origin_behind_a_mirror_is_not_asked() -> None:
    async with simulated() as named, simulated() as origin:
        mirror = Mirror(origin.authority, (named.authority,))
        hosts = Hosts(plain_loopback=True, mirrors=(mirror,))
        async with RegistryClient(OnlyHosts(Network({}), [named.authority]), hosts=hosts) as client:
            with pytest.raises(RegistryFailed):
                await client.claim(reference(f"{origin.authority}/acme/echo:1.0.0"))
        assert (origin.requests, named.requests != []) == ([], True)
