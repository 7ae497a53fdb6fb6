from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.conftest import Bench, http, stdio
from tests.upstreams.http_peer import HttpPeer

from mcpg.effects.connector import GuardedConnector
from mcpg.protocol.frames import Notification, Response
from mcpg.upstreams import Upstreams
from mcpg.upstreams.breaker import Breaker, backoff
from mcpg.upstreams.completions import Completions
from mcpg.upstreams.courier import Courier
from mcpg.upstreams.eras import dress, read_discover
from mcpg.upstreams.faults import Lost
from mcpg.upstreams.lines import LineSplitter
from mcpg.upstreams.parameters import MirroredArguments
from mcpg.upstreams.tickets import MAX_NEWS, Tickets, progress_token


@given(st.lists(st.binary(max_size=40)), st.integers(1, 30))
def test_lines_are_the_same_however_the_chunks_are_cut(chunks, limit):
    whole = b"".join(chunks)
    splitter = LineSplitter(limit)
    seen = [line for chunk in chunks for line in splitter.feed(chunk)]
    expected = whole.split(b"\n")[:-1]
    assert [line.text for line in seen if not line.oversize] == [line for line in expected if len(line) <= limit]
    tail = whole.rpartition(b"\n")[2]
    assert sum(line.oversize for line in seen) == sum(len(line) > limit for line in [*expected, tail])


@given(st.integers(1, 10_000))
def test_backoff_is_bounded_and_never_nothing(attempt):
    assert 0.1 <= backoff(attempt) <= 30.0


def test_a_breaker_opens_probes_and_closes():
    breaker = Breaker(2, 10.0)
    assert breaker.failed(0.0) is False
    assert breaker.admit(0.0) == 0.0
    assert breaker.failed(1.0) is True
    assert breaker.state == "open"
    assert breaker.admit(4.0) == 7.0
    assert breaker.admit(11.0) == 0.0
    assert breaker.state == "half-open"
    assert breaker.admit(11.5) > 0
    breaker.failed(12.0)
    assert breaker.state == "open"
    assert breaker.admit(21.0) > 0
    assert breaker.admit(22.0) == 0.0
    assert breaker.succeeded() is True
    assert breaker.state == "closed"
    assert breaker.succeeded() is False


@pytest.mark.parametrize("token", [None, True, 1.5, [], {}])
def test_unsound_progress_tokens_are_none(token):
    assert progress_token({"_meta": {"progressToken": token}}) is None
    assert progress_token({"_meta": "text"}) is None


async def test_news_of_a_slow_reader_are_bounded():
    told = []

    async def notify(method, params):
        told.append(params["progress"])

    tickets = Tickets()
    ticket = tickets.open({"_meta": {"progressToken": "t"}}, notify)
    for number in range(MAX_NEWS + 10):
        tickets.progress(Notification("notifications/progress", {"progressToken": ticket.id, "progress": number}))
    tickets.settle(Response(ticket.id, {}))
    await ticket.answer()
    assert told == list(range(10, MAX_NEWS + 10))
    assert len(tickets) == 0


async def test_all_tickets_fail_together():
    tickets = Tickets()
    waiting = [asyncio.create_task(tickets.open({}, None).answer()) for _ in range(3)]
    tickets.fail_all(Lost("gone"))
    assert [type(end) for end in await asyncio.gather(*waiting, return_exceptions=True)] == [Lost, Lost, Lost]
    assert tickets.settle(Response(1, {})) is False
    assert tickets.strays == 1


def test_params_are_not_changed_in_place():
    params = {"name": "x", "_meta": {"progressToken": 1, "io.modelcontextprotocol/x": 2, "ours": 3}}
    assert dress(params, modern=False, token=7) == {"name": "x", "_meta": {"ours": 3, "progressToken": 7}}
    assert dress(params, modern=False, token=None) == {"name": "x", "_meta": {"ours": 3}}
    assert params["_meta"]["progressToken"] == 1


def test_a_server_without_a_modern_version_in_common_is_none():
    assert read_discover({"supportedVersions": ["2025-11-25"]}) is None
    assert read_discover({}) is None


def test_mirrored_arguments_are_bounded_and_forgotten(monkeypatch):
    monkeypatch.setattr("mcpg.upstreams.parameters.MAX_TOOLS", 2)
    mirrored = MirroredArguments()
    schema = {"type": "object", "properties": {"a": {"type": "integer", "x-mcp-header": "A"}}}
    mirrored.learn({"tools": [{"name": str(number), "inputSchema": schema} for number in range(3)]})
    assert mirrored.headers({"name": "0", "arguments": {"a": 1}}) == {}
    assert mirrored.headers({"name": "2", "arguments": {"a": 1}}) == {"mcp-param-a": "1"}
    assert mirrored.headers({"name": "2", "arguments": None}) == {}
    mirrored.learn({"tools": [{"name": "2", "inputSchema": {}}]})
    assert mirrored.headers({"name": "2", "arguments": {"a": 1}}) == {}
    assert mirrored.learn({"tools": "none"}) == {"tools": "none"}


async def test_what_a_server_says_of_urls_is_bounded():
    completions = Completions()
    for odd in ({}, {"elicitationId": 7}, {"elicitationId": "x" * 300}):
        completions.note(odd)
    for number in range(300):
        completions.note({"elicitationId": str(number)})
    assert len(completions._done) == 256
    await completions.of(["299", "298"], 1000)
    await completions.of(["0"], 0.001)


async def test_a_courier_drops_what_finds_no_room():
    blocked = asyncio.Event()

    async def post(body):
        await blocked.wait()

    courier = Courier(post)
    for _ in range(300):
        courier.put(b"x")
    assert courier.dropped == 300 - 256
    courier.start()
    await courier.stop()


def test_all_of_it_runs_under_uvloop():
    async def main():
        peer = HttpPeer()
        await peer.start()
        connector = GuardedConnector()
        upstreams = Upstreams([stdio("good"), http("web", peer)], connector=connector)
        await upstreams.start()
        peers = Bench(upstreams, [])
        await peers.good_answers()
        assert await peers.call("web", "echo") == "{}"
        assert "forgotten" in await peers.call("web", "forget")
        assert await peers.call("web", "events") == '{"token": null}'
        pid = int((await peers.call("good", "ids")).split(":")[1].split(",")[0])
        await upstreams.stop()
        await connector.stop()
        await peer.stop()
        return pid

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        pid = runner.run(main())
    assert not Path(f"/proc/{pid}").exists()
