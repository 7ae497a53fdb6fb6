"""Five upstreams behind one gateway, for a whole module; assertions of the checks say what they found."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

pytest.register_assert_rewrite("tests.matrix.checks", "tests.matrix.context", "tests.matrix.refusals")

from tests.matrix import table  # noqa: E402 - assertions are rewritten as modules are imported
from tests.matrix.context import Grid, upstream_name  # noqa: E402 - likewise
from tests.peers.gateway import http_upstream, start_gateway  # noqa: E402 - likewise
from tests.peers.server import start_server  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


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
