"""A scripted MCP server on loopback for the terminal client: both eras, JSON and streams, and ways to misbehave."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = [
    {
        "name": "add",
        "description": "Adds.",
        "inputSchema": {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a"]},
    },
    {"name": "echo", "description": "Says it\n again.", "inputSchema": {"properties": {"text": {"type": "string"}}}},
]


class Scripted:
    """What the server was asked, and how it is to behave."""

    def __init__(self, *, modern: bool = True, stream: bool = False, key: str = "", raw: bytes | None = None) -> None:
        self.modern, self.stream, self.key, self.raw = modern, stream, key, raw
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.ended: list[str] = []
        self.url = ""

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        method, params = message["method"], message.get("params", {})
        if method == "server/discover" and not self.modern:
            return {"error": {"code": -32601, "message": "method not found"}}
        if method == "initialize":
            return {"result": {"protocolVersion": "2025-06-18", "capabilities": {}}}
        if method == "tools/list":
            cursor = params.get("cursor")
            return {"result": {"tools": TOOLS[1:]} if cursor else {"tools": TOOLS[:1], "nextCursor": "more"}}
        if method == "tools/call":
            return self.called(params["name"], params["arguments"])
        return {"result": {}}

    def called(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name == "add":
            total = arguments["a"] + arguments.get("b", 1)
            return {
                "result": {
                    "content": [{"type": "text", "text": f'{{"sum": {total}}}'}],
                    "structuredContent": {"sum": total},
                }
            }
        if name == "echo":
            return {"result": {"content": [{"type": "text", "text": arguments.get("text", "")}]}}
        if name == "fail":
            return {"result": {"isError": True, "content": [{"type": "text", "text": "it broke"}]}}
        if name == "denied":
            return {"error": {"code": -31002, "message": "denied: no", "data": {"call": "c0ffee"}}}
        return {"error": {"code": -32602, "message": f"unknown tool `{name}`"}}


class _Handler(BaseHTTPRequestHandler):
    script: Scripted

    def log_message(self, *_: Any) -> None:
        return

    def do_DELETE(self) -> None:
        self.script.ended.append(self.headers.get("mcp-session-id", ""))
        self._send(200, "", b"")

    def do_POST(self) -> None:
        script = self.script
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        script.seen.append(({name.lower(): value for name, value in self.headers.items()}, message))
        if script.key and self.headers.get("authorization") != f"Bearer {script.key}":
            self._send(401, "", b"")
        elif script.raw is not None:
            self._send(200, "application/json", script.raw)
        elif "id" not in message:
            self._send(202, "", b"")
        else:
            body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **script.answer(message)}).encode()
            if script.stream:
                progress = {"progressToken": 1, "progress": 1, "total": 2, "message": "half\x1b[31m"}
                note = json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}).encode()
                self._send(200, "text/event-stream", b": hello\n\ndata: %s\n\ndata: %s\n\n" % (note, body))
            else:
                self._send(200, "application/json; charset=utf-8", body)

    def _send(self, status: int, media: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if media:
            self.send_header("content-type", media)
        if not self.script.modern:
            self.send_header("mcp-session-id", "session-1")
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serving(script: Scripted) -> Iterator[Scripted]:
    """Serve `script` on a free port of loopback until the block ends."""
    handler = type("Handler", (_Handler,), {"script": script})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_address[1]}/mcp"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
