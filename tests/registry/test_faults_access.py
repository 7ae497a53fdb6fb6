"""A registry that keeps people out, is out of order, or fishes for credentials: each fault by name, client's level."""

from __future__ import annotations

import json

import pytest
from tests.registry.client_faults import NAME, PATIENT, TAG, bench, timeouts_for
from tests.simulator.access import Basic, Bearer, basic
from tests.simulator.registry import simulated

from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials
from mcpg_registry.hosts import Hosts, HostSettings

LOGIN = ("ann", "secret word")
USERS = dict([LOGIN])
WORD = basic(*LOGIN)

STATUSES = {
    400: "registry-error",
    401: "registry-denied",
    403: "registry-denied",
    404: "not-in-registry",
    405: "registry-error",
    410: "registry-error",
    418: "registry-error",
    429: "registry-busy",
    500: "registry-error",
    501: "registry-error",
    502: "registry-error",
    503: "registry-error",
    504: "registry-error",
    204: "registry-answer",
    206: "registry-answer",
}
AGAIN = {429, 502, 503, 504}


@pytest.mark.parametrize("kind", ["manifest", "blob", "tags"])
@pytest.mark.parametrize("status", STATUSES)
async def test_status(status: int, kind: str) -> None:
    async with bench() as b:
        b.registry.switch("status", code=status, kinds=kind)
        doing = {"manifest": b.claim, "blob": b.blob, "tags": b.tags}[kind]()
        await b.refused(doing, STATUSES[status])
        assert len(b.registry.asked(kind)) == (4 if status in AGAIN else 1)


@pytest.mark.parametrize("status", sorted(AGAIN))
async def test_a_registry_that_is_out_of_order_for_a_moment(status: int) -> None:
    async with bench() as b:
        b.registry.switch("status", code=status, times=3)
        assert (await b.claim()).manifest.digest == b.plugin.digest
        assert b.waits == sorted(b.waits)
        assert len(b.waits) == 3


async def test_retry_after_is_heeded_when_there_is_time() -> None:
    async with bench() as b:
        b.registry.switch("status", code=429, times=1, Retry_After="2")
        assert (await b.claim()).manifest.digest == b.plugin.digest
        assert b.waits == [2.0]
        b.registry.switch("status", code=429, times=1, Retry_After="60")
        await b.refused(b.claim(), "registry-busy")
        assert b.waits == [2.0]


HINTS = ["86400", "9" * 60, "-1", "soon", "", "1e3", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 2001 00:00:00 GMT",
         "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
         "\u0661", "Mon, 99 Foo 2026 99:99:99 GMT"]  # fmt: skip


@pytest.mark.parametrize("hint", HINTS)
async def test_a_retry_after_of_no_use(hint: str) -> None:
    """Never waited for beyond the time there is, and never a crash."""
    async with bench() as b:
        b.registry.switch("status", code=429, Retry_After=hint.encode("utf-8").decode("latin-1"))
        await b.refused(b.claim(), "registry-busy")
        assert sum(b.waits) <= PATIENT.total + 3


async def test_wrong_credentials() -> None:
    for access in (Basic({"ann": "other"}), Bearer({"ann": "other"})):
        async with bench(login=LOGIN, access=access) as b:
            error = await b.refused(b.claim(), "registry-denied")
            assert "secret" not in error.diagnostics()
            assert "mcpg login" in error.remedy
            assert len(b.registry.requests) <= 3


async def test_no_credentials() -> None:
    for access in (Basic(USERS), Bearer(USERS)):
        async with bench(access=access) as b:
            await b.refused(b.claim(), "registry-denied")
            assert {request.authorization.partition(" ")[0] for request in b.registry.requests} <= {"", "Bearer"}


async def test_a_token_for_this_repository_only() -> None:
    async with bench(login=LOGIN, access=Bearer(USERS)) as b:
        await b.claim()
        scopes = [request.query["scope"] for request in b.registry.asked("token")]
        assert scopes == [f"repository:{NAME}:pull"]
        sent = {request.authorization for request in b.registry.requests} - {"", WORD}
        assert len(sent) == 1
        assert all(request.authorization != WORD for request in b.registry.requests if request.path != "/token")


async def test_a_token_that_expires_early() -> None:
    async with bench(login=LOGIN, access=Bearer(USERS)) as b:
        await b.claim()
        b.registry.access.revoke()
        assert await b.blob() == b.plugin.wasm


async def test_one_hosts_credentials_never_go_to_another() -> None:
    async with bench(login=LOGIN, access=Basic(USERS)) as b, simulated(access=Basic(USERS)) as other:
        await b.claim()
        other.contents.repositories = b.registry.contents.repositories
        settings = HostSettings(other.authority, plain_http=True, timeouts=PATIENT)
        hosts = Hosts((*b.client._hosts.settings, settings))
        known = KnownCredentials(b.registry.authority, Credentials(*LOGIN))
        async with RegistryClient(hosts=hosts, credentials=known) as client:
            await client.claim(b.reference())
            away = b.reference()
            away = type(away)(other.authority, away.repository, away.tag, away.digest)
            await b.refused(client.claim(away), "registry-denied")
        assert {request.authorization for request in other.requests} == {""}


@pytest.mark.parametrize("path", ["/token", "/v2/token", "/"])
async def test_a_foreign_realm_gets_no_credentials(path: str) -> None:
    async with simulated(access=Bearer(USERS), host="localhost") as fishing:
        access = Bearer(USERS, realm=fishing.origin + path)
        async with bench(login=LOGIN, access=access) as b:
            await b.refused(b.claim(), "registry-realm")
            assert fishing.requests == []
            assert {request.authorization for request in b.registry.requests} == {""}


