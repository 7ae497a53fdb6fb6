"""An MCP server without an SDK, as plain as can be: the gateway and the bare proxies of the benchmarks call it.

Streamable HTTP of 2026-07-28 with whole JSON answers, keep-alive, no TLS. Tools: `echo`, `slow` (answers after 500 ms),
`flood` (progress of 8 KiB each, 64 MiB in all, as fast as it is taken) and as many more as it is told to have, the
first of which are named `open-...`. It checks nothing.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import uvloop

__all__ = ["serve_upstream"]

PAGE = 1000
SLOW = 0.5
FLOOD = 8 * 1024
"""How many events `flood` sends."""
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
INFO = {"io.modelcontextprotocol/serverInfo": {"name": "bench", "version": "1"}}


def tools(more: int, visible: int) -> list[dict[str, Any]]:
    """Return the tools: two that work and `more` that are only listed, of which `visible` are named `open-...`."""
    names = [f"open-{i:05}" if i < visible else f"shut-{i:05}" for i in range(more)]
    text = "Does what its name says, at some length, so that the list is as large as real ones are."
    return [{"name": name, "description": text, "inputSchema": SCHEMA} for name in ("echo", "slow", "flood", *names)]


class Connection(asyncio.Protocol):
    """One connection; each request is answered when it is whole."""

    listed: list[dict[str, Any]]

    def __init__(self) -> None:
        self._buffer = b""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._flood: asyncio.Task[None] | None = None

    def pause_writing(self) -> None:
        """Note that the other side takes no more for now."""
        self._flowing.clear()

    def resume_writing(self) -> None:
        """Note that it does again."""
        self._flowing.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Stop what is on its way."""
        if self._flood is not None:
            self._flood.cancel()

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
        elif frame["method"] == "tools/call" and frame["params"]["name"] == "flood":
            self._flood = asyncio.ensure_future(self.flood(frame))
        elif (result := self.result(frame)) is not None:
            self.send(frame["id"], result)
        else:
            self.write({"jsonrpc": "2.0", "id": frame["id"], "error": {"code": -32601, "message": "no such method"}})

    async def flood(self, frame: dict[str, Any]) -> None:
        """Send progress as fast as it is taken, then the answer."""
        token = frame["params"]["_meta"].get("progressToken")
        self.transport.write(EVENTS)
        for number in range(FLOOD):
            params = {"progressToken": token, "progress": number, "message": "x" * 8192}
            self.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
            await self._flowing.wait()
        self.event({"jsonrpc": "2.0", "id": frame["id"], "result": self.called(frame["params"])})
        self.transport.write(b"0\r\n\r\n")

    def event(self, message: dict[str, Any]) -> None:
        """Write one event as one chunk."""
        data = b"data: " + json.dumps(message, separators=(",", ":")).encode() + b"\n\n"
        self.transport.write(b"%x\r\n%s\r\n" % (len(data), data))

    def result(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        """Return the result of a request, none for a method that there is not."""
        if frame["method"] == "tools/call":
            return self.called(frame["params"])
        if frame["method"] == "server/discover":
            return {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "_meta": INFO}
        if frame["method"] == "tools/list":
            start = int(frame["params"].get("cursor", 0))
            more = {"nextCursor": str(start + PAGE)} if start + PAGE < len(self.listed) else {}
            return {"tools": self.listed[start : start + PAGE], "ttlMs": 0, "cacheScope": "private", **more}
        return None

    def called(self, params: dict[str, Any]) -> dict[str, Any]:
        """Say back what was asked."""
        text = str(params.get("arguments", {}).get("q", ""))
        return {"content": [{"type": "text", "text": text}], "resultType": "complete", "_meta": INFO}

    def send(self, request_id: Any, result: dict[str, Any]) -> None:
        """Write one result in one piece."""
        self.write({"jsonrpc": "2.0", "id": request_id, "result": result})

    def write(self, message: dict[str, Any]) -> None:
        """Write one answer in one piece."""
        body = json.dumps(message, separators=(",", ":")).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)


def serve_upstream(port: int, *, more: int = 0, visible: int = 0) -> None:
    """Serve for ever."""
    Connection.listed = tools(more, visible)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=4096)
        await server.serve_forever()

    uvloop.run(main())
