"""The HTTP port: certificates by host, proxies of the environment, a network that is not there."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.effects.certificates import new_authority
from tests.simulator.access import Basic
from tests.simulator.faults_places import status
from tests.simulator.registry import simulated

from mcpg.contract.problems import ConfigError, RegistryFailed
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials
from mcpg_registry.hosts import Hosts, HostSettings, Timeouts
from mcpg_registry.http import HttpFailed, Network, NoNetwork, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.effects.certificates import Authority
    from tests.simulator.registry import Registry

NAME = "acme/echo"
QUICK = Timeouts(connect=1, read=1, total=3)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@asynccontextmanager
async def with_tls(authority: Authority, folder: Path, host: str = "localhost") -> AsyncIterator[Registry]:
    async with simulated(tls=authority.server(host, folder), host="localhost") as registry:
        registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
        yield registry


def client_of(registry: Registry, ca: Path | None) -> RegistryClient:
    settings = HostSettings(registry.authority, ca=ca, timeouts=QUICK)
    known = KnownCredentials(registry.authority, Credentials("u", "p"))
    return RegistryClient(hosts=Hosts((settings,), timeouts=QUICK), credentials=known)


class TestCertificates:
    async def test_a_hosts_own_authority_is_enough(self, authority: Authority, tmp_path: Path) -> None:
        ca = tmp_path / "ca.pem"
        ca.write_bytes(authority.pem)
        async with with_tls(authority, tmp_path) as registry, client_of(registry, ca) as client:
            registry.access = Basic({"u": "p"})
            assert await client.tags(f"{registry.authority}/{NAME}") == ("1",)

    async def test_it_is_trusted_for_that_host_alone(self, authority: Authority, tmp_path: Path) -> None:
        ca = tmp_path / "ca.pem"
        ca.write_bytes(authority.pem)
        async with with_tls(authority, tmp_path) as one, with_tls(authority, tmp_path) as two:
            async with client_of(one, ca) as client:
                await client.tags(f"{one.authority}/{NAME}")
                with pytest.raises(RegistryFailed, match="its certificate is not trusted") as caught:
                    await client.tags(f"{two.authority}/{NAME}")
            assert two.requests == []
        assert caught.value.code == "registry-tls"
        assert "`registries.hosts`" in caught.value.remedy  # what every verb and the gateway go by
        assert "--ca" in caught.value.remedy

    async def test_which_of_the_two_speaks_no_tls_is_told(self) -> None:
        async with simulated() as plain:
            async with client_of(plain, None) as client:
                with pytest.raises(RegistryFailed, match="it speaks no TLS") as caught:
                    await client.tags(f"{plain.authority}/{NAME}")
            assert caught.value.code == "registry-tls"
            assert "`--plain-http`" in caught.value.remedy
            assert "`plain_http`" in caught.value.remedy
            plain.faults.append(status(400))  # what many a server that speaks TLS says to HTTP without it
            async with RegistryClient(hosts=Hosts(timeouts=QUICK, plain_loopback=True)) as client:
                with pytest.raises(RegistryFailed, match="it answered 400") as caught:
                    await client.tags(f"{plain.authority}/{NAME}")
            assert "leave out `--plain-http`" in caught.value.remedy

    async def test_a_certificate_of_another_name_is_none(self, authority: Authority, tmp_path: Path) -> None:
        ca = tmp_path / "ca.pem"
        ca.write_bytes(authority.pem)
        async with with_tls(authority, tmp_path, "other.corp") as registry, client_of(registry, ca) as client:
            with pytest.raises(RegistryFailed, match=r"its certificate is not trusted: hostname mismatch"):
                await client.tags(f"{registry.authority}/{NAME}")
            assert registry.requests == []

    @pytest.mark.parametrize("text", [None, "", "nothing"])
    async def test_a_ca_that_cannot_be_used_is_the_operators_error(
        self, authority: Authority, tmp_path: Path, text: str | None
    ) -> None:
        ca = tmp_path / "ca.pem"
        if text is not None:
            ca.write_text(text)
        async with with_tls(authority, tmp_path) as registry, client_of(registry, ca) as client:
            with pytest.raises(ConfigError, match=r"ca\.pem` cannot be used"):
                await client.tags(f"{registry.authority}/{NAME}")

    async def test_from_https_nothing_leads_to_http(self, authority: Authority, tmp_path: Path) -> None:
        ca = tmp_path / "ca.pem"
        ca.write_bytes(authority.pem)
        async with with_tls(authority, tmp_path) as registry, simulated() as plain:
            said = HostSettings(plain.authority, plain_http=True)
            hosts = Hosts((HostSettings(registry.authority, ca=ca, timeouts=QUICK), said))
            registry.switch("links", kind="tags", link=f"{plain.origin}/v2/{NAME}/tags/list")
            async with RegistryClient(hosts=hosts) as client:
                with pytest.raises(RegistryFailed, match="from https to http"):
                    await client.tags(f"{registry.authority}/{NAME}")
            assert plain.requests == []


class Proxy:
    """Takes one request line and headers, answers what it is told, and remembers."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heads: list[str] = []
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def proxying(answer: bytes) -> AsyncIterator[Proxy]:
    proxy = Proxy(answer)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy


