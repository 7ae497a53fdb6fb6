"""A server that answers nonsense, beside one that does not: the other's things stay as they are, at every endpoint."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.served import Incoming, Outgoing, Served
from tests.peers.server import start_server

TOOL = {"name": "ok", "inputSchema": {"type": "object"}}
HANDSHAKE = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "resources": {}}, "serverInfo": {}}
DEEP = '{"a":' * 5000 + "1" + "}" * 5000
LINK = {"type": "resource_link", "uri": 5, "name": "n"}
HOSTILE: dict[str, dict[str, Any]] = {
    "entries": {"tools/list": {"tools": [
        TOOL, {**TOOL, "name": "a", "annotations": 5, "icons": "x", "title": 9, "_meta": []}, 5, None, {"name": None},
        {**TOOL, "name": "b", "inputSchema": True}, {**TOOL, "name": "c", "outputSchema": 7}, {**TOOL, "name": "a b"},
        {**TOOL, "name": "d", "inputSchema": {"$ref": "http://127.0.0.1:1/x"}}, {**TOOL, "name": "well.echo"},
    ]}},
    "uris": {
        "tools/list": {"tools": [TOOL]},
        "resources/list": {"resources": [{"uri": 5}, {"uri": ""}, {"uri": "x:\r\ny"}, {"uri": "mcpg://well/x"}]},
        "resources/templates/list": {"resourceTemplates": [
            {"uriTemplate": "{", "name": "x"}, {"uriTemplate": "{" * 3000, "name": "y"}, {"uriTemplate": "{+a}"},
        ]},
    },
    "results": {"tools/call": {"content": [{"type": "?"}, {"type": "text"}, 5, LINK], "isError": "yes", "_meta": 5}},
    "nested": {"tools/call": '{"jsonrpc":"2.0","id":ID,"result":' + DEEP + "}"},
    "surrogate": {"tools/call": '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"\\ud800"}]}}'},
    "number": {"tools/call": '{"jsonrpc":"2.0","id":ID,"result":{"content":[],"structuredContent":{"a":1e999}}}'},
    "error": {"tools/call": '{"jsonrpc":"2.0","id":ID,"error":{"code":"x","message":5}}'},
    "pages": {"tools/list": {"tools": [TOOL], "nextCursor": "the same"}},
    "garbage": {"tools/list": "<html>"},
    "handshake": {"initialize": {"protocolVersion": 5, "capabilities": [], "serverInfo": "x"}},
}  # fmt: skip
USUAL = {"initialize": HANDSHAKE, "tools/list": {"tools": [TOOL]}, "tools/call": {"content": []},
         "resources/list": {"resources": []}, "resources/templates/list": {"resourceTemplates": []}}  # fmt: skip
OURS = {"ok": {"annotations": {"readOnlyHint": True}}, "a": {"annotations": {"readOnlyHint": True}}}


def hostile(says: dict[str, Any]) -> Served:
    async def answer(incoming: Incoming, outgoing: Outgoing) -> None:
        message = json.loads(incoming.body or b"{}")
        if incoming.verb != "POST" or "id" not in message:
            outgoing.send(405 if incoming.verb != "POST" else 202)
            return
        said = says.get(message["method"], USUAL.get(message["method"]))
        if isinstance(said, str):
            outgoing.send(200, said.replace("ID", str(message["id"])).encode())
        elif said is None:
            outgoing.json({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}}, 404)
        else:
            outgoing.json({"jsonrpc": "2.0", "id": message["id"], "result": said})

    return Served(answer)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_nonsense_of_one_server_harms_no_other(tmp_path, compiled, caplog, kind):
    caplog.set_level(logging.WARNING)
    async with AsyncExitStack() as stack:
        evil = hostile(HOSTILE[kind])
        await evil.start()
        stack.push_async_callback(evil.stop)
        well = await stack.enter_async_context(start_server("2025-11-25", "well"))
        bad = {
            "http": {"url": evil.origin, "private": True, "transport": "streamable"},
            "prefix": "evil",
            "tools": OURS,
        }
        upstreams = {"well": http_upstream(well, prefix="well"), "evil": bad}
        missing = ["evil"] if kind in {"garbage", "handshake"} else []
        door = await stack.enter_async_context(start_gateway(tmp_path, upstreams, compiled=compiled, absent=missing))
        for revision, path in (("2025-11-25", "/mcp"), ("2026-07-28", "/mcp"), ("2026-07-28", "/servers/evil/mcp")):
            peer = await stack.enter_async_context(door.connect(revision, path))
            names = {tool["name"] for tool in await peer.pages("tools")}
            assert not {"a b", "evil.a b", "evil.b", "evil.d"} & names
            await peer.pages("resources")
            async with asyncio.timeout(10):
                name = "ok" if "evil" in path else "evil.ok"
                await peer.begin("tools/call", {"name": name, "arguments": {}}).answer()
            if path == "/mcp":
                assert await peer.text("well.echo", {"text": "hi"}) == "hi"
                read = await peer.request("resources/read", {"uri": "peer://well/note"})
                assert read["contents"][0]["text"] == "first"
            assert peer.problems == []
        assert evil.mistakes == []
    assert not [record.getMessage() for record in caplog.records if record.exc_info or record.levelno > logging.WARNING]
