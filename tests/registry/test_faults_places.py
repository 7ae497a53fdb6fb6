"""A registry that sends clients elsewhere or answers another part of a blob: each fault by its name, client's level."""

from __future__ import annotations

import pytest
from tests.effects.certificates import new_authority
from tests.registry.client_faults import PATIENT, QUICK, Bench, bench
from tests.simulator.access import Basic, Bearer
from tests.simulator.registry import Registry, simulated

from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials
from mcpg_registry.hosts import Hosts, HostSettings
from mcpg_registry.sinks import MemorySink

LOGIN = ("ann", "secret word")
USERS = dict([LOGIN])
REDIRECT = "registry-redirect"


def foreign(b: Bench) -> Registry:
    """Return another registry that holds the same: the storage that a registry sends its clients to."""
    return Registry(contents=b.registry.contents, host="localhost")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)], ids=["basic", "bearer"])
async def test_a_redirect_carries_no_credentials_to_another_origin(access, status) -> None:
    async with bench(login=LOGIN, access=access) as b, simulated(foreign(b)) as other:
        b.registry.switch("redirects", to=other.origin + "{target}", status=status)
        assert await b.blob() == b.plugin.wasm
        assert all(request.authorization for request in b.registry.asked("blob")[1:])
        (came,) = other.requests
        assert came.authorization == ""
        assert not {"cookie", "proxy-authorization", "referer"} & came.headers.keys()
        assert "secret" not in str(came)


async def test_another_port_of_the_same_host_is_another_origin() -> None:
    async with bench(login=LOGIN, access=Basic(USERS)) as b, simulated(contents=b.registry.contents) as other:
        b.registry.switch("redirects", to=other.origin + "{target}")
        assert await b.blob() == b.plugin.wasm
        assert [request.authorization for request in other.requests] == [""]


async def test_a_redirect_back_to_the_registry_may_carry_them() -> None:
    async with bench(login=LOGIN, access=Basic(USERS)) as b:
        b.registry.switch("redirects", to="{target}", times=1)
        assert await b.blob() == b.plugin.wasm


async def test_what_another_origin_sends_is_checked_all_the_same() -> None:
    async with bench() as b, simulated(foreign(b)) as other:
        b.registry.switch("redirects", to=other.origin + "{target}")
        other.switch("blob-changed")
        await b.refused(b.blob(), "bad-digest", step=9)


async def test_another_origin_that_wants_a_log_in_gets_none() -> None:
    """It may ask for Basic or send for tokens to itself: what is ours stays with the registry that it is for."""
    async with bench(login=LOGIN, access=Basic(USERS)) as b, simulated(foreign(b)) as other:
        for access in (Basic({}), Bearer({})):
            other.access = access
            b.registry.switch("redirects", to=other.origin + "{target}")
            await b.refused(b.blob(), "registry-denied|registry-realm")
            assert {request.authorization for request in other.requests} == {""}


WAYS = {
    "loop-to-itself": "{target}",
    "loop-of-new-addresses": "/elsewhere/{number}",
    "no-location": "",
    "file-scheme": "file:///etc/passwd",
    "ftp-scheme": "ftp://127.0.0.1/x",
    "data-scheme": "data:application/wasm;base64,AAAA",
    "javascript-scheme": "javascript:alert(1)",
    "credentials-in-the-address": "http://root:toor@127.0.0.1:1/x",
    "no-host": "http:///x",
    "port-out-of-range": "http://127.0.0.1:99999/x",
    "port-of-letters": "http://127.0.0.1:x/x",
    "broken-ipv6": "http://[::1/x",
    "a-space": "/a b",
    "a-tab": "/a\tb",
    "not-ascii": "/\u00e9",
    "very-long": "/" + "x" * 20_000,
}


@pytest.mark.parametrize("kind", ["manifest", "blob"])
@pytest.mark.parametrize("name", WAYS)
async def test_redirect(name: str, kind: str) -> None:
    async with bench() as b:
        b.registry.switch("redirects", to=WAYS[name], kinds=kind)
        doing = b.claim() if kind == "manifest" else b.blob()
        await b.refused(doing, f"{REDIRECT}|not-in-registry|registry-error" if name == "a-tab" else REDIRECT)
        assert len(b.registry.requests) <= 6


@pytest.mark.parametrize("allowed", [False, True], ids=["never-allowed", "allowed-for-that-host"])
async def test_a_redirect_from_https_to_http(tmp_path, allowed) -> None:
    """Not even to a host that the operator allows plain HTTP for: what began with TLS ends with it."""
    authority = new_authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    async with (
        simulated() as plain,
        simulated(host="localhost", tls=authority.server("localhost", tmp_path)) as registry,
    ):
        secure = HostSettings(registry.authority, ca=tmp_path / "ca.pem", timeouts=PATIENT)
        settings = (secure, HostSettings(plain.authority, plain_http=True, timeouts=PATIENT)) if allowed else (secure,)
        known = KnownCredentials(registry.authority, Credentials(*LOGIN))
        async with RegistryClient(hosts=Hosts(settings, plain_loopback=allowed), credentials=known) as client:
            b = Bench(registry, client)
            assert (await b.claim()).manifest.digest == b.plugin.digest
            registry.switch("redirects", to=plain.origin + "{target}")
            await b.refused(b.blob(), REDIRECT, "https to http")
            assert plain.requests == []


