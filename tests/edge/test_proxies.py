"""Who called, as proxies in front say it: believed of our own only, read from the right."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.edge.kit import Client, FakeService

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.guards import forwarded_address
from mcpg.edge.settings import EdgeSettings

OURS = frozenset({ip_network("10.0.0.0/8"), ip_network("fd00::/8")})


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("fd00::1", "2001:DB8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, _hidden, 10.2.2.2", "10.2.2.2"),
        ("10.0.0.1", "203.0.113.999", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9,", "10.0.0.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_whom_a_chain_of_proxies_names(peer: str, forwarded: str, caller: str) -> None:
    assert forwarded_address(peer, forwarded, OURS) == caller


@given(st.text(max_size=200), st.sampled_from(["203.0.113.9", "2001:db8::1"]))
def test_what_a_client_writes_before_our_proxy_changes_nothing(said: str, client: str) -> None:
    assert forwarded_address("10.0.0.1", f"{said}, {client}", OURS) == client


@given(st.text(max_size=200))
def test_a_stranger_is_who_he_is(said: str) -> None:
    assert forwarded_address("192.0.2.1", said, OURS) == "192.0.2.1"


@pytest.mark.parametrize(("proxies", "seen"), [(frozenset(), "192.0.2.7"), ({ip_network("192.0.2.0/24")}, "::1")])
async def test_no_proxy_makes_a_caller_local(service: FakeService, proxies: frozenset[object], seen: str) -> None:
    settings = EdgeSettings(loopback=True, proxies=frozenset(proxies))  # type: ignore[arg-type]
    client = Client(McpEndpoint(service, settings), host="localhost")
    await client.modern("tools/list", headers={"x-forwarded-for": "::1"})
    assert (service.seen[0].peer.address, service.seen[0].peer.local) == (seen, False)
