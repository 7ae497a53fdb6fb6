"""The kill switch of the real program under load: what is killed answers nobody any more, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from tests.edge.test_tls import Authority as Certificates
from tests.gateway.killing import kill
from tests.simulator.registry import simulated
from tests.simulator.wire import Reply, Wire
from tests.system.load import Connection, Peer, load_on, reached, reply, tally
from tests.system.switch import Site

from mcpg_registry.digests import digest_bytes
from mcpg_revocations.artifact import pack_list

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.simulator.wire import Request
    from tests.system.kit import Gateway

pytestmark = pytest.mark.real

KILL = kill("backend-mock")


@pytest.fixture
def site(gateway: Gateway) -> Site:
    return Site(gateway)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A server behind the tool that is never killed."""

    async def answer(_: Any) -> bytes:
        return reply({"fine": True})

    async with Peer(answer).serving() as serving:
        yield serving


async def _killed(site: Site) -> str:
    """Return what a call of the killed plugin is told."""
    async with Connection(site.gateway.url) as client:
        result = (await client.call("private"))["result"]
    assert result["isError"], result
    return str(result["content"][0]["text"])


async def test_a_posted_list_ends_a_plugin_under_load_and_disturbs_no_other(site: Site, peer: Peer) -> None:
    site.write(peer.port, sinks=peer.port)
    await site.start()
    async with load_on(site.gateway.url, "other") as others, load_on(site.gateway.url, "private") as victims:
        await reached(others, 30)
        await reached(victims, 30)
        status, said = await site.post(site.publisher.issue(KILL))
        assert (status, said["version"], said["changed"], said["fenced"]) == (200, 1, True, ["fake"])
        assert "revoked, kill by `K1`: it leaks" in await _killed(site)
        good = victims.good
        await reached(others, 50)
    assert others.bad == []
    assert victims.good - good <= 8  # what was read late had been answered before: one for each connection
    assert all("fenced" in told for told in tally(victims.bad))
    metrics = (await site.admin("GET", "/metrics"))[1]
    assert "mcpg_revocation_list_version 1\n" in metrics
    assert 'mcpg_revocation_list_state{state="fresh"} 1\n' in metrics
    assert 'mcpg_plugins_fenced_total{use="fake"} 1\n' in metrics
    assert "mcpg_revocation_list_age_seconds " in metrics
    async with asyncio.timeout(60):
        while not {"plugin-fenced", "revocations-taken"} <= _copied(peer):  # noqa: ASYNC110 - as elsewhere
            await asyncio.sleep(0.1)
    site.gateway.stop()
    assert [event["fenced"] for event in site.events("revocations-taken")] == [["fake"]]
    assert [event["use"] for event in site.events("plugin-fenced")] == ["fake"]
    assert site.gateway.verified()["ok"]


def _copied(peer: Peer) -> set[str]:
    """Return which events a sink has brought."""
    return {record.get("event") for each in peer.seen if each.path == "/in" for record in json.loads(each.body)}


async def test_a_call_that_waits_for_an_effect_of_a_killed_plugin_ends_at_once(site: Site) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def answer(_: Any) -> bytes:
        begun.set()
        await never.wait()
        return b""

    async with Peer(answer).serving() as peer:
        site.write(peer.port)
        await site.start()
        async with Connection(site.gateway.url) as client:
            calling = asyncio.create_task(client.call("other"))
            await begun.wait()
            assert (await site.post(site.publisher.issue(kill("backend-http"))))[1]["fenced"] == ["remote"]
            (block,) = (await calling)["result"]["content"]
    assert "`remote` was fenced while effects were under way" in block["text"]
    assert "It may have happened." in block["text"]
    (outcome,) = [record for record in site.gateway.records() if record["kind"] == "outcome"]
    assert outcome["status"] == "unknown"


async def test_what_a_stranger_a_forger_or_a_fool_posts_changes_nothing(site: Site, peer: Peer) -> None:
    publisher = site.publisher
    site.write(peer.port)
    await site.start()
    first, second = publisher.issue(), publisher.issue()
    async with load_on(site.gateway.url, "private") as load:
        assert [(await site.post(text))[0] for text in (first, second)] == [200, 200]
        before = await site.status()
        good = publisher.sign(publisher.draft(KILL))
        for token in ("", "x" * 30):
            assert (await site.admin("POST", body=good, token=token))[0] == 401
            assert (await site.admin("GET", token=token))[0] == 401
        for text, status, code in (
            (publisher.forged(KILL), 422, "revocation-signature"),
            (publisher.under_signed(KILL), 422, "revocation-signature"),
            (first, 409, "revocation-rollback"),
            (publisher.split(KILL), 409, "revocation-split"),
            (good[:-9], 400, "revocation-list"),
            (b"", 400, "revocation-list"),
        ):
            found, said = await site.post(text)
            assert (found, said["code"]) == (status, code)
            assert said["detail"]
        answer = await _head(site, b"content-length: 99999999999\r\n\r\n" + b"x" * 1000)
        assert answer.startswith(b"HTTP/1.1 413 ")
        answers = [(await site.post(b"x"))[0] for _ in range(20)]
        assert set(answers) == {400, 429}
        assert await site.status() == before
        await reached(load, 30)
    assert load.bad == []
    refusals = [event["code"] for event in site.events("revocations-refused")]
    assert refusals[:4] == ["revocation-signature"] * 2 + ["revocation-rollback", "revocation-split"]


