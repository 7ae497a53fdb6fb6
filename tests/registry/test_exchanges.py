"""Requests to a place: tried again when that is safe, redirected within bounds, credentials kept at home."""

from __future__ import annotations

import email.utils
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulator.access import Basic
from tests.simulator.faults_places import redirects
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import RegistryFailed
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials
from mcpg_registry.exchanges import Call, Exchanges, next_url
from mcpg_registry.hosts import Hosts, HostSettings, Timeouts
from mcpg_registry.http import HttpFailed, Network
from mcpg_registry.links import next_page
from mcpg_registry.manifests import parse_manifest
from mcpg_registry.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.simulator.registry import Registry

NAME = "acme/echo"
KNOWN = Credentials("u", "p")


class Waits:
    """Waits for nothing, on a clock that it sets, and remembers how long."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@asynccontextmanager
async def exchanging(registry: Registry, *, waits: Waits | None = None) -> AsyncIterator[Any]:
    """Give a function that opens a path of the registry and returns status and body."""
    waits = waits or Waits()
    hosts = Hosts(plain_loopback=True, timeouts=Timeouts(connect=1, read=1, total=30))
    network, known = Network(), KnownCredentials(registry.authority, KNOWN)
    exchanges = Exchanges(network, hosts, known, sleep=waits.sleep, clock=lambda: waits.now)

    async def ask(path: str = f"/v2/{NAME}/tags/list", method: str = "GET", **options: Any) -> tuple[int, bytes]:
        place = hosts.origin(f"{registry.authority}/{NAME}")
        async with exchanges.open(place, Call(method, path, "scope", **options)) as answer:
            return answer.status, await answer.read(10_000)

    try:
        yield ask
    finally:
        await network.aclose()


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with simulated() as running:
        running.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
        yield running


class TestRetries:
    @pytest.mark.parametrize("code", [429, 502, 503, 504])
    async def test_what_passes_is_tried_again(self, registry: Registry, code: int) -> None:
        waits = Waits()
        registry.switch("status", code=code, times=3)
        async with exchanging(registry, waits=waits) as ask:
            assert (await ask())[0] == 200
        assert waits.slept == [0.1, 0.4, 1.0]

    @pytest.mark.parametrize("code", [429, 502, 503, 504])
    async def test_at_most_three_times(self, registry: Registry, code: int) -> None:
        registry.switch("status", code=code)
        async with exchanging(registry) as ask:
            assert (await ask())[0] == code
        assert len(registry.requests) == 4

    @pytest.mark.parametrize("code", [400, 403, 404, 410, 416, 500, 501])
    async def test_what_stays_is_not(self, registry: Registry, code: int) -> None:
        registry.switch("status", code=code)
        async with exchanging(registry) as ask:
            assert (await ask())[0] == code
        assert len(registry.requests) == 1

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_what_changes_something_is_not(self, registry: Registry, method: str) -> None:
        registry.switch("status", code=503, methods="POST PUT")
        async with exchanging(registry) as ask:
            assert (await ask(method=method))[0] == 503
        assert len(registry.requests) == 1

    async def test_retry_after_is_kept_to(self, registry: Registry) -> None:
        waits = Waits()
        registry.switch("status", code=429, times=2, Retry_After="7")
        async with exchanging(registry, waits=waits) as ask:
            assert (await ask())[0] == 200
        assert waits.slept == [7.0, 7.0]

    async def test_retry_after_may_be_a_date(self, registry: Registry) -> None:
        waits = Waits()
        registry.switch("status", code=429, times=1, Retry_After=email.utils.formatdate(time.time() + 20, usegmt=True))
        async with exchanging(registry, waits=waits) as ask:
            assert (await ask())[0] == 200
        assert 15 < waits.slept[0] <= 20

    @pytest.mark.parametrize("after", ["31", "99999999999999999999", "86400"])
    async def test_one_beyond_our_time_ends_it_at_once(self, registry: Registry, after: str) -> None:
        waits = Waits()
        registry.switch("status", code=429, Retry_After=after)
        async with exchanging(registry, waits=waits) as ask:
            with pytest.raises(HttpFailed, match="it wants fewer requests"):
                await ask()
        assert waits.slept == []

    @pytest.mark.parametrize("after", ["soon", "-5", "1.5", "", "٣", "Thu, 99 Foo 2026"])
    async def test_nonsense_counts_as_none(self, registry: Registry, after: str) -> None:
        waits = Waits()
        registry.switch("status", code=503, times=1, Retry_After=after.encode("ascii", "replace").decode())
        async with exchanging(registry, waits=waits) as ask:
            assert (await ask())[0] == 200
        assert waits.slept == [0.1]

    async def test_all_tries_end_with_the_places_time(self, registry: Registry) -> None:
        waits = Waits()
        registry.switch("status", code=503, Retry_After="14")
        async with exchanging(registry, waits=waits) as ask:
            with pytest.raises(HttpFailed, match="it answered 503"):
                await ask()
        assert waits.slept == [14.0, 14.0]


class TestRedirects:
    async def test_another_origin_gets_the_request_and_not_our_name(self, registry: Registry) -> None:
        registry.access = Basic({"u": "p"})
        async with simulated() as other, exchanging(registry) as ask:
            other.contents.repository(NAME).tags["2"] = "sha256:" + "0" * 64
            await ask("/v2/")
            registry.faults.append(redirects(other.origin + "{target}", "tags"))
            assert b'"2"' in (await ask())[1]
            assert registry.requests[-1].authorization
            assert [request.authorization for request in other.requests] == [""]

    async def test_a_foreign_401_is_not_answered(self, registry: Registry) -> None:
        async with simulated(access=Basic({"u": "p"})) as other, exchanging(registry) as ask:
            registry.faults.append(redirects(other.origin + "{target}", "tags"))
            assert (await ask())[0] == 401
            assert [request.authorization for request in other.requests] == [""]

    async def test_five_are_followed_and_six_are_not(self, registry: Registry) -> None:
        async with exchanging(registry) as ask:
            registry.faults = [redirects("{target}", "tags", times=5)]
            assert (await ask())[0] == 200
            registry.faults = [redirects("{target}", "tags", times=6)]
            with pytest.raises(HttpFailed, match="more than 5 times") as caught:
                await ask()
            assert caught.value.code == "registry-redirect"

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_what_changes_something_is_not_redirected(self, registry: Registry, method: str) -> None:
        async with simulated() as other, exchanging(registry) as ask:
            registry.faults.append(redirects(other.origin + "{target}", "tags", methods="POST PUT"))
            assert (await ask(method=method))[0] == 307
            assert other.requests == []

    async def test_plain_http_elsewhere_must_have_been_said(self, registry: Registry) -> None:
        said = HostSettings(registry.authority, plain_http=True, timeouts=Timeouts(connect=1, read=1, total=3))
        async with simulated() as other, RegistryClient(hosts=Hosts((said,))) as client:
            registry.faults.append(redirects(other.origin + "{target}", "tags"))
            with pytest.raises(RegistryFailed, match="without TLS") as caught:
                await client.tags(f"{registry.authority}/{NAME}")
            assert other.requests == []
        assert caught.value.code == "registry-redirect"

    @pytest.mark.parametrize(
        "location",
        [
            "http://a.corp/x",
            "ftp://a.corp/x",
            "https://u:p@a.corp/x",
            "",
            "https://a.corp/é",
            "https://a b/",
        ],
    )
    def test_an_address_that_is_malformed_or_leaves_tls_is_not_followed(self, location: str) -> None:
        with pytest.raises(HttpFailed) as caught:
            next_url("https://ghcr.io/v2/", location)
        assert caught.value.code == "registry-redirect"

    def test_relative_ones_stay(self) -> None:
        assert next_url("https://ghcr.io/v2/a/", "../b?c=d") == "https://ghcr.io/v2/b?c=d"
        assert next_url("https://ghcr.io/v2/a/", "//other.io/b") == "https://other.io/b"

    @given(st.text(max_size=60))
    def test_no_location_breaks_it(self, location: str) -> None:
        with suppress(HttpFailed):
            assert next_url("https://ghcr.io/v2/", location).startswith("https://")


class TestLinks:
    URL = "https://ghcr.io/v2/a/tags/list?n=2"

    @pytest.mark.parametrize(
        ("header", "found"),
        [
            ("", None),
            ('</v2/a/tags/list?last=b>; rel="next"', "https://ghcr.io/v2/a/tags/list?last=b"),
            ("<?last=b>;rel=next", "https://ghcr.io/v2/a/tags/list?last=b"),
            (
                '</x>; rel="prev", </v2/a/tags/list?last=c>; title="a;b"; rel="next"',
                "https://ghcr.io/v2/a/tags/list?last=c",
            ),
            ('</v2/a/tags/list>; rel="nextish"', None),
            ("nonsense", None),
        ],
    )
    def test_the_next_page_is_found(self, header: str, found: str | None) -> None:
        assert next_page(header, self.URL) == found

    @pytest.mark.parametrize(
        "target", ["https://evil.com/v2/a/tags/list", "/v2/b/tags/list", "https://ghcr.io:444/v2/a/tags/list", "/"]
    )
    def test_one_that_leads_out_is_refused(self, target: str) -> None:
        with pytest.raises(ValueError, match="somewhere else"):
            next_page(f'<{target}>; rel="next"', self.URL)

    async def test_circles_and_endless_pages_end(self, registry: Registry) -> None:
        async with RegistryClient(hosts=Hosts(plain_loopback=True)) as client:
            for link, reason in (("{target}", "circle"), ("?n={number}", "more than 64 pages")):
                registry.faults = []
                registry.switch("links", kind="tags", link=link)
                with pytest.raises(Exception, match=reason):
                    await client.tags(f"{registry.authority}/{NAME}")
        assert len(registry.asked("tags")) == 1 + 64


class TestBounds:
    async def test_a_body_is_cut_at_its_limit(self, registry: Registry) -> None:
        registry.switch("tags-endless")
        async with exchanging(registry) as ask:
            with pytest.raises(HttpFailed, match="more than 10000 bytes"):
                await ask()

    @pytest.mark.parametrize("fault", ["tags-gzipped", "tags-bomb"])
    async def test_an_encoded_body_is_refused_unread(self, registry: Registry, fault: str) -> None:
        registry.switch(fault)
        async with exchanging(registry) as ask:
            with pytest.raises(HttpFailed, match="it encoded the body"):
                await ask()
        assert registry.requests[0].headers["accept-encoding"] == "identity"

    async def test_cookies_are_not_kept(self, registry: Registry) -> None:
        async with exchanging(registry) as ask:
            registry.switch("status", code=404, times=1, Set_Cookie="a=b; Path=/")
            await ask()
            await ask()
        assert all("cookie" not in request.headers for request in registry.requests)

    async def test_a_body_that_drips_is_given_up(self) -> None:
        plugin = Plugin.make(Chest()["acme"], size=50_000)
        slow = Timeouts(connect=1, read=5, total=0.3, slowest=10_000_000)
        async with simulated() as registry, RegistryClient(hosts=Hosts(plain_loopback=True, timeouts=slow)) as client:
            plugin.put(registry.contents, NAME, "1")
            registry.switch("blob-stalled")
            layer = parse_manifest(plugin.manifest_bytes).layers[0]
            with pytest.raises(RegistryFailed, match="less than 10000000 bytes a second") as caught:
                await client.blob(f"{registry.authority}/{NAME}", layer, MemorySink(layer))
        assert caught.value.code == "registry-timeout"
