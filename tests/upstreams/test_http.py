from __future__ import annotations

import asyncio
import json

import pytest
from tests.upstreams.conftest import ANA, http

both = pytest.mark.parametrize("peer", ["legacy", "modern"], indirect=True)
modern = pytest.mark.parametrize("peer", ["modern"], indirect=True)


@both
@pytest.mark.parametrize("mode", ["auto", None])
async def test_a_call_is_answered(bench, peer, connector, mode):
    peers = await bench(http("web", peer, mode=mode or peer.era), connector=connector, good=False)
    assert json.loads(await peers.call("web", "echo", {"a": "ü"})) == {"a": "ü"}
    state = peers.upstreams.states()["web"]
    assert (state.state, state.era) == ("ready", peer.era)


@both
async def test_connections_and_sessions_are_reused(bench, peer, connector):
    peers = await bench(http("web", peer, listen=False), connector=connector, good=False)
    for number in range(20):
        assert json.loads(await peers.call("web", "echo", {"n": number})) == {"n": number}
        assert json.loads(await peers.call("web", "events")) == {"token": None}
    assert peer.connections == 1
    assert peer.made == (1 if peer.era == "legacy" else 0)


@modern
async def test_modern_requests_carry_their_routing_headers(bench, peer, connector):
    peers = await bench(http("web", peer, headers={"authorization": "Bearer x"}), connector=connector, good=False)
    seen = json.loads(await peers.call("web", "headers"))
    assert seen["mcp-protocol-version"] == "2026-07-28"
    assert seen["mcp-method"] == "tools/call"
    assert seen["mcp-name"] == "headers"
    assert seen["authorization"] == "Bearer x"
    assert "mcp-session-id" not in seen
    assert {"application/json", "text/event-stream"} <= set(seen["accept"].split(", "))