REALMS = ["", "not a url", "file:///etc/passwd", "ftp://127.0.0.1/token", "//127.0.0.1/token", "/token",
          "http://root:toor@127.0.0.1/token", "http://127.0.0.1:1/token", "http://[::1/token",
          "http://127.0.0.1:x/token", "http://127.0.0.1.example/token", "javascript:alert(1)",
          "https://registry.example/token"]  # fmt: skip


@pytest.mark.parametrize("realm", REALMS)
async def test_realm(realm: str) -> None:
    async with bench(login=LOGIN, access=Bearer(USERS, realm=realm or " ")) as b:
        await b.refused(b.claim(), "registry-realm|registry-denied")
        assert len(b.registry.requests) == 1


async def test_a_realm_that_no_header_may_hold() -> None:
    async with bench(login=LOGIN, access=Bearer(USERS, realm="http://\0/")) as b:
        await b.refused(b.claim(), "registry-answer")


CHALLENGES = ["", "Bearer", "Bearer realm", 'Bearer realm="', "Basic", "Negotiate abc", "Digest realm=x", ",,,,", "=",
              "Bearer " + 'a="b",' * 10_000, '"' * 8000, "Bearer realm=" + "\\" * 4000]  # fmt: skip


@pytest.mark.parametrize("challenge", CHALLENGES, ids=range(len(CHALLENGES)))
async def test_a_challenge_that_is_none(challenge: str) -> None:
    async with bench() as b:
        b.registry.switch("status", code=401, WWW_Authenticate=challenge)
        await b.refused(b.claim(), "registry-denied|registry-realm")
        assert len(b.registry.requests) == 1


async def test_a_challenge_for_another_repository_changes_nothing() -> None:
    """The scope that is asked for is ours: a registry cannot have a token fetched for what it would like to have."""
    async with bench(login=LOGIN, access=Bearer(USERS)) as b:
        evil = f'Bearer realm="{b.registry.origin}/token",service="x",scope="repository:acme/other:pull,push"'
        b.registry.switch("status", code=401, kinds="manifest", times=1, WWW_Authenticate=evil)
        await b.claim()
        assert {request.query["scope"] for request in b.registry.asked("token")} == {f"repository:{NAME}:pull"}


TOKENS = {
    "token-changed": "registry-token",
    "token-shorter": "registry-token",
    "token-empty": "registry-token",
    "token-garbage": "registry-token",
    "token-endless": "registry-token|registry-answer",
    "token-huge": "registry-token|registry-answer",
    "token-gzipped": "registry-token|registry-answer",
    "token-bomb": "registry-token|registry-answer",
    "token-cut": "registry-token|registry-answer|registry-unreachable",
    "token-reset": "registry-token|registry-answer|registry-unreachable",
    "token-stalled": "registry-token|registry-timeout",
    "token-mute": "registry-token|registry-timeout",
}


@pytest.mark.parametrize("name", TOKENS)
async def test_token_server(name: str) -> None:
    async with bench(timeouts=timeouts_for(name), login=LOGIN, access=Bearer(USERS)) as b:
        b.registry.switch(name)
        error = await b.refused(b.claim(), TOKENS[name])
        assert "secret" not in error.diagnostics()
        assert b.sent("token") < 32 << 20


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_token_server_that_redirects_gets_nothing_more(status: int) -> None:
    access = Bearer(USERS)
    async with simulated(host="localhost") as fishing, bench(login=LOGIN, access=access) as b:
        to = fishing.origin + "{target}"
        b.registry.switch("redirects", to=to, kinds="token", status=status, methods="GET POST")
        await b.refused(b.claim(), "registry-token|registry-redirect")
        assert fishing.requests == []


BODIES = [{}, {"token": ""}, {"token": 5}, {"token": None}, {"token": ["x"]}, {"token": "a\r\nX-Evil: 1"},
          {"token": "x" * 100_000}, {"token": "\u00e9"}, [], "token", {"access_token": " "}]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_token_that_is_none(body) -> None:
    async with bench(login=LOGIN, access=Bearer(USERS)) as b:
        b.registry.switch("replaced", kind="token", data=json.dumps(body).encode())
        await b.refused(b.claim(), "registry-token|registry-answer")


@pytest.mark.parametrize("seconds", [0, -5, 10**15, "300", None, 1.5, True])
async def test_a_token_of_a_strange_age(seconds) -> None:
    """It may be asked for anew more often than need be, and is never kept for ever."""
    async with bench(login=LOGIN, access=Bearer(USERS)) as b:
        token = "t" * 20
        b.registry.access.tokens[token] = frozenset({(NAME, "pull")})
        data = json.dumps({"token": token, "expires_in": seconds}).encode()
        b.registry.switch("replaced", kind="token", data=data)
        assert (await b.claim(f":{TAG}")).manifest.digest == b.plugin.digest
        assert await b.blob() == b.plugin.wasm


@pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)], ids=["basic", "bearer"])
async def test_secrets_are_in_no_log_and_no_text(access, caplog) -> None:
    caplog.set_level("DEBUG")
    async with bench(login=LOGIN, access=access) as b:
        await b.claim()
        known = KnownCredentials(b.registry.authority, Credentials(*LOGIN))
        texts = [repr(b.client), repr(known), repr(known.credentials), caplog.text]
        secrets = {"secret", WORD.partition(" ")[2], *getattr(access, "tokens", ())}
        assert not any(secret in text for text in texts for secret in secrets)
