"""The official SDK's server over the HTTP with SSE of 2024-11-05 as the peer."""

from __future__ import annotations

import pytest
from tests.upstreams.test_real_sdk import everything, progress, served  # noqa: F401 - the fixture

from mcpg.upstreams import HttpSpec, UpstreamSpec

pytestmark = pytest.mark.real


@pytest.mark.parametrize("served", ["sse"], indirect=True)
@pytest.mark.parametrize("kind", ["sse", "auto"])
async def test_the_old_http_with_sse(bench, connector, served, kind):  # noqa: F811 - the fixture
    url = served[0].replace("/mcp", "/sse")
    transport = HttpSpec(url=url, private=True, kind=kind)
    peers = await bench(UpstreamSpec(name="sdk", transport=transport), connector=connector, good=False)
    request = await everything(peers, "legacy")
    await progress(request, 3)
    assert peers.upstreams.states()["sdk"].restarts == 0
