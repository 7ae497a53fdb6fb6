"""The services that the sample plugins of `mcpg plugin new` ask, in one HTTP server of the tests. It tests nothing."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CLIENT", "Services", "services"]

CLIENT = "the-client-secret"
ISSUED = {"access_token": "issued-token", "expires_at": 0}
TOKENS = {"ana-token": {"active": True, "sub": "ana", "groups": ["analysts"]}, "old-token": {"active": False}}


@dataclass
class Services:
    """Where they listen, and what they were told."""

    port: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
        """Return status and JSON document of one request."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        match method, path.strip("/").split("/"):
            case "GET", ["greetings", name]:
                status, document = (404, {}) if name == "nobody" else (200, {"greeting": f"Good morning, dear {name}!"})
            case "POST", ["introspect"]:
                status, document = 200, TOKENS.get(body["token"], {"active": False})
            case "POST", ["token"]:
                self.targets.append(body["target"])
                status, document = (200, ISSUED) if bearer == CLIENT else (403, {})
            case "GET", ["guarded"]:
                status, document = (200, {"seen": "inside"}) if bearer == ISSUED["access_token"] else (401, {})
            case "POST", ["records"]:
                self.records += body
                status, document = 200, {}
            case _:
                status, document = 404, {}
        return status, document


@contextmanager
def services() -> Iterator[Services]:
    """Serve on a free port of loopback."""
    told = Services()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = told.answer(self.command, self.path, headers, json.loads(text or b"null"))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _any  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
