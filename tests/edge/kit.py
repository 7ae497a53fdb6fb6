"""A small service and a client without sockets, for the edge's tests."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg.contract.documents import Caller, Credentials, How
from mcpg.contract.ports import CannotAsk, Channel, McpCall, Refusal
from mcpg.contract.problems import LedgerUnavailable
from mcpg.protocol.mirrors import check_mirrors, mirrors_of
from mcpg.protocol.sse import Event, EventDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg.contract.ports import Watching

MODERN = "2026-07-28"
TOOLS: list[dict[str, Any]] = [
    {
        "name": "echo",
        "description": "Says it again.",
        "inputSchema": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "region": {"type": "string", "x-mcp-header": "Region"}},
        },
    },
    {"name": "slow", "description": "Waits.", "inputSchema": {"type": "object"}},
    {"name": "progress", "description": "Reports.", "inputSchema": {"type": "object"}},
    {"name": "structured", "inputSchema": {"type": "object"}, "outputSchema": {"type": "array"}},
]


class FakeService:
    """Knows three callers by their bearer token, and tools that misbehave in one way each."""

    def __init__(self) -> None:
        self.calls: list[McpCall] = []
        self.seen: list[Credentials] = []
        self.cancelled = 0
        self.finished = 0
        self.started = asyncio.Event()
        self.finish = asyncio.Event()
        self.released: list[tuple[str, str]] = []
        self.noted: list[tuple[str, str]] = []
        self.lists = {"tools": "1", "prompts": "1", "resources": "1"}
        self.watches: dict[str, list[Callable[[dict[str, Any]], None]]] = {}
        self.identity_error: Exception | None = None

    async def identify(self, credentials: Credentials) -> Caller:
        self.seen.append(credentials)
        if self.identity_error is not None:
            raise self.identity_error
        scheme, _, token = credentials.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and token in {"ana", "bot"}:
            return Caller(id=token, kind="user", how=How(credential="key"), trust="verified")
        if not scheme and credentials.peer.local:
            return Caller(id="anonymous", kind="anonymous", how=How(credential=""), trust="anonymous")
        raise Refusal(-32600, "no credential", status=401, headers=[("WWW-Authenticate", 'Bearer scope="mcp"')])

    async def respond(self, caller: Caller, call: McpCall, channel: Channel) -> dict[str, Any]:
        self.calls.append(call)
        if call.method == "tools/list":
            return {"tools": TOOLS}
        if call.method == "resources/read":
            raise Refusal(-32602, "resource is not known", data={"uri": call.params["uri"]})
        if call.method != "tools/call":
            raise Refusal(-32601, "no such method here")
        return await self._tool(caller, call, channel)

    async def watch(
        self, caller: Caller, call: McpCall, uri: str, updated: Callable[[dict[str, Any]], None]
    ) -> Watching:
        self.calls.append(call)
        if uri.startswith("secret:"):
            raise Refusal(-32602, "resource is not known", data={"uri": uri})
        watching = self.watches.setdefault(uri, [])
        watching.append(updated)
        return _Watch(lambda: watching.remove(updated))

    async def fingerprint(self, caller: Caller, kind: str, *, version: str, session: str) -> str:
        return f"{caller.id} {self.lists[kind]}"

    async def note(self, caller: Caller, method: str, params: dict[str, Any], *, version: str, session: str) -> None:
        self.noted.append((caller.id, method))

    async def release(self, caller: Caller, *, session: str) -> None:
        self.released.append((caller.id, session))

    def describe(self) -> dict[str, Any]:
        return {
            "serverInfo": {"name": "mcpg-test", "version": "1", "title": "Test"},
            "capabilities": {
                "tools": {"listChanged": True},
                "resources": {"listChanged": True, "subscribe": True},
                "logging": {},
            },
            "instructions": "Be brief.",
        }

    async def _tool(self, caller: Caller, call: McpCall, channel: Channel) -> dict[str, Any]:
        arguments = call.params.get("arguments", {})
        match call.params["name"]:
            case "echo":
                if call.mirrored is not None:
                    check_mirrors(mirrors_of(TOOLS[0]["inputSchema"]), arguments, call.mirrored)
                return _text(f"{caller.id}: {arguments.get('text', '')}")
            case "slow":
                return await self._slow()
            case "ask":
                return await self._ask(arguments, channel)
            case "progress":
                for step in (1, 2, 2, 1, 3):
                    await channel.notify("notifications/progress", {"progressToken": "inner", "progress": step})
                await channel.notify("notifications/message", {"level": "debug", "data": "d"})
                await channel.notify("notifications/message", {"level": "error", "data": "e"})
                return _text("done")
            case "structured":
                return {"content": [], "structuredContent": [1, 2]}
            case "ledger":
                raise LedgerUnavailable("disk `/secret/place` is full")
            case "crash":
                raise ValueError("the password is hunter2")
            case _:
                raise Refusal(-32602, "unknown tool")

    async def _ask(self, arguments: dict[str, Any], channel: Channel) -> dict[str, Any]:
        self.started.set()
        try:
            return _text(json.dumps(await channel.ask(arguments["method"], arguments.get("params", {}))))
        except CannotAsk as error:
            return _text(f"cannot ask: {error}")
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def _slow(self) -> dict[str, Any]:
        self.started.set()
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.finished += 1
        return _text("slept")


@dataclass
class _Watch:
    end: Callable[[], None]
    closed: bool = False

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.end()


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


@dataclass
class Answered:
    """What an application sent for one request."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    sends: int = 0
    whole: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> int:
        return int(self.json["error"]["code"])

    @property
    def events(self) -> list[Event]:
        return EventDecoder().feed(self.body)

    @property
    def messages(self) -> list[Any]:
        return [json.loads(event.data) for event in self.events if event.data]


