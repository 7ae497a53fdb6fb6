"""Watched resources of upstreams of every revision, over HTTP and stdio, and what a reconnect means for them."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.peers.revisions import ALL
from tests.peers.server import start_server

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import HttpSpec, StdioSpec, UpstreamSpec, duplex, watching
from mcpg.upstreams.watching import _self_and_above


def upstream(url: str, **options: Any) -> UpstreamSpec:
    return UpstreamSpec(name="up", transport=HttpSpec(url=url, private=True, kind="auto"), **options)


@pytest.fixture(params=ALL)
async def server(request):
    async with start_server(request.param) as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def peers(bench, connector, server):
    made = await bench(upstream(server.url), connector=connector, good=False)
    yield made
    await made.upstreams.stop()


class Ear:
    """What one watcher heard."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def __call__(self, params: dict[str, Any]) -> None:
        self.heard.append(params)


async def test_an_update_reaches_every_watcher_over_one_subscription(peers, server):
    uri, ears = server.features.uri("note"), [Ear(), Ear()]
    watches = [await peers.upstreams.watch("up", uri, ear) for ear in ears]
    assert server.subscribed == [uri]
    await server.touch()
    await peers.until(lambda: all(ear.heard for ear in ears))
    assert [ear.heard for ear in ears] == [[{"uri": uri}], [{"uri": uri}]]
    watches[0].close()
    watches[0].close()
    await server.touch()
    await peers.until(lambda: len(ears[1].heard) == 2)
    assert len(ears[0].heard) == 1
    watches[1].close()
    await peers.until(lambda: server.subscribed == [])


async def test_nothing_is_missed_when_one_more_resource_is_watched(peers, server):
    uri, ear = server.features.uri("note"), Ear()
    await peers.upstreams.watch("up", uri, ear)
    for number in range(5):
        await asyncio.gather(
            peers.upstreams.watch("up", server.features.uri(f"more-{number}"), Ear()), server.touch(f"note {number}")
        )
    await peers.until(lambda: len(ear.heard) >= 5)
    await peers.until(lambda: len(server.subscribed) == 6)


async def test_after_a_lost_connection_all_is_watched_again_and_told_once(peers, server):
    uri, ear = server.features.uri("note"), Ear()
    await peers.upstreams.watch("up", uri, ear)
    await peers.until(lambda: server.listeners > 0 or server.revision.name == "2024-11-05")
    for transport in list(server._served.connections):
        transport.abort()
    await peers.until(lambda: bool(ear.heard), 10)
    await server.touch()
    await peers.until(lambda: len(ear.heard) >= 2)
    assert ear.heard == [{"uri": uri}, {"uri": uri}]


async def test_after_a_forgotten_session_all_is_watched_again(bench, connector):
    async with start_server("2025-11-25") as server:
        peers = await bench(upstream(server.url), connector=connector, good=False)
        uri, ear = server.features.uri("note"), Ear()
        await peers.upstreams.watch("up", uri, ear)
        server.forget()
        assert await peers.call("up", "echo", {"text": "a"}) == "a"
        await peers.until(lambda: bool(ear.heard))
        await server.touch()
        await peers.until(lambda: len(ear.heard) >= 2)


async def test_what_an_upstream_does_not_watch_is_refused(bench, connector):
    async with start_server("2025-11-25") as server:
        known = server.described
        server.described = lambda: known() | {"resources": {}}
        peers = await bench(upstream(server.url), connector=connector, good=False)
        with pytest.raises(UpstreamFailed, match=r"offers no `resources.subscribe`") as failed:
            await peers.upstreams.watch("up", server.features.uri("note"), Ear())
        assert failed.value.code == "cannot-watch"
        with pytest.raises(UpstreamFailed, match="no upstream"):
            await peers.upstreams.watch("nobody", "x://y", Ear())
        await peers.upstreams.stop()


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
async def test_over_stdio_too(bench, revision):
    command = (sys.executable, "-m", "tests.peers.stdio", "--revision", revision)
    spec = UpstreamSpec(name="up", transport=StdioSpec(command=command, grace=0.3), sessions="shared")
    peers = await bench(spec, good=False)
    ear = Ear()
    await peers.upstreams.watch("up", "peer://peer/note", ear)
    await peers.call("up", "touch")
    await peers.until(lambda: bool(ear.heard))
    assert ear.heard == [{"uri": "peer://peer/note"}]


async def test_watchers_are_bounded(peers, server, monkeypatch):
    monkeypatch.setattr(watching, "MAX_WATCHERS", 2)
    uri = server.features.uri("note")
    for _ in range(2):
        await peers.upstreams.watch("up", uri, Ear())
    with pytest.raises(UpstreamFailed, match="as much as it may be"):
        await peers.upstreams.watch("up", uri, Ear())
    with pytest.raises(UpstreamFailed, match="as much as it may be"):
        await peers.upstreams.watch("up", "x://" + "y" * 5000, Ear())


async def test_a_watcher_that_fails_harms_no_other(peers, server, caplog):
    def fail(_params: dict[str, Any]) -> None:
        raise ValueError("mine")

    ear = Ear()
    await peers.upstreams.watch("up", server.features.uri("note"), fail)
    await peers.upstreams.watch("up", server.features.uri("note"), ear)
    await server.touch()
    await peers.until(lambda: bool(ear.heard))


async def test_a_resource_below_a_watched_one_is_told_and_none_beside_it(peers, server):
    above, beside = Ear(), Ear()
    await peers.upstreams.watch("up", "peer://peer/folder", above)
    await peers.upstreams.watch("up", "peer://peer/fold", beside)
    watches = peers.upstreams._running["up"]._main.watches
    watches.heard({"uri": "peer://peer/folder/file", "_meta": {"x": 1}})
    watches.heard({"uri": "peer://peer/folders"})
    watches.heard({"uri": 7})
    assert above.heard == [{"uri": "peer://peer/folder/file"}]
    assert beside.heard == []


async def test_many_updates_that_are_watched_are_no_flood(bench, monkeypatch):
    monkeypatch.setattr(duplex, "MAX_STRAYS", 3)
    command = (sys.executable, "-m", "tests.peers.stdio", "--revision", "2025-11-25")
    spec = UpstreamSpec(name="up", transport=StdioSpec(command=command, grace=0.3), sessions="shared")
    peers = await bench(spec, good=False)
    ear = Ear()
    await peers.upstreams.watch("up", "peer://peer/note", ear)
    link = peers.upstreams._running["up"]._main.link
    for _ in range(10):
        link._take_text(
            b'{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"peer://peer/note"}}'
        )
    assert len(ear.heard) == 10
    assert not link.lost.done()
    for _ in range(10):
        link._take_text(b'{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"peer://other"}}')
    assert link.lost.done()


@given(st.text(alphabet="ab/?#:", max_size=12), st.text(alphabet="ab/?#:", max_size=12))
def test_above_is_what_ends_where_a_part_ends(above, rest):
    uri = above + rest
    found = above in set(_self_and_above(uri))
    if found and rest:
        assert above.endswith("/") or rest[0] in "/?#"
    if not rest:
        assert found
