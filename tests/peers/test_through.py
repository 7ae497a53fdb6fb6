"""The gateway between the peers, the plainest case of each era."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.server import start_server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("old", ["2025-11-25", "2026-07-28"])
async def test_a_call_goes_through(old: str, tmp_path: Path, compiled: Path) -> None:
    async with (
        start_server(old) as server,
        start_gateway(tmp_path, {"peer": http_upstream(server)}, compiled=compiled) as door,
        door.connect(old) as client,
    ):
        assert await client.text("echo", {"text": "hi"}) == "hi"
    assert server.problems == []
    assert client.problems == []