async def test_a_certificate_of_an_unknown_authority(tmp_path) -> None:
    authority, unknown = new_authority(), new_authority("unknown")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    async with simulated(host="localhost", tls=unknown.server("localhost", tmp_path)) as registry:
        for settings in ((), (HostSettings(registry.authority, ca=tmp_path / "ca.pem", timeouts=PATIENT),)):
            async with RegistryClient(hosts=Hosts(settings, timeouts=PATIENT)) as client:
                b = Bench(registry, client)
                await b.refused(b.claim(), "registry-tls", "certificate")
        assert registry.requests == []


async def test_a_certificate_of_another_host(tmp_path) -> None:
    authority = new_authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    tls = authority.server("registry.example", tmp_path)
    async with simulated(host="localhost", tls=tls) as registry:
        settings = (HostSettings(registry.authority, ca=tmp_path / "ca.pem", timeouts=PATIENT),)
        async with RegistryClient(hosts=Hosts(settings)) as client:
            b = Bench(registry, client)
            await b.refused(b.claim(), "registry-tls", "certificate")


async def test_plain_http_is_never_tried_where_nobody_allowed_it() -> None:
    async with simulated() as registry, RegistryClient(hosts=Hosts(timeouts=QUICK)) as client:
        b = Bench(registry, client)
        await b.refused(b.claim(), "registry-tls|registry-timeout")
        assert registry.requests == []


async def test_a_download_goes_on_where_it_was_cut() -> None:
    async with bench() as b:
        b.registry.switch("blob-cut", times=2)
        assert await b.blob() == b.plugin.wasm
        ranges = [request.headers.get("range") for request in b.registry.asked("blob")]
        assert ranges[0] is None
        assert all(asked and asked.startswith("bytes=") for asked in ranges[1:])
        assert b.sent("blob") < 1.5 * len(b.plugin.wasm)


@pytest.mark.parametrize("name", ["range-ignored", "range-refused"])
async def test_a_cut_download_begins_again_at_a_registry_with(name: str) -> None:
    async with bench() as b:
        b.registry.switch("blob-cut", times=1)
        b.registry.switch(name)
        assert await b.blob() == b.plugin.wasm


@pytest.mark.parametrize(
    "name", ["range-of-another-part", "range-unnamed", "range-of-a-larger-blob", "range-of-wrong-bytes"]
)
async def test_a_cut_download_ends_at_a_registry_with(name: str) -> None:
    """What is put together from parts is checked as a whole; the next try begins anew."""
    async with bench() as b:
        b.registry.switch("blob-cut", times=1)
        b.registry.switch(name)
        await b.refused(b.blob(), "bad-digest", step=9)
        b.registry.faults.clear()
        assert await b.blob() == b.plugin.wasm


async def test_a_sink_with_wrong_bytes_from_before_is_filled_anew() -> None:
    async with bench() as b:
        sink = MemorySink(b.layer)
        sink.write(b"not the beginning of this blob")
        assert await b.client.blob(b.repository, b.layer, sink) == b.plugin.wasm


LINKS = {
    "loop-to-itself": "{target}",
    "endless-pages": "/v2/acme/echo/{kind}?page={number}",
    "another-host": "http://localhost:1/v2/acme/echo/{kind}?n=1",
    "another-path": "/v2/acme/other/{kind}?n=1",
    "traversal": "/v2/acme/echo/{kind}/../../../../etc/passwd?n=1",
    "file-scheme": "file:///v2/acme/echo/{kind}",
    "a-user": "http://root:toor@127.0.0.1/v2/acme/echo/{kind}",
    "malformed": "http://[::1/{kind}",
}


@pytest.mark.parametrize("kind", ["tags", "referrers"])
@pytest.mark.parametrize("name", LINKS)
async def test_link(name: str, kind: str) -> None:
    async with bench() as b:
        path = "tags/list" if kind == "tags" else f"referrers/{b.plugin.digest}"
        link = LINKS[name].replace("{kind}", path)
        b.registry.switch("links", kind=kind, link=link)
        step = name not in {"file-scheme", "a-user", "malformed"}
        if kind == "tags":
            await b.refused(b.tags(), "bad-answer" if step else REDIRECT, step=2 if step else None)
        else:
            doing = b.client.referrers(b.repository, b.plugin.digest)
            await b.refused(doing, "bad-referrers" if step else REDIRECT, step=5 if step else None)
        assert len(b.registry.asked(kind)) <= 64
