"""The same features at the other endpoints: one upstream under its own names, and a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.matrix import table
from tests.matrix.checks import CHECKS
from tests.matrix.context import Cell, upstream_name
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.server import start_server

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = [
    (client, upstream)
    for client in ("2024-11-05", "2025-11-25", "2026-07-28")
    for upstream in ("2025-11-25", "2026-07-28")
]


@pytest.mark.parametrize("place", ["own", "profile"])
@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_every_feature_at(place: str, client: str, upstream: str, tmp_path: Path, compiled: Path) -> None:
    name = upstream_name(upstream)
    async with start_server(upstream, name) as server:
        upstreams = {name: http_upstream(server, prefix=name)}
        path = f"/servers/{name}/mcp" if place == "own" else "/team/mcp"
        profiles = {"team": {"upstreams": [name]}}
        async with (
            start_gateway(tmp_path, upstreams, compiled=compiled, profiles=profiles) as door,
            door.connect(client, path) as peer,
        ):
            cell = Cell(peer, server, door, prefixed=place == "profile")
            for feature in table.FEATURES:
                if table.expected(feature, client, upstream) == "yes":
                    await CHECKS[feature.name](cell)
        assert peer.problems + server.problems == []
