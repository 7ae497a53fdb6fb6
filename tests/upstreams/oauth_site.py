"""A protected MCP resource and its authorization server on one loopback server, honest or not as a test says."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import parse_qs, unquote

SECRET = "s3cret-of-the-client/+%"
CLIENT = "the client:id"


class Site:
    """`/mcp` wants a token of the last kind that `/token` gave. Attributes say how the server behaves."""

    def __init__(self) -> None:
        self.port = 0
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.issuer_path = ""
        self.said_issuer = ""
        self.resource = ""
        self.places: set[str] | None = None
        """The well-known paths that are there; all of the right ones if None."""
        self.challenge: str | None = 'Bearer error="invalid_token"'
        self.methods: list[str] | None = ["client_secret_basic"]
        self.life: Any = 3600
        self.type: Any = "Bearer"
        self.token_status = 200
        self.raw: dict[str, bytes] = {}
        """Whole answers by path, for what no honest server says."""
        self.needs: set[str] = set()
        self.tokens: dict[str, set[str]] = {}
        self.servers: list[str] | None = None
        self.gate: asyncio.Event | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/public/mcp"

    @property
    def issuer(self) -> str:
        return self.origin + self.issuer_path

    def paths(self, start: str = "") -> list[str]:
        return [path for _, path, _, _ in self.seen if path.startswith(start)]

    def forms(self) -> list[dict[str, str]]:
        bodies = [body for _, path, _, body in self.seen if path == "/token"]
        return [{name: values[0] for name, values in parse_qs(body.decode()).items()} for body in bodies]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                method, path, _ = first.split(" ")
                pairs = (line.split(": ", 1) for line in lines)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.seen.append((method, path, headers, body))
                writer.write(await self._answer(path, headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes) -> bytes:
        if path in self.raw:
            return self.raw[path]
        if path == "/token":
            if self.gate is not None:
                await self.gate.wait()
            return self._token(headers, body)
        if path.startswith("/.well-known/") or "/.well-known/" in path:
            return self._metadata(path)
        return self._resource(headers, body)

    def _metadata(self, path: str) -> bytes:
        if self.places is not None and path not in self.places:
            return answer(404, b"nothing here")
        if "oauth-protected-resource" in path:
            servers = [self.issuer] if self.servers is None else self.servers
            return document({"resource": self.resource or self.url, "authorization_servers": servers})
        said = {"issuer": self.said_issuer or self.issuer, "token_endpoint": f"{self.origin}/token"}
        return document(said | ({"token_endpoint_auth_methods_supported": self.methods} if self.methods else {}))

    def _token(self, headers: dict[str, str], body: bytes) -> bytes:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if self.token_status != 200:
            return document({"error": "invalid_client", "error_description": f"{SECRET} is wrong"}, self.token_status)
        if headers.get("authorization", "").startswith("Basic "):
            name, _, secret = base64.b64decode(headers["authorization"][6:]).decode().partition(":")
            known = (unquote(name), unquote(secret)) == (CLIENT, SECRET)
        elif "client_assertion" in form:
            known = True
        else:
            known = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if not known:
            return document({"error": "invalid_client"}, 401)
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = set(form.get("scope", "").split())
        made = {"access_token": token, "token_type": self.type, "expires_in": self.life}
        return document({name: value for name, value in made.items() if value is not None})

    def _resource(self, headers: dict[str, str], body: bytes) -> bytes:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return answer(401, b"", *([f"www-authenticate: {self.challenge}"] if self.challenge else []))
        if missing := self.needs - self.tokens[token]:
            scope = " ".join(sorted(missing))
            return answer(403, b"", f'www-authenticate: Bearer error="insufficient_scope", scope="{scope}"')
        message = json.loads(body)
        result: Any = {"resultType": "complete"}
        if message.get("method") == "server/discover":
            result |= {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        if "id" not in message:
            return answer(202, b"")
        if message["method"] == "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "safe"}}
        if message.get("method") == "tools/list":
            result |= {"tools": [{"name": "whoami", "inputSchema": {"type": "object"}}]}
        if message.get("method") == "tools/call":
            result |= {"content": [{"type": "text", "text": token}]}
        return document({"jsonrpc": "2.0", "id": message["id"], "result": result})


def answer(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def document(value: Any, status: int = 200) -> bytes:
    return answer(status, json.dumps(value).encode(), "content-type: application/json")