class Client:
    """Calls an ASGI application; `leave()` is the client's disconnect."""

    def __init__(self, app: Any, token: str = "ana", host: str = "gateway.example") -> None:
        self.app = app
        self.base = {"authorization": f"Bearer {token}", "host": host}
        self.session = ""
        self.gone = asyncio.Event()

    def leave(self) -> None:
        self.gone.set()

    async def send(
        self,
        method: str,
        body: bytes | Sequence[bytes] = b"",
        headers: dict[str, str] | Sequence[tuple[str, str]] = (),
        *,
        answered: Answered | None = None,
    ) -> Answered:
        answered = answered or Answered()
        lines = list(headers.items() if isinstance(headers, dict) else headers)
        given = {name.lower() for name, _ in lines}
        lines += [(name, value) for name, value in self.base.items() if value and name not in given]
        parts = [body] if isinstance(body, bytes) else list(body)

        async def receive() -> dict[str, Any]:
            if parts:
                part = parts.pop(0)
                return {"type": "http.request", "body": part, "more_body": bool(parts)}
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def take(message: Any) -> None:
            if self.gone.is_set():
                return
            answered.sends += 1
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                answered.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answered.body += message["body"]
                answered.whole = not message.get("more_body", False)

        scope = {
            "type": "http",
            "method": method,
            "path": "/mcp",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in lines],
            "client": ("192.0.2.7", 5000),
        }
        await self.app(scope, receive, take)
        return answered

    async def post(self, message: Any, headers: dict[str, str] | None = None, **options: Any) -> Answered:
        lines = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        if self.session:
            lines["mcp-session-id"] = self.session
        lines |= headers or {}
        body = message if isinstance(message, bytes | list) and _is_raw(message) else json.dumps(message).encode()
        return await self.send("POST", body, {k: v for k, v in lines.items() if v}, **options)

    async def open(self, version: str = "2025-11-25") -> Answered:
        params = {
            "protocolVersion": version,
            "capabilities": {"roots": {}},
            "clientInfo": {"name": "t", "version": "1"},
        }
        self.session = ""
        answered = await self.post(request("initialize", params))
        self.session = answered.headers.get("mcp-session-id", "")
        return answered

    async def modern(self, method: str, params: dict[str, Any] | None = None, **options: Any) -> Answered:
        message, headers = modern(method, params)
        return await self.post(message, headers | options.pop("headers", {}), **options)


def _is_raw(message: Any) -> bool:
    return isinstance(message, bytes) or all(isinstance(part, bytes) for part in message)


def request(method: str, params: dict[str, Any] | None = None, request_id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}


def call(name: str, request_id: Any = 1, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", {"name": name, "arguments": arguments}, request_id)


def modern(
    method: str, params: dict[str, Any] | None = None, request_id: Any = 1, meta: dict[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a modern request and its routing headers."""
    envelope = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        **(meta or {}),
    }
    whole = {**(params or {}), "_meta": envelope}
    headers = {"mcp-protocol-version": MODERN, "mcp-method": method}
    name = whole.get("name", whole.get("uri"))
    if name:
        headers["mcp-name"] = name
    return request(method, whole, request_id), headers
