"""The same features over stdio: upstreams as children of the gateway, and the gateway as a child of its client."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.matrix import table
from tests.matrix.checks import CHECKS
from tests.matrix.context import Cell, upstream_name
from tests.peers.gateway import http_upstream, start_gateway, start_stdio, stdio_upstream
from tests.peers.revisions import revision
from tests.peers.server import start_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.peers.client import Client
    from tests.peers.gateway import Door

CLIENTS = ("2024-11-05", "2025-11-25", "2026-07-28")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> AsyncIterator[Door]:
    """A gateway whose upstreams are children: of each revision a quiet one, and one that changes on its own account."""
    named = {upstream_name(each): (each, ()) for each in table.REVISIONS}
    named |= {f"r{each}": (each, ("--restless", "0.3")) for each in table.REVISIONS}
    upstreams = {name: stdio_upstream(each, name, *options, prefix=name) for name, (each, options) in named.items()}
    async with start_gateway(tmp_path_factory.mktemp("gateway"), upstreams, compiled=compiled) as door:
        yield door


async def report(client: Client, name: str) -> dict[str, object]:
    return json.loads(await client.text(f"{name}.report"))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
@pytest.mark.parametrize("client", CLIENTS)
async def test_an_upstream_that_is_a_child(door: Door, client: str, upstream: str) -> None:
    name = upstream_name(upstream)
    async with door.connect(client) as peer:
        assert await peer.text(f"{name}.echo", {"text": "hi"}) == "hi"
        assert await peer.text(f"{name}.progress", progress=1) == "done"
        assert [each.params["progress"] for each in peer.told("notifications/progress")] == [1, 2, 3]
        assert await peer.text(f"{name}.sample") == "assistant hello"
        if revision(client).since("2025-06-18") and revision(upstream).since("2025-06-18"):
            assert await peer.text(f"{name}.elicit") == "accept ana"
        assert await peer.text(f"{name}.both") == "assistant hello; file:///home/ana"
        await cancels(peer, name)
        assert (await report(peer, name))["problems"] == []
    assert peer.problems == []


async def cancels(client: Client, name: str) -> None:
    before = await report(client, name)
    pending = client.begin("tools/call", {"name": f"{name}.slow", "arguments": {}})
    async with asyncio.timeout(5):
        while (await report(client, name))["slow"] == before["slow"]:
            pass
        await pending.cancel()
        while (await report(client, name))["cancelled"] == before["cancelled"]:
            pass
    assert pending.task is not None
    pending.task.cancel()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
@pytest.mark.parametrize("client", ["2025-11-25", "2026-07-28"])
async def test_changes_in_an_upstream_that_is_a_child(door: Door, client: str, upstream: str) -> None:
    name = f"r{upstream}"
    async with door.connect(client) as peer:
        await peer.watch()
        await peer.subscribe(f"peer://{name}/note")
        updated = await peer.until(lambda: peer.told("notifications/resources/updated"))
        assert updated[0].params["uri"] == f"peer://{name}/note"
    assert peer.problems == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
async def test_tools_that_a_child_has_grown_are_listed(door: Door, upstream: str) -> None:
    async with door.connect("2025-11-25") as peer, asyncio.timeout(10):
        while not any(tool["name"].startswith(f"r{upstream}.grown-") for tool in await peer.pages("tools")):
            await peer.watch()
            peer.heard.clear()
            await peer.until(lambda: peer.told("notifications/tools/list_changed"))
    assert peer.problems == []


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_client_whose_child_the_gateway_is(client: str, tmp_path: Path, compiled: Path) -> None:
    old, new = table.REVISIONS[3], table.REVISIONS[4]
    async with start_server(old, upstream_name(old)) as one, start_server(new, upstream_name(new)) as two:
        upstreams = {server.name: http_upstream(server, prefix=server.name) for server in (one, two)}
        async with start_stdio(client, tmp_path, upstreams, compiled=compiled) as peer:
            for server in (one, two):
                cell = Cell(peer, server, None)
                for feature in table.FEATURES:
                    if table.expected(feature, client, server.revision.name) == "yes":
                        await CHECKS[feature.name](cell)
        assert one.problems + two.problems + peer.problems == []
