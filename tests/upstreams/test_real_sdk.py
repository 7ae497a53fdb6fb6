"""The official SDK as the peer, over both transports and in both eras."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.upstreams.test_asking import Talk, said

from mcpg.upstreams import HttpSpec, StdioSpec, UpstreamSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.real
SERVER = str(Path(__file__).parent / "sdk_server.py")
ERAS = {"legacy": ("legacy", "2025-11-25"), "modern": ("modern", "2026-07-28"), "auto": ("modern", "2026-07-28")}


@pytest.fixture(params=["json", "events"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, bool]]:
    """Run the server over HTTP; return its URL, and whether it streams."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, SERVER, "http", str(port), request.param)
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.05)
    writer.close()
    yield f"http://127.0.0.1:{port}/mcp", request.param == "events"
    process.kill()
    await process.wait()


async def everything(peers, mode, *, streams=True):
    """All that a gateway does with an upstream."""
    era, version = ERAS[mode]

    async def request(method, params, **options):
        deadline = asyncio.get_running_loop().time() + 20
        return await peers.upstreams.request("sdk", method, params, deadline=deadline, **options)

    listed = await request("tools/list", {})
    assert {tool["name"] for tool in listed["result"]["tools"]} == {"echo", "count", "ask", "learn"}
    state = peers.upstreams.states()["sdk"]
    assert (state.era, state.version, state.state) == (era, version, "ready")
    assert state.server["name"] == "official"
    calls = (request("tools/call", {"name": "echo", "arguments": {"text": f"ü{n}"}}) for n in range(50))
    answers = await asyncio.gather(*calls)
    assert [answer["result"]["content"][0]["text"] for answer in answers] == [f"ü{n}" for n in range(50)]
    prompt = await request("prompts/get", {"name": "greet", "arguments": {"name": "Ana"}})
    assert prompt["result"]["messages"][0]["content"]["text"] == "Greet Ana."
    resource = await request("resources/read", {"uri": "note://one"})
    assert resource["result"]["contents"][0]["text"] == "a note"
    unknown = await request("no/such", {})
    assert unknown["error"]["code"] == -32601
    asked = await request("tools/call", {"name": "ask", "arguments": {}})
    assert mode == "legacy" or asked.get("error") or asked["result"]["isError"]
    assert mode != "legacy" or "roots=[]" in asked["result"]["content"][0]["text"], "the gateway itself has no roots"
    if streams or ERAS[mode][0] == "modern":  # an answer in one body leaves no way to ask before it
        assert await learned(peers) == "Ana, Hello Ana, file:///home/ana"
    return request


ANSWERS = {
    "elicitation/create": {"action": "accept", "content": {"name": "Ana"}},
    "sampling/createMessage": {"role": "assistant", "content": {"type": "text", "text": "Hello Ana"}, "model": "m"},
    "roots/list": {"roots": [{"uri": "file:///home/ana", "name": "home"}]},
}


async def learned(peers):
    """Answer all that the server asks until it answers."""
    client, asked = Talk(peers, "sdk"), []
    answer = await client.call("learn", seconds=20)
    for _ in range(5):
        if "asking" not in answer:
            break
        requests = answer["asking"]["requests"]
        asked += [request["method"] for request in requests.values()]
        responses = {key: {"result": ANSWERS[request["method"]]} for key, request in requests.items()}
        answer = await client.resume(answer, responses, "learn", seconds=20)
    assert sorted(asked) == sorted(ANSWERS)
    return said(answer)


async def progress(request, heard):
    told = []

    async def notify(method, params):
        told.append((method, params["progressToken"], params["progress"]))

    params = {"name": "count", "arguments": {"to": 3}, "_meta": {"progressToken": "mine"}}
    answer = await request("tools/call", params, notify=notify)
    assert answer["result"]["content"][0]["text"] == "counted"
    assert told == [("notifications/progress", "mine", number) for number in range(heard)]


@pytest.mark.parametrize("mode", list(ERAS))
async def test_stdio(bench, mode):
    spec = UpstreamSpec(
        name="sdk",
        transport=StdioSpec(command=(sys.executable, SERVER, "stdio")),
        mode=mode,
        connect_timeout=30,
    )
    peers = await bench(spec)
    await progress(await everything(peers, mode), 3)
    assert peers.upstreams.states()["sdk"].nonsense == 0


@pytest.mark.parametrize("mode", list(ERAS))
async def test_streamable_http(served, connector, bench, mode):
    url, streams = served
    spec = UpstreamSpec(name="sdk", transport=HttpSpec(url=url, private=True), mode=mode, connect_timeout=30)
    peers = await bench(spec, connector=connector)
    request = await everything(peers, mode, streams=streams)
    await progress(request, 3 if streams else 0)
