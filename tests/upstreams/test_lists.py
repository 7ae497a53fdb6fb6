"""When lists count as changed although nobody said so: `refresh` of the operator, `ttlMs` of a modern server."""

from __future__ import annotations

import asyncio

import pytest
from tests.peers.server import start_server

from mcpg.upstreams import HttpSpec, UpstreamSpec, supervisor


def upstream(url: str, **options) -> UpstreamSpec:
    return UpstreamSpec(name="up", transport=HttpSpec(url=url, private=True), **options)


async def lists(peers, method: str = "tools/list"):
    deadline = asyncio.get_running_loop().time() + 5
    return await peers.upstreams.request("up", method, {}, deadline=deadline)


def silence(server, ttl=None) -> None:
    """Make a server announce no changes of its tools, and a modern one say how long they stay fresh."""
    described, answer = server.described, getattr(server, "answer", None)

    async def aged(message, send):
        result = await answer(message, send)
        return {**result, "ttlMs": ttl} if message["method"] == "tools/list" else result

    server.described = lambda: {**described(), "tools": {}}
    if server.revision.modern:
        server.answer = aged


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-11-25", "2026-07-28"])
async def test_a_list_is_asked_for_again_where_no_change_is_announced(bench, connector, revision):
    async with start_server(revision) as server:
        silence(server)
        spec = UpstreamSpec(name="up", transport=HttpSpec(url=server.url, private=True, kind="auto"), refresh=0.05)
        peers = await bench(spec, connector=connector, good=False)
        await lists(peers)
        await peers.until(lambda: ("up", "tools") in peers.changes)
        for _ in range(3):
            peers.changes.clear()
            await lists(peers)
            await peers.until(lambda: ("up", "tools") in peers.changes)
        await peers.upstreams.stop()


async def test_a_list_whose_changes_are_announced_is_not_asked_for_again(bench, connector):
    async with start_server("2026-07-28") as server:
        peers = await bench(upstream(server.url, refresh=0.05), connector=connector, good=False)
        await lists(peers)
        await lists(peers, "resources/list")
        assert peers.upstreams._running["up"]._main._stale == {}
        await peers.upstreams.stop()


@pytest.mark.parametrize(
    ("ttl", "told"), [(60, True), (0, False), (-5, False), ("60", False), (True, False), (None, False)]
)
async def test_a_modern_server_says_how_long_its_lists_stay_fresh(bench, connector, monkeypatch, ttl, told):
    monkeypatch.setattr(supervisor, "MIN_FRESH_SECONDS", 0.01)
    async with start_server("2026-07-28") as server:
        silence(server, ttl)
        peers = await bench(upstream(server.url), connector=connector, good=False)
        await lists(peers)
        assert bool(peers.upstreams._running["up"]._main._stale) is told
        if told:
            peers.changes.clear()
            await peers.until(lambda: ("up", "tools") in peers.changes)
        await peers.upstreams.stop()


async def test_a_server_cannot_make_us_ask_all_the_time(bench, connector):
    async with start_server("2026-07-28") as server:
        silence(server, 1)
        peers = await bench(upstream(server.url), connector=connector, good=False)
        await lists(peers)
        due = peers.upstreams._running["up"]._main._stale["tools"].when()
        assert due - asyncio.get_running_loop().time() > supervisor.MIN_FRESH_SECONDS - 5
        await peers.upstreams.stop()


async def test_nothing_is_due_after_a_stop(bench, connector):
    async with start_server("2026-07-28") as server:
        silence(server, 60_000)
        peers = await bench(upstream(server.url), connector=connector, good=False)
        await lists(peers)
        main = peers.upstreams._running["up"]._main
        timer = main._stale["tools"]
        await peers.upstreams.stop()
        assert timer.cancelled()
