"""Bad servers over HTTP: each hurts its own calls only; `good` answers before, meanwhile and after."""

from __future__ import annotations

import asyncio

import pytest
from tests.upstreams.conftest import http
from tests.upstreams.http_peer import HttpPeer

from mcpg.contract.problems import ConfigError, UpstreamFailed
from mcpg.effects.connector import GuardedConnector
from mcpg.upstreams import HttpSpec, Upstreams, UpstreamSpec

both = pytest.mark.parametrize("peer", ["legacy", "modern"], indirect=True)
modern = pytest.mark.parametrize("peer", ["modern"], indirect=True)


async def fails(peers, tool, match, *, code="upstream-unknown", upstream="bad", seconds=5.0, **arguments):
    """The call fails in words that match, while `good` answers."""
    if seconds < 5:
        await peers.until(lambda: peers.upstreams.states()[upstream].state == "ready")
    call = asyncio.create_task(peers.call(upstream, tool, arguments, seconds=seconds))
    await peers.good_answers()
    with pytest.raises(UpstreamFailed, match=match) as caught:
        await call
    assert caught.value.code == code
    await peers.good_answers()


async def test_a_server_that_is_down(bench, connector):
    peer = HttpPeer()
    await peer.start()
    await peer.stop()
    peers = await bench(http("bad", peer, connect_timeout=1.0, failures=2), connector=connector)
    await fails(peers, "echo", "is not connected: it could not be reached", code="upstream-unavailable")
    await peers.until(lambda: peers.upstreams.states()["bad"].state == "broken")
    await peer.start()
    await peers.until(lambda: peers.upstreams.states()["bad"].state == "ready")
    assert await peers.call("bad", "echo") == "{}"
    await peers.upstreams.stop()
    await peer.stop()


async def test_a_private_address_needs_the_operators_word(bench, connector, peer):
    spec = UpstreamSpec(name="bad", transport=HttpSpec(url=peer.url), connect_timeout=0.3)
    peers = await bench(spec, connector=connector)
    await fails(peers, "echo", "may not be reached: .* loopback address", code="upstream-unavailable")
    assert peer.connections == 0


async def test_a_url_without_a_connector_is_refused(peer):
    with pytest.raises(ConfigError, match="upstream `bad` has a url"):
        Upstreams([http("bad", peer)])


@both
@pytest.mark.parametrize("tool", ["hang", "hang_events"])
async def test_a_server_that_hangs(bench, peer, connector, tool):
    peers = await bench(http("bad", peer, listen=False), connector=connector)
    await fails(peers, tool, r"did not answer `tools/call` within 0\.\d s", seconds=0.3)
    await peers.until(lambda: peer.closed_streams == 1)
    assert await peers.call("bad", "echo") == "{}"


@both
async def test_a_hanging_server_opens_the_breaker_and_one_probe_closes_it(bench, peer, connector):
    peers = await bench(http("bad", peer, listen=False, failures=2, cooldown=0.3), connector=connector)
    await fails(peers, "hang", "did not answer", seconds=0.1)
    await fails(peers, "hang", "did not answer", seconds=0.1)
    assert peers.upstreams.states()["bad"].state == "broken"
    await fails(peers, "echo", "failed 2 times in a row and is left alone", code="upstream-unavailable")
    await peers.until(lambda: ("bad", "tools") in peers.changes)
    peers.changes.clear()
    await asyncio.sleep(0.3)
    calls = await asyncio.gather(*(peers.call("bad", "echo") for _ in range(5)), return_exceptions=True)
    assert calls[0] == "{}"
    assert all(isinstance(call, UpstreamFailed) for call in calls[1:])
    assert peers.upstreams.states()["bad"].state == "ready"
    await peers.until(lambda: ("bad", "tools") in peers.changes)


@both
@pytest.mark.parametrize(
    ("tool", "match"),
    [
        ("drop", "failed over HTTP"),
        ("garbage", "answered with something that is no MCP message"),
        ("page", "answered with neither JSON nor events"),
        ("garbage_events", "answered with something that is no MCP message"),
        ("wrong_id", "answered another request than the one it got"),
        ("half", "failed over HTTP: the answer broke off"),
        ("cut", "cut the stream before the answer"),
        ("cut_hard", "failed over HTTP: the answer broke off"),
        ("asks_for_input", "wants input, but does not say|`input_required`, which was not offered"),
    ],
)
async def test_answers_that_are_none(bench, peer, connector, tool, match):
    peers = await bench(http("bad", peer), connector=connector)
    await fails(peers, tool, match)
    assert await peers.call("bad", "echo") == "{}"
    assert peers.upstreams.states()["bad"].restarts == 0


@both
@pytest.mark.parametrize("tool", ["huge", "huge_event"])
async def test_huge_answers_are_refused(bench, peer, connector, tool):
    peers = await bench(http("bad", peer, max_message=100_000), connector=connector)
    await fails(peers, tool, "more than 100000 bytes", size=1_000_000)
    assert len(await peers.call("bad", tool, {"size": 50_000})) == 50_000


@both
async def test_only_the_answer_with_our_id_counts(bench, peer, connector):
    peers = await bench(http("bad", peer), connector=connector)
    assert await peers.call("bad", "wrong_id_events") == "yours"


@both
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "unavailable"),
        (401, "unavailable"),
        (403, "unavailable"),
        (429, "unavailable"),
        (500, "unknown"),
        (302, "x"),
    ],
)
async def test_statuses_without_an_answer(bench, peer, connector, status, code):
    peers = await bench(http("bad", peer), connector=connector)
    expected = "upstream-unknown" if code in ("unknown", "x") else "upstream-unavailable"
    match = "neither JSON nor events" if code == "x" else f"answered with HTTP status {status}"
    await fails(peers, "status", match, code=expected, status=status)
    assert await peers.call("bad", "echo") == "{}"


async def test_a_server_that_forgets_every_session_at_once(bench, peer, connector):
    peers = await bench(http("bad", peer, failures=3, connect_timeout=2.0), connector=connector)
    await fails(peers, "status", "has forgotten the session", code="upstream-unavailable", status=404)
    assert peer.made == 2, "one new session and one more try, not a storm"


@modern
async def test_a_refused_version_is_our_fault_and_not_the_clients(bench, peer, connector):
    peers = await bench(http("bad", peer), connector=connector)
    await fails(peers, "mismatch", r"refused the gateway's own headers or version", code="upstream-unavailable")


async def test_a_credential_is_in_no_message_and_no_repr(bench, peer, connector):
    spec = http("bad", peer, headers={"authorization": "Bearer s3cret"})
    assert "s3cret" not in repr(spec)
    peers = await bench(spec, connector=connector)
    with pytest.raises(UpstreamFailed) as caught:
        await peers.call("bad", "status", {"status": 401})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(peers.upstreams.states())


async def test_a_redirect_is_not_followed(bench, peer):
    connector = GuardedConnector()
    peers = await bench(http("bad", peer), connector=connector)
    await fails(peers, "redirect", "answered with neither JSON nor events", to="http://169.254.169.254/")
    await peers.upstreams.stop()
    await connector.stop()
