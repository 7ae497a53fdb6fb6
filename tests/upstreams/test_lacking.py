"""What a server of an older version asks although the client has not declared it, and versions refused at first."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.features import ConformanceFeatures
from tests.peers.modern import ModernServer
from tests.peers.record import PeerError
from tests.peers.server import start_server
from tests.upstreams.conftest import ANA, http
from tests.upstreams.test_asking import Talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.peers.server import Server

TOOL = "test_missing_capability"


@asynccontextmanager
async def asking_server() -> AsyncIterator[Server]:
    async with start_server("2025-11-25") as server:
        server.features = ConformanceFeatures(server)
        yield server


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_what_the_client_lacked_is_said_in_its_own_way(bench: Any, connector: Any, version: str) -> None:
    async with asking_server() as server:
        client = Talk(await bench(http("web", server), connector=connector, good=False), "web")
        answer = await client.call(TOOL, party=replace(ANA, version=version))
    if version == "2026-07-28":
        assert answer["error"]["code"] == -32021
        assert answer["error"]["data"] == {"requiredCapabilities": {"sampling": {}}}
        assert "sampling" in answer["error"]["message"]
    else:
        assert answer["result"]["isError"] is True


async def test_what_only_the_servers_version_lacks_is_not_the_clients_fault(bench: Any, connector: Any) -> None:
    async with start_server("2025-03-26") as server:
        client = Talk(await bench(http("web", server), connector=connector, good=False), "web")
        able = replace(ANA, version="2026-07-28", capabilities={"elicitation": {"form": {}}, "roots": {}})
        answer = await client.call("elicit", party=able)
    assert answer["result"]["isError"] is True


async def test_a_tool_that_copes_without_is_not_refused(bench: Any, connector: Any) -> None:
    async with asking_server() as server:
        client = Talk(await bench(http("web", server), connector=connector, good=False), "web")
        await client.call(TOOL, party=replace(ANA, version="2026-07-28"))
        answer = await client.call("test_simple_text", party=replace(ANA, version="2026-07-28"))
    assert "isError" not in answer["result"]


class Reluctant(ModernServer):
    """Refuses the first request with a list of versions that holds the very one that was asked for."""

    refused = 0

    def check(self, message: Any) -> None:
        if not self.refused:
            self.refused += 1
            data = {"supported": ["2026-07-28"], "requested": "2026-07-28"}
            raise PeerError(-32022, "unsupported protocol version", data)
        super().check(message)


async def test_a_version_that_a_server_names_is_tried_again(bench: Any, connector: Any) -> None:
    server = Reluctant("peer")
    await server.start()
    try:
        client = Talk(await bench(http("web", server), connector=connector, good=False), "web")
        assert "result" in await client.call("echo", {"text": "x"})
        assert client.upstreams.states()["web"].era == "modern"
    finally:
        await server.stop()