async def _head(site: Site, rest: bytes) -> bytes:
    """Post a head with `rest` after it, and return the beginning of the answer."""
    reader, writer = await asyncio.open_unix_connection(site.gateway.folder / "admin.sock")
    head = "POST /admin/v1/revocations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a-token-of-the-admin-listener\r\n"
    writer.write(head.encode() + rest)
    answer = await reader.readuntil(b"\r\n")
    writer.transport.abort()
    return answer


async def test_files_a_signal_and_the_command_line_bring_lists(site: Site, peer: Peer) -> None:
    publisher, authority = site.publisher, site.authority
    authority.store(publisher.issue())
    site.write(peer.port, feed="file:feed.json", poll="1h")
    await site.start()
    async with load_on(site.gateway.url, "other") as others:
        assert (await site.status())["version"] == 1
        authority.store(publisher.issue())
        await site.until_version(2)
        by_hand = site.authority.store(publisher.issue(), "by-hand")
        await asyncio.to_thread(site.gateway.run, "revocations", "import", str(by_hand))
        await site.until_version(3)
        authority.add(KILL)
        site.gateway.send(signal.SIGHUP)
        async with asyncio.timeout(60):
            while "fake" not in {p["use"] for p in await _fenced(site)}:  # noqa: ASYNC110 - as elsewhere
                await asyncio.sleep(0.01)
        assert "kill by `K1`" in await _killed(site)
        await reached(others, 10)
    assert others.bad == []


async def _fenced(site: Site) -> list[dict[str, Any]]:
    return [each for each in (await site.admin("GET", "/admin/v1/plugins"))[1] if each["state"] == "fenced"]


async def test_a_list_comes_over_https_when_it_is_polled(site: Site, peer: Peer) -> None:
    context = _certified(site.gateway.folder)
    held = [site.publisher.issue()]
    asked: list[str] = []

    async def answer(request: Request) -> Reply:
        tag = f'"{digest_bytes(held[-1])}"'
        asked.append(request.headers.get("if-none-match", ""))
        if asked[-1] == tag:
            return Reply(304, {"etag": tag})
        return Reply(200, {"etag": tag, "content-type": "application/json"}, held[-1])

    wire = Wire(answer, context)
    port = await wire.start()
    feed = f"https://localhost:{port}/list.json"
    try:
        site.write(peer.port, certified=port, feed=feed, poll="100ms")
        await site.start()
        async with load_on(site.gateway.url, "other") as others:
            assert (await site.status())["version"] == 1
            held.append(site.publisher.issue(KILL))
            await site.until_version(2)
            assert "kill by `K1`" in await _killed(site)
            await reached(others, 10)
        assert others.bad == []
    finally:
        await wire.stop()
    assert asked[0] == ""
    assert f'"{digest_bytes(held[0])}"' in asked


async def test_a_list_comes_as_an_artifact_of_a_registry(site: Site, peer: Peer) -> None:
    context = _certified(site.gateway.folder)
    async with simulated(tls=context, host="localhost") as registry:
        registry.contents.add("acme/revocations", pack_list(site.publisher.issue(), 1), "latest")
        feed = f"localhost:{registry.port}/acme/revocations:latest"
        site.write(peer.port, certified=registry.port, feed=feed, poll="100ms")
        await site.start()
        assert (await site.status())["version"] == 1
        registry.contents.add("acme/revocations", pack_list(site.publisher.issue(KILL), 2), "latest")
        await site.until_version(2)
        assert "kill by `K1`" in await _killed(site)


def _certified(folder: Path) -> ssl.SSLContext:
    """Return the server side of `localhost` under a `ca.pem` in the folder."""
    authority = Certificates(folder)
    chain, key = authority.issue("feed", x509.DNSName("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


async def test_after_a_restart_the_newest_list_is_in_force_and_none_before_it_comes_back(site: Site) -> None:
    publisher = site.publisher
    site.write()
    await site.start()
    first = publisher.issue()
    assert (await site.post(first))[0] == 200
    assert (await site.post(publisher.issue(kill("transform-redact", "K2"))))[0] == 200
    assert site.gateway.stop(signal.SIGKILL) == -signal.SIGKILL
    (site.gateway.folder / "admin.sock").unlink()
    await site.start()
    assert (await site.status())["version"] == 2
    status, said = await site.post(first)
    assert (status, said["code"]) == (409, "revocation-rollback")
    status, said = await site.post(publisher.issue(KILL))
    assert (status, said["fenced"]) == (200, ["fake"])
    site.gateway.stop()
    process = site.gateway.spawn()
    assert await asyncio.to_thread(process.wait, 60) == 3
    assert "it leaks" in site.gateway.log()


async def test_with_a_killed_policy_everything_is_denied_and_said_so(site: Site, peer: Peer) -> None:
    site.write(peer.port)
    await site.start()
    status, said = await site.post(site.publisher.issue(kill("policy-cedar")))
    assert (status, said["fenced"]) == (200, ["rules"])
    async with Connection(site.gateway.url) as client:
        for name in ("private", "other", "no-such-tool"):
            error = (await client.call(name))["error"]
            assert (error["code"], error["message"]) == (
                -31005,
                "policy `rules` has been fenced, so nothing is permitted",
            )
    assert peer.seen == []
