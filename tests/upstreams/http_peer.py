"""A scripted MCP server over Streamable HTTP, good and bad: the tool's name is what it does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

END = b"0\r\n\r\n"


class Exchange:
    """One HTTP request and the means to answer it."""

    def __init__(self, verb: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        self.verb = verb
        self.headers = headers
        self.body = body
        self.writer = writer

    def send(self, status: int, body: bytes = b"", media: str = "application/json", **more: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-type: {media}", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def json(self, message: Any, status: int = 200, **more: str) -> None:
        self.send(status, json.dumps(message).encode(), **more)

    def begin(self) -> None:
        self.writer.write(b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

    def event(self, message: Any, event_id: str = "", data: str | None = None) -> None:
        text = json.dumps(message) if data is None else data
        frame = (f"id: {event_id}\n" if event_id else "") + f"data: {text}\n\n"
        self.writer.write(f"{len(frame.encode()):x}\r\n".encode() + frame.encode() + b"\r\n")

    def end(self) -> None:
        self.writer.write(END)

    def cut(self) -> None:
        self.writer.transport.abort()


class HttpPeer:
    """The server. `seen` has each message with its headers; `sessions` those that it knows (legacy)."""

    def __init__(self, era: str = "legacy") -> None:
        self.era = era
        self.version = "2025-11-25"
        self.sessions: set[str] = set()
        self.made = 0
        self.seen: list[tuple[dict[str, str], Any]] = []
        self.deleted: list[str] = []
        self.connections = 0
        self.listening: list[Exchange] = []
        self.kept: dict[str, Any] = {}
        self.tools: list[Any] = [{"name": "echo", "inputSchema": {"type": "object"}}]
        self.answers: dict[Any, asyncio.Future[Any]] = {}
        self.closed_streams = 0
        self.going = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")[:-2]
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                await self._answer(Exchange(first.split()[0], headers, body, writer), reader)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, exchange: Exchange, reader: asyncio.StreamReader) -> None:
        if exchange.verb != "POST":
            await self._answer_other(exchange, reader)
            return
        message = json.loads(exchange.body)
        self.seen.append((exchange.headers, message))
        session = exchange.headers.get("mcp-session-id")
        method = message.get("method")
        if self.era == "legacy" and method == "server/discover":
            exchange.json({"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "no session"}}, 400)
        elif method == "initialize" and self.era == "legacy":
            self._initialize(exchange, message)
        elif self.era == "legacy" and session not in self.sessions:
            exchange.send(404)
        elif method is None:
            self.answers.pop(message["id"]).set_result(message)
            exchange.send(202)
        elif "id" not in message:
            exchange.send(202)
        else:
            await self._request(exchange, message, reader)

    def _initialize(self, exchange: Exchange, message: Any) -> None:
        self.made += 1
        self.sessions.add(f"session-{self.made}")
        capabilities = {"tools": {"listChanged": True}}
        result = {"protocolVersion": self.version, "capabilities": capabilities, "serverInfo": {"name": "scripted"}}
        body = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        exchange.json(body, mcp_session_id=f"session-{self.made}")

    async def _answer_other(self, exchange: Exchange, reader: asyncio.StreamReader) -> None:
        if exchange.verb == "DELETE":
            self.deleted.append(exchange.headers.get("mcp-session-id", ""))
            exchange.send(200)
        elif self.era == "modern":
            exchange.send(405)
        elif (last := exchange.headers.get("last-event-id")) is not None:
            exchange.begin()
            exchange.event(self.kept[last], event_id=f"{last}-again")
            exchange.end()
        else:
            exchange.begin()
            await self._hold(exchange, reader)

    async def _hold(self, exchange: Exchange, reader: asyncio.StreamReader) -> None:
        self.listening.append(exchange)
        await exchange.writer.drain()
        try:
            await reader.read(1)
        finally:
            self.listening.remove(exchange)
            self.closed_streams += 1
        raise ConnectionError

    async def _request(self, exchange: Exchange, message: Any, reader: asyncio.StreamReader) -> None:
        method = message["method"]
        if method == "server/discover":
            result: Any = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {"listChanged": True}}}
        elif method == "tools/list":
            result = {"tools": self.tools}
        elif method == "ping":
            result = {}
        elif method == "subscriptions/listen":
            exchange.begin()
            exchange.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": {}})
            await self._hold(exchange, reader)
            return
        elif method == "tools/call":
            await getattr(self, f"do_{message['params']['name']}")(exchange, message, reader)
            return
        else:
            exchange.json({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "what"}}, 404)
            return
        exchange.json({"jsonrpc": "2.0", "id": message["id"], "result": {"resultType": "complete", **result}})

    @staticmethod
    def text(message: Any, value: Any) -> dict[str, Any]:
        content = [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]
        return {"jsonrpc": "2.0", "id": message["id"], "result": {"content": content}}

    async def do_echo(self, exchange, message, reader):
        exchange.json(self.text(message, message["params"].get("arguments", {})))

    async def do_headers(self, exchange, message, reader):
        exchange.json(self.text(message, {**exchange.headers, "_params": message["params"]}))

    async def do_events(self, exchange, message, reader):
        """Progress for this and for others, a log, a request, then the answer, as events."""
        token = message["params"].get("_meta", {}).get("progressToken")
        exchange.begin()
        for number, theirs in enumerate((token, "another", token)):
            params = {"progressToken": theirs, "progress": number}
            exchange.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
        params = {"level": "info", "data": "hello"}
        exchange.event({"jsonrpc": "2.0", "method": "notifications/message", "params": params})
        exchange.event({}, data="this is not JSON")
        exchange.event(self.text(message, {"token": token}))
        exchange.end()

    async def do_ask(self, exchange, message, reader):
        exchange.begin()
        arguments = message["params"]["arguments"]
        answer = await self.question(exchange, arguments["method"], arguments.get("params", {}))
        exchange.event(self.text(message, answer))
        exchange.end()

    def question(self, exchange, method, params, number="mine"):
        """Ask on a stream; return what will be answered."""
        self.answers[number] = asyncio.get_running_loop().create_future()
        exchange.event({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self.answers[number]

    async def do_ask_and_withdraw(self, exchange, message, reader):
        exchange.begin()
        self.question(exchange, "elicitation/create", message["params"]["arguments"])
        await exchange.writer.drain()
        await self.going.wait()
        exchange.event({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "mine"}})
        exchange.event(self.text(message, "withdrawn"))
        exchange.end()

    async def do_batch(self, exchange, message, reader):
        changed = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        exchange.json([changed, self.text(message, "one of two")])

    async def do_hang(self, exchange, message, reader):
        await self._hold(exchange, reader)

    async def do_hang_events(self, exchange, message, reader):
        exchange.begin()
        await self._hold(exchange, reader)

    async def do_drop(self, exchange, message, reader):
        exchange.cut()

    async def do_garbage(self, exchange, message, reader):
        exchange.send(200, b"<html>this is not JSON</html>")

    async def do_page(self, exchange, message, reader):
        exchange.send(200, b"<html>this is not JSON</html>", media="text/html")

    async def do_garbage_events(self, exchange, message, reader):
        exchange.begin()
        for _ in range(200):
            exchange.event({}, data="this is not JSON")
        exchange.end()

    async def do_huge(self, exchange, message, reader):
        exchange.json(self.text(message, "x" * message["params"]["arguments"]["size"]))

    async def do_huge_event(self, exchange, message, reader):
        exchange.begin()
        exchange.event(self.text(message, "x" * message["params"]["arguments"]["size"]))
        exchange.end()

    async def do_wrong_id(self, exchange, message, reader):
        exchange.json(self.text({"id": message["id"] + 1000}, "not yours"))

    async def do_wrong_id_events(self, exchange, message, reader):
        exchange.begin()
        exchange.event(self.text({"id": str(message["id"])}, "not yours"))
        exchange.event(self.text(message, "yours"))
        exchange.event(self.text(message, "a second one"))
        exchange.end()

    async def do_half(self, exchange, message, reader):
        exchange.writer.write(b'HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"json')
        await exchange.writer.drain()
        exchange.cut()

    async def do_cut(self, exchange, message, reader):
        exchange.begin()
        exchange.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})
        exchange.end()

    async def do_cut_hard(self, exchange, message, reader):
        exchange.begin()
        exchange.writer.write(b"40\r\ndata: {")
        await exchange.writer.drain()
        exchange.cut()

    async def do_cut_and_resume(self, exchange, message, reader):
        self.kept["event-1"] = self.text(message, "resumed")
        exchange.begin()
        prime = b"id: event-1\nretry: 10\ndata: \n\n"
        exchange.writer.write(b"%x\r\n%s\r\n" % (len(prime), prime))
        exchange.end()

    async def do_status(self, exchange, message, reader):
        exchange.send(message["params"]["arguments"]["status"], b"no", media="text/plain")

    async def do_redirect(self, exchange, message, reader):
        exchange.send(307, media="text/plain", location=message["params"]["arguments"]["to"])

    async def do_forget(self, exchange, message, reader):
        self.sessions.clear()
        exchange.json(self.text(message, "forgotten"))

    async def do_forget_rudely(self, exchange, message, reader):
        body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "No valid session ID provided"}}
        if exchange.headers["mcp-session-id"] == "session-1":
            exchange.json(body, 400)
        else:
            exchange.json(self.text(message, "a new session"))

    async def do_mismatch(self, exchange, message, reader):
        if "mcp-param-city" in exchange.headers:
            exchange.json(self.text(message, exchange.headers["mcp-param-city"]))
        else:
            body = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32020, "message": "mismatch"}}
            exchange.json(body, 400)

    async def do_asks_for_input(self, exchange, message, reader):
        result = {"resultType": "input_required", **message["params"]["arguments"]}
        exchange.json({"jsonrpc": "2.0", "id": message["id"], "result": result})
