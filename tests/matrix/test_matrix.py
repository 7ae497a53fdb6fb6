"""5 client revisions x 5 upstream revisions x features: each cell works, or is refused as the table says.

One gateway with five upstreams and five clients serves all cells, one after the other.
"""

from __future__ import annotations

import importlib.util
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.matrix import table
from tests.matrix.checks import CHECKS
from tests.matrix.context import Cell, upstream_name
from tests.matrix.refusals import REFUSALS
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.server import start_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.peers.client import Client
    from tests.peers.gateway import Door
    from tests.peers.server import Server

ROOT = Path(__file__).resolve().parents[2]


class Grid:
    """Five upstreams behind one gateway, and a client of each revision once it is wanted."""

    def __init__(self, servers: dict[str, Server], door: Door, stack: AsyncExitStack) -> None:
        self._servers = servers
        self._door = door
        self._stack = stack
        self._clients: dict[str, Client] = {}

    async def cell(self, client: str, upstream: str) -> Cell:
        if client not in self._clients:
            self._clients[client] = await self._stack.enter_async_context(self._door.connect(client))
        return Cell(self._clients[client], self._servers[upstream], self._door)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grid(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> AsyncIterator[Grid]:
    async with AsyncExitStack() as stack:
        servers = {}
        for revision in table.REVISIONS:
            servers[revision] = await stack.enter_async_context(start_server(revision, upstream_name(revision)))
        upstreams = {server.name: http_upstream(server, prefix=server.name) for server in servers.values()}
        folder = tmp_path_factory.mktemp("gateway")
        door = await stack.enter_async_context(start_gateway(folder, upstreams, compiled=compiled))
        yield Grid(servers, door, stack)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
@pytest.mark.parametrize("client", table.REVISIONS)
@pytest.mark.parametrize("feature", table.FEATURES, ids=lambda feature: feature.name)
async def test_cell(grid: Grid, feature: table.Feature, client: str, upstream: str) -> None:
    limit = table.expected(feature, client, upstream)
    if limit == "nothing":
        return
    cell = await grid.cell(client, upstream)
    async with cell.spotless():
        if limit == "yes":
            await CHECKS[feature.name](cell)
        else:
            await REFUSALS[limit](cell, feature.name)


def test_the_table_says_what_is_tested() -> None:
    said = {table.expected(f, c, u) for f in table.FEATURES for c in table.REVISIONS for u in table.REVISIONS}
    assert said == table.LIMITS.keys()
    assert said - {"yes", "nothing"} == REFUSALS.keys()
    assert {f.name for f in table.FEATURES} - {"undeclared"} == CHECKS.keys()


def test_the_page_is_generated() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    path = ROOT / "docs" / "reference" / "matrix.md"
    assert generate.texts()[path] == table.page() == path.read_text(encoding="utf-8")
