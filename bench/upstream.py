"""An MCP server without an SDK, as plain as can be: the gateway and the bare proxies of the benchmarks call it.

Streamable HTTP of 2026-07-28 with whole JSON answers, keep-alive, no TLS. Tools: `echo`, `slow` (answers after 500 ms)
and as many more as it is told to have, the first of which are named `open-...`. It checks nothing.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import uvloop

__all__ = ["serve_upstream"]

PAGE = 1000
SLOW = 0.5
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
INFO = {"io.modelcontextprotocol/serverInfo": {"name": "bench", "version": "1"}}


def tools(more: int, visible: int) -> list[dict[str, Any]]:
    """Return the tools: two that work and `more` that are only listed, of which `visible` are named `open-...`."""
    names = [f"open-{i:05}" if i < visible else f"shut-{i:05}" for i in range(more)]
    text = "Does what its name says, at some length, so that the list is as large as real ones are."
    return [{"name": name, "description": text, "inputSchema": SCHEMA} for name in ("echo", "slow", *names)]


class Connection(asyncio.Protocol):
    """One connection; each request is answered when it is whole."""

    listed: list[dict[str, Any]]

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Cut requests out of what has come."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            self.answer(body)

    def answer(self, body: bytes) -> None:
        """Answer one message."""
        frame = json.loads(body) if body else {}
        if "id" not in frame:
            self.transport.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
        elif frame["method"] == "tools/call" and frame["params"]["name"] == "slow":
            asyncio.get_running_loop().call_later(SLOW, self.send, frame["id"], self.called(frame["params"]))
        else:
            self.send(frame["id"], self.result(frame))

    def result(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a request."""
        if frame["method"] == "tools/call":
            return self.called(frame["params"])
        if frame["method"] == "server/discover":
            return {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "_meta": INFO}
        if frame["method"] == "tools/list":
            start = int(frame["params"].get("cursor", 0))
            more = {"nextCursor": str(start + PAGE)} if start + PAGE < len(self.listed) else {}
            return {"tools": self.listed[start : start + PAGE], "ttlMs": 0, "cacheScope": "private", **more}
        return {}

    def called(self, params: dict[str, Any]) -> dict[str, Any]:
        """Say back what was asked."""
        text = str(params.get("arguments", {}).get("q", ""))
        return {"content": [{"type": "text", "text": text}], "resultType": "complete", "_meta": INFO}

    def send(self, request_id: Any, result: dict[str, Any]) -> None:
        """Write one answer in one piece."""
        body = json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result}, separators=(",", ":")).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)


def serve_upstream(port: int, *, more: int = 0, visible: int = 0) -> None:
    """Serve for ever."""
    Connection.listed = tools(more, visible)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=4096)
        await server.serve_forever()

    uvloop.run(main())