async def test_legacy_requests_carry_session_and_version(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    seen = json.loads(await peers.call("web", "headers"))
    assert seen["mcp-session-id"] == "session-1"
    assert seen["mcp-protocol-version"] == "2025-11-25"
    assert "mcp-method" not in seen
    methods = [message.get("method") for _, message in peer.seen]
    assert methods[:2] == ["initialize", "notifications/initialized"]
    assert "mcp-session-id" not in peer.seen[0][0]
    await peers.upstreams.stop()
    assert peer.deleted == ["session-1"]


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18"])
async def test_older_versions_are_spoken_as_they_want_it(bench, peer, connector, version):
    peer.version = version
    peers = await bench(http("web", peer), connector=connector, good=False)
    seen = json.loads(await peers.call("web", "headers"))
    assert seen.get("mcp-protocol-version") == (version if version == "2025-06-18" else None)
    assert seen["mcp-session-id"] == "session-1"
    peers.changes.clear()
    assert await peers.call("web", "batch") == "one of two"
    await peers.until(lambda: ("web", "tools") in peers.changes)


@both
async def test_notifications_of_this_request_reach_its_caller(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    told = []

    async def notify(method, params):
        told.append((method, params))

    answer = json.loads(await peers.call("web", "events", params={"_meta": {"progressToken": "t"}}, notify=notify))
    assert answer["token"] not in ("t", None)
    assert told == [
        ("notifications/progress", {"progressToken": "t", "progress": 0}),
        ("notifications/progress", {"progressToken": "t", "progress": 2}),
        ("notifications/message", {"level": "info", "data": "hello"}),
    ]


@pytest.mark.parametrize("method", ["sampling/createMessage", "elicitation/create", "roots/list"])
async def test_requests_of_a_legacy_server_are_refused(bench, peer, connector, method):
    peers = await bench(http("web", peer), connector=connector, good=False)
    assert json.loads(await peers.call("web", "ask", {"method": method}, party=ANA))["error"]["code"] == -32601


async def test_a_ping_of_a_legacy_server_is_answered(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    assert json.loads(await peers.call("web", "ask", {"method": "ping"}))["result"] == {}


@both
async def test_list_changed_is_heard(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    await peers.call("web", "echo")
    await peers.until(lambda: len(peer.listening) == 1 and ("web", "tools") in peers.changes)
    peers.changes.clear()
    for _ in range(10):
        peer.listening[0].event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    await peers.until(lambda: ("web", "tools") in peers.changes)
    assert peers.changes.count(("web", "tools")) == 1


@both
async def test_a_cut_listener_listens_again_and_tells(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    await peers.call("web", "echo")
    await peers.until(lambda: len(peer.listening) == 1 and ("web", "tools") in peers.changes)
    peers.changes.clear()
    peer.listening[0].cut()
    await peers.until(lambda: peer.closed_streams == 1 and len(peer.listening) == 1)
    await peers.until(lambda: ("web", "tools") in peers.changes)
    assert await peers.call("web", "echo") == "{}"
    assert peers.upstreams.states()["web"].restarts == 0


async def test_a_forgotten_session_is_made_anew_and_the_call_repeated(bench, peer, connector):
    peers = await bench(http("web", peer, listen=False), connector=connector, good=False)
    assert await peers.call("web", "forget") == "forgotten"
    assert await asyncio.gather(*(peers.call("web", "echo") for _ in range(10))) == ["{}"] * 10
    assert peer.made == 2
    assert peer.deleted == []
    assert peers.upstreams.states()["web"].restarts == 1


async def test_a_forgotten_session_that_is_told_with_status_400(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    assert await peers.call("web", "forget_rudely") == "a new session"
    assert peer.made == 2


async def test_a_server_that_was_started_again_is_met_again(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    assert await peers.call("web", "echo") == "{}"
    await peer.stop()
    peer.sessions.clear()
    await peer.start()
    assert await peers.call("web", "echo") == "{}"


async def test_a_cut_stream_is_resumed(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    assert await peers.call("web", "cut_and_resume") == "resumed"


async def test_a_cancelled_call_is_told_to_a_legacy_server(bench, peer, connector):
    peers = await bench(http("web", peer, listen=False), connector=connector, good=False)
    await peers.call("web", "echo")
    task = asyncio.create_task(peers.call("web", "hang_events"))
    await peers.until(lambda: len(peer.listening) == 1)
    number = peer.seen[-1][1]["id"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await peers.until(lambda: peer.seen[-1][1].get("method") == "notifications/cancelled")
    assert peer.seen[-1][1]["params"] == {"requestId": number}


@modern
async def test_a_cancelled_call_closes_its_stream_at_a_modern_server(bench, peer, connector):
    peers = await bench(http("web", peer, listen=False), connector=connector, good=False)
    await peers.call("web", "echo")
    task = asyncio.create_task(peers.call("web", "hang_events"))
    await peers.until(lambda: len(peer.listening) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await peers.until(lambda: peer.closed_streams == 1)
    assert await peers.call("web", "echo") == "{}"
    assert all(message.get("method") != "notifications/cancelled" for _, message in peer.seen)


@modern
async def test_mirrored_arguments_are_learned_and_sent(bench, peer, connector):
    city = {"type": "string", "x-mcp-header": "City"}
    sound = {"name": "mismatch", "inputSchema": {"type": "object", "properties": {"city": city}}}
    unsound = {"name": "bad", "inputSchema": {"type": "object", "properties": {"a": {"items": city}}}}
    peer.tools = [sound, unsound, {"name": "echo", "inputSchema": {"type": "object"}}]
    peers = await bench(http("web", peer), connector=connector, good=False)
    assert await peers.call("web", "mismatch", {"city": "Köln"}) == "=?base64?S8O2bG4=?="
    deadline = asyncio.get_running_loop().time() + 5
    listed = await peers.upstreams.request("web", "tools/list", {}, deadline=deadline)
    assert [tool["name"] for tool in listed["result"]["tools"]] == ["mismatch", "echo"]


@both
async def test_an_unknown_method_is_answered_as_the_server_does(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    await peers.call("web", "echo")
    deadline = asyncio.get_running_loop().time() + 5
    if peer.era == "modern":
        answer = await peers.upstreams.request("web", "no/such", {}, deadline=deadline)
        assert answer == {"error": {"code": -32601, "message": "what"}}