async def ask(network: Network, url: str, settings: HostSettings) -> tuple[int, bytes]:
    async with network.send(Request("GET", url), settings) as answer:
        return answer.status, await answer.read(100)


class TestProxies:
    async def test_plain_http_goes_through_it(self) -> None:
        async with proxying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as proxy:
            network = Network({"http_proxy": f"http://name:secret@127.0.0.1:{proxy.port}"})
            settings = HostSettings("registry.invalid:5000", plain_http=True, timeouts=QUICK)
            assert await ask(network, "http://registry.invalid:5000/v2/", settings) == (200, b"hi")
            await network.aclose()
        assert proxy.heads[0].startswith("GET http://registry.invalid:5000/v2/ HTTP/1.1\r\n")
        assert "proxy-authorization: basic " in proxy.heads[0].lower()

    async def test_tls_is_tunnelled_and_a_refusal_told(self) -> None:
        async with proxying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as proxy:
            network = Network({"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})
            with pytest.raises(HttpFailed, match="the proxy refused"):
                await ask(network, "https://registry.invalid/v2/", HostSettings("registry.invalid", timeouts=QUICK))
            await network.aclose()
        assert proxy.heads[0].startswith("CONNECT registry.invalid:443 HTTP/1.1\r\n")

    async def test_this_machine_is_never_asked_for_through_one(self) -> None:
        async with simulated() as registry, proxying(b"") as proxy:
            network = Network({"http_proxy": f"http://127.0.0.1:{proxy.port}"})
            settings = HostSettings(registry.authority, plain_http=True, timeouts=QUICK)
            assert (await ask(network, f"{registry.origin}/v2/", settings))[0] == 200
            await network.aclose()
        assert proxy.heads == []

    @pytest.mark.parametrize("proxy", ["ftp://u:hunter2@p:1", "http://u:hunter2@p:port"])
    async def test_one_that_cannot_be_used_is_told_without_its_password(self, proxy: str) -> None:
        network = Network({"https_proxy": proxy})
        with pytest.raises(ConfigError, match="the proxy that the environment names") as caught:
            await ask(network, "https://registry.invalid/v2/", HostSettings("registry.invalid"))
        assert "hunter2" not in caught.value.diagnostics()
        assert caught.value.__cause__ is None


class TestAnswers:
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "registry-answer"),
            (b"\x16\x03\x01\x02\x00", "registry-answer"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "registry-answer"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhi", "registry-answer"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", "registry-answer"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "registry-answer"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "registry-answer"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"a" * 101, "registry-answer"),
        ],
    )
    async def test_what_is_no_http_or_too_much_is_one_kind_of_error(self, raw: bytes, code: str) -> None:
        network = Network({})
        async with proxying(raw) as server:
            settings = HostSettings(f"127.0.0.1:{server.port}", plain_http=True, timeouts=QUICK)
            with pytest.raises(HttpFailed) as caught:
                await ask(network, f"http://127.0.0.1:{server.port}/", settings)
        await network.aclose()
        assert caught.value.code == code
        assert "\n" not in caught.value.message

    def test_a_requests_repr_holds_no_secret(self) -> None:
        assert "hunter2" not in repr(Request("POST", "https://a/", {"authorization": "hunter2"}, b"hunter2"))


async def test_one_connection_serves_challenges_redirects_and_errors() -> None:
    async with simulated(access=Basic({"u": "p"})) as registry:
        registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
        hosts = Hosts(plain_loopback=True, timeouts=QUICK)
        known = KnownCredentials(registry.authority, Credentials("u", "p"))
        async with RegistryClient(hosts=hosts, credentials=known) as client:
            registry.switch("redirects", to="{target}", status=307, times=2)
            await client.tags(f"{registry.authority}/{NAME}")
            await client.check(registry.authority)
        assert len(registry.requests) > 2
        assert registry.wire.connections == 1


async def test_no_network_closes_as_a_network_does() -> None:
    await NoNetwork().aclose()
