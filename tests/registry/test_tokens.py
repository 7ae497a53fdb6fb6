"""Challenges, realms and tokens: who is believed, what is asked for, what is kept, and that no secret goes astray."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulator.access import Basic, Bearer
from tests.simulator.faults_places import redirects
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import RegistryFailed
from mcpg_registry.challenges import Challenge, check_realm, origin_of, parse_challenges
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials, NoCredentials
from mcpg_registry.hosts import Hosts, HostSettings, Place, Timeouts
from mcpg_registry.http import HttpFailed, Network
from mcpg_registry.references import parse_reference
from mcpg_registry.tokens import MAX_KEPT, Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.simulator.registry import Registry

NAME = "acme/echo"
USERS = {"u": "p"}


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    return Plugin.make(Chest()["acme"])


@asynccontextmanager
async def client_of(registry: Registry, credentials: Credentials | None = None, **options: Any) -> AsyncIterator[Any]:
    known = KnownCredentials(registry.authority, credentials) if credentials else NoCredentials()
    timeouts = Timeouts(connect=1, read=1, total=3)
    hosts = options.pop("hosts", Hosts(plain_loopback=True, timeouts=timeouts))
    async with RegistryClient(hosts=hosts, credentials=known) as client:
        yield client


class TestChallenges:
    @pytest.mark.parametrize(
        ("header", "found"),
        [
            ('Bearer realm="https://a/t",service="s"', [Challenge("bearer", "https://a/t", "s")]),
            ("Basic", [Challenge("basic")]),
            ('basic realm="x y"', [Challenge("basic", "x y")]),
            (
                'Bearer realm="https://a/t", scope="a,b" , Basic realm="z"',
                [Challenge("bearer", "https://a/t"), Challenge("basic", "z")],
            ),
            (
                'Negotiate, Bearer REALM=tok , service="q\\"uoted"',
                [Challenge("negotiate"), Challenge("bearer", "tok", 'q"uoted')],
            ),
            ('Bearer realm="one",realm="two"', [Challenge("bearer", "one")]),
            ("", []),
            ('"', []),
            ('Bearer realm="never closed', [Challenge("bearer")]),
        ],
    )
    def test_they_are_read_as_http_writes_them(self, header: str, found: list[Challenge]) -> None:
        assert list(parse_challenges(header))[: len(found)] == found

    @given(st.text())
    def test_no_header_breaks_the_reader(self, header: str) -> None:
        assert all(challenge.scheme for challenge in parse_challenges(header))


class TestRealms:
    @pytest.mark.parametrize(
        ("host", "realm"),
        [
            ("ghcr.io", "https://ghcr.io/token"),
            ("ghcr.io", "https://GHCR.io:443/token"),
            ("docker.io", "https://auth.docker.io/token"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("gitlab.corp:5050", "https://gitlab.corp/jwt/auth"),
            ("gitlab.corp:5050", "https://gitlab.corp:5050/jwt/auth"),
        ],
    )
    def test_a_registry_may_send_us_to_its_own(self, host: str, realm: str) -> None:
        assert check_realm(realm, Hosts().origin(f"{host}/a")) == realm

    @pytest.mark.parametrize(
        "realm",
        [
            "https://evil.com/token",
            "https://ghcr.io.evil.com/token",
            "https://evil.com/ghcr.io",
            "https://auth.docker.io/token",
            "https://ghcr.io:8443/token",
            "https://sub.ghcr.io/token",
            "http://ghcr.io/token",
            "https://ghcr.io@evil.com/token",
            "https://user:pass@ghcr.io/token",
            "https://ghcr.io/token?to=x",
            "https://ghcr.io/token#x",
            "https://ghcr.io:99999/token",
            "https://[::1/token",
            "file:///etc/passwd",
            "//ghcr.io/token",
            "/token",
            "",
            "https://ghcr.io/\ntoken",
        ],
    )
    def test_and_to_nobody_else(self, realm: str) -> None:
        with pytest.raises(HttpFailed) as caught:
            check_realm(realm, Hosts().origin("ghcr.io/a"))
        assert caught.value.code == "registry-realm"
        assert "\n" not in caught.value.message

    def test_a_realm_may_be_allowed_by_name_and_needs_tls(self) -> None:
        place = Place("a.corp", "x", HostSettings("a.corp", realms=("login.corp", "other.corp:8443")))
        assert check_realm("https://login.corp/t", place)
        assert check_realm("https://other.corp:8443/t", place)
        for realm in ("http://login.corp/t", "https://login.corp:8443/t", "https://other.corp/t"):
            with pytest.raises(HttpFailed):
                check_realm(realm, place)

    def test_without_tls_it_must_be_the_very_origin(self) -> None:
        place = Place("127.0.0.1:5000", "x", HostSettings("127.0.0.1:5000", plain_http=True))
        assert check_realm("http://127.0.0.1:5000/t", place)
        for realm in ("http://127.0.0.1:5001/t", "http://localhost:5000/t", "https://127.0.0.1:5001/t"):
            with pytest.raises(HttpFailed):
                check_realm(realm, place)

    @pytest.mark.parametrize("url", ["ftp://a/b", "http://", "http://u@a/", "a", "http://a:x/"])
    def test_an_origin_is_plain(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            origin_of(url)


async def test_a_public_repository_needs_no_account(plugin: Plugin) -> None:
    async with simulated(access=Bearer(USERS, open=frozenset({NAME}))) as registry, client_of(registry) as client:
        plugin.put(registry.contents, NAME, "1")
        assert await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        tokens = [request for request in registry.requests if request.path == "/token"]
    assert len(tokens) == 1
    assert not tokens[0].authorization


async def test_one_token_serves_all_reads_of_a_repository_and_no_other(plugin: Plugin) -> None:
    async with simulated(access=Bearer(USERS)) as registry, client_of(registry, Credentials("u", "p")) as client:
        for name in (NAME, "acme/other"):
            plugin.put(registry.contents, name, "1")
            await client.claim(parse_reference(f"{registry.authority}/{name}:1"))
        tokens = [request.target for request in registry.requests if request.path == "/token"]
        sent = {request.authorization for request in registry.requests if NAME in request.path}
        other = {request.authorization for request in registry.requests if "acme/other" in request.path}
    assert len(tokens) == 2
    assert "scope=repository%3Aacme%2Fecho%3Apull" in tokens[0]
    assert "push" not in tokens[0]
    assert sent & other == {""}


async def test_the_scope_is_ours_whatever_the_challenge_says(plugin: Plugin) -> None:
    async with simulated(access=Bearer(USERS)) as registry, client_of(registry, Credentials("u", "p")) as client:
        plugin.put(registry.contents, NAME, "1")
        evil = f'Bearer realm="{registry.origin}/token",scope="repository:victim/x:pull,push,delete"'
        registry.switch("status", code=401, times=1, WWW_Authenticate=evil)
        await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        tokens = [request.target for request in registry.requests if request.path == "/token"]
    assert all("victim" not in target for target in tokens)


async def test_an_expired_token_is_fetched_anew(plugin: Plugin) -> None:
    access = Bearer(USERS)
    async with simulated(access=access) as registry, client_of(registry, Credentials("u", "p")) as client:
        plugin.put(registry.contents, NAME, "1")
        reference = parse_reference(f"{registry.authority}/{NAME}:1")
        await client.claim(reference)
        access.revoke()
        await client.claim(reference)


async def test_an_identity_token_is_posted_and_never_sent_to_the_registry(plugin: Plugin) -> None:
    access = Bearer({}, refresh={"refresh-me": "u"})
    async with (
        simulated(access=access) as registry,
        client_of(registry, Credentials(identity_token="refresh-me")) as client,
    ):
        plugin.put(registry.contents, NAME, "1")
        await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        posts = [request for request in registry.requests if request.path == "/token"]
        assert [request.method for request in posts] == ["POST"]
        assert b"grant_type=refresh_token" in posts[0].body
        assert all(b"refresh-me" not in request.body for request in registry.requests if request not in posts)
        assert all("refresh-me" not in request.target + request.authorization for request in registry.requests)


async def test_a_registry_token_is_sent_as_it_is(plugin: Plugin) -> None:
    access = Bearer({})
    access.tokens["given"] = frozenset({(NAME, "pull")})
    async with simulated(access=access) as registry, client_of(registry, Credentials(token="given")) as client:
        plugin.put(registry.contents, NAME, "1")
        await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        assert not [request for request in registry.requests if request.path == "/token"]


async def test_basic_is_answered_only_when_it_is_asked_for(plugin: Plugin) -> None:
    async with simulated(access=Basic(USERS)) as registry, client_of(registry, Credentials("u", "p")) as client:
        plugin.put(registry.contents, NAME, "1")
        await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        assert [bool(request.authorization) for request in registry.requests][:3] == [False, True, True]


@pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)])
@pytest.mark.parametrize("credentials", [None, Credentials("u", "wrong-secret")])
async def test_a_refusal_says_what_to_do_and_no_secret(
    plugin: Plugin, access: Basic | Bearer, credentials: Credentials | None
) -> None:
    async with simulated(access=access) as registry, client_of(registry, credentials) as client:
        plugin.put(registry.contents, NAME, "1")
        with pytest.raises(RegistryFailed) as caught:
            await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        assert len(registry.requests) <= 4
    assert caught.value.code == "registry-denied"
    assert "mcpg login" in caught.value.remedy
    assert "wrong-secret" not in caught.value.diagnostics()


async def test_credentials_of_one_host_never_reach_another(plugin: Plugin) -> None:
    async with simulated(access=Basic(USERS)) as one, simulated(access=Basic(USERS)) as two:
        for registry in (one, two):
            plugin.put(registry.contents, NAME, "1")
        async with client_of(one, Credentials("u", "p")) as client:
            await client.claim(parse_reference(f"{one.authority}/{NAME}:1"))
            with pytest.raises(RegistryFailed):
                await client.claim(parse_reference(f"{two.authority}/{NAME}:1"))
        assert not any(request.authorization for request in two.requests)


async def test_a_foreign_realm_gets_nothing(plugin: Plugin) -> None:
    async with simulated(access=Bearer(USERS)) as thief:
        access = Bearer(USERS, realm=f"{thief.origin}/token")
        async with simulated(access=access) as registry, client_of(registry, Credentials("u", "p")) as client:
            plugin.put(registry.contents, NAME, "1")
            with pytest.raises(RegistryFailed) as caught:
                await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        assert caught.value.code == "registry-realm"
        assert thief.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"token": 5}',
        b'{"token": ""}',
        b'{"token": "a b"}',
        b'{"token": "a\\r\\nHost: evil"}',
        b'{"token": "' + b"x" * 40_000 + b'"}',
    ],
)
async def test_what_is_no_token_is_refused(plugin: Plugin, body: bytes) -> None:
    async with simulated(access=Bearer(USERS)) as registry, client_of(registry, Credentials("u", "p")) as client:
        plugin.put(registry.contents, NAME, "1")
        registry.switch("replaced", kind="token", data=body)
        with pytest.raises(RegistryFailed) as caught:
            await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        assert caught.value.code == "registry-token"


async def test_a_token_server_that_redirects_is_not_followed(plugin: Plugin) -> None:
    async with simulated() as thief, simulated(access=Bearer(USERS)) as registry:
        plugin.put(registry.contents, NAME, "1")
        registry.faults.append(redirects(f"{thief.origin}/token", "token"))
        async with client_of(registry, Credentials("u", "p")) as client:
            with pytest.raises(RegistryFailed, match="its token server answered 307"):
                await client.claim(parse_reference(f"{registry.authority}/{NAME}:1"))
        assert thief.requests == []


async def test_tokens_are_kept_for_a_while_and_not_too_many() -> None:
    now = 1000.0
    access = Bearer(USERS)
    async with simulated(access=access) as registry:
        network = Network()
        tokens = Tokens(network, KnownCredentials(registry.authority, Credentials("u", "p")), clock=lambda: now)
        place = Hosts(plain_loopback=True).origin(f"{registry.authority}/{NAME}")
        challenge = f'Bearer realm="{registry.origin}/token"'
        for number in range(MAX_KEPT + 5):
            await tokens.answer(place, f"repository:a{number}:pull", challenge)
        await network.aclose()
    assert tokens.known(place, "repository:a0:pull") is None
    last = f"repository:a{MAX_KEPT + 4}:pull"
    assert tokens.known(place, last)
    now += 289
    assert tokens.known(place, last)
    now += 2
    assert tokens.known(place, last) is None
