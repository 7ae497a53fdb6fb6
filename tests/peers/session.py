"""The server's side of one session with a handshake, on any transport: 2024-11-05 to 2025-11-25. It opens no stream.

Strict: what the revision forbids is noted as a problem of the server. Source: basic/lifecycle and basic/utilities.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.peers.features import ROOTS
from tests.peers.record import PeerError, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.server import Server

__all__ = ["LegacyCall", "Session", "kind_of"]

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


def kind_of(message: Any) -> str:
    """Return `request`, `note`, `answer` or `nonsense`."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return "nonsense"
    if "method" in message:
        return "request" if "id" in message else "note"
    return "answer" if "id" in message and ("result" in message) != ("error" in message) else "nonsense"


class LegacyCall:
    """One request in a session; `send` is where its messages go."""

    def __init__(self, session: Session, message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        self.server = session.server
        self.id = message["id"]
        self.params: dict[str, Any] = message.get("params") or {}
        self.capabilities = session.capabilities
        self._session = session
        self._send = send

    async def tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})
        await asyncio.sleep(0)

    async def log(self, level: str, data: Any) -> None:
        if LEVELS.index(level) >= LEVELS.index(self._session.level):
            await self.tell("notifications/message", {"level": level, "logger": "peer", "data": data})

    async def ask(self, requests: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        asked = [self._session.ask(method, params, self._send, key) for key, (method, params) in requests.items()]
        return dict(zip(requests, await asyncio.gather(*asked), strict=True))


class Session:
    """What one client has agreed to and has under way."""

    def __init__(self, server: Server, name: str = "") -> None:
        self.server = server
        self.id = name
        self.version = ""
        self.capabilities: dict[str, Any] = {}
        self.ready = False
        self.level = "debug"
        self.subscriptions: set[str] = set()
        self.roots: list[str] = []
        self._ids: set[str | int] = set()
        self._working: dict[str | int, asyncio.Task[None]] = {}
        self._asked: dict[str | int, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0

    async def take(
        self, message: Any, send: Callable[[dict[str, Any]], None], headers: dict[str, str] | None = None
    ) -> None:
        """Work on one message; a request has been answered through `send` when this returns."""
        kind = kind_of(message)
        if kind == "nonsense":
            self.server.problem(f"nonsense: {message!r:.200}")
            send({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "nonsense"}})
            return
        if kind == "answer":
            self._answered(message)
            return
        method, params = message["method"], message.get("params") or {}
        self.server.note(Seen(method, params, message.get("id"), self.id, headers or {}))
        self.server.check_params(method, params)
        if kind == "note":
            self._noted(method, params)
        else:
            await self._request(message, method, send)

    async def ask(
        self, method: str, params: dict[str, Any], send: Callable[[dict[str, Any]], None], key: str = ""
    ) -> dict[str, Any]:
        """Send a request to the client and return its result; raises `PeerError`. Its id is `key` if that is free."""
        self._next += 1
        number = key if key and key not in self._asked else f"ask-{self._next}"
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            answer = await future
        except asyncio.CancelledError:
            send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})
            raise
        finally:
            self._asked.pop(number, None)
        if "error" in answer:
            raise PeerError(answer["error"]["code"], answer["error"]["message"], answer["error"].get("data"))
        return answer["result"]

    def close(self) -> None:
        """Cancel what is under way."""
        for uri in self.subscriptions:
            self.server.subscribed.remove(uri)
        self.subscriptions.clear()
        for task in list(self._working.values()):
            task.cancel()

    async def _request(self, message: dict[str, Any], method: str, send: Callable[[dict[str, Any]], None]) -> None:
        number = message["id"]
        if number in self._ids or number is None:
            self.server.problem(f"id {number!r} was used before in this session")
        self._ids.add(number)
        call = LegacyCall(self, message, send)
        task = asyncio.ensure_future(self._work(method, call))
        self._working[number] = task
        try:
            answer = {"result": await asyncio.shield(task)}
        except PeerError as error:
            answer = {"error": error.body()}
        except asyncio.CancelledError:
            if not task.cancelled():  # our own end, not the call's
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                raise
            return
        except Exception as error:  # noqa: BLE001 - a mistake of the peer's own must show in the test
            self.server.problem(f"{method} broke the peer: {error!r}")
            answer = {"error": {"code": -32603, "message": "the peer is broken"}}
        finally:
            self._working.pop(number, None)
        send({"jsonrpc": "2.0", "id": number, **answer})

    async def _work(self, method: str, call: LegacyCall) -> dict[str, Any]:
        if method == "initialize":
            return self._initialize(call.params)
        if method not in self.server.revision.requests:
            if method != "server/discover":
                self.server.problem(f"unknown method {method}")
            raise PeerError(-32601, f"no method {method}")
        if not self.version or (not self.ready and method not in {"ping", "logging/setLevel"}):
            self.server.problem(f"{method} before the handshake was over")
            raise PeerError(-32600, "not initialized")
        if method == "ping":
            return {}
        if method == "logging/setLevel":
            self.level = call.params["level"]
            return {}
        if method in {"resources/subscribe", "resources/unsubscribe"}:
            return self._subscribe(call.params["uri"], on=method == "resources/subscribe")
        return await self.server.features.answer(method, call)

    def _initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.version:
            self.server.problem("initialize twice in one session")
        if missing := {"protocolVersion", "capabilities", "clientInfo"} - params.keys():
            self.server.problem(f"initialize without {sorted(missing)}")
        self.version = self.server.revision.name
        self.capabilities = params.get("capabilities") or {}
        self.server.capabilities.append(self.capabilities)
        return {
            "protocolVersion": self.version,
            "capabilities": self.server.described(),
            "serverInfo": {"name": self.server.name, "version": "1"},
            "instructions": "Be kind.",
        }

    def _subscribe(self, uri: str, *, on: bool) -> dict[str, Any]:
        if on and uri not in self.subscriptions:
            self.subscriptions.add(uri)
            self.server.subscribed.append(uri)
        elif not on and uri in self.subscriptions:
            self.subscriptions.discard(uri)
            self.server.subscribed.remove(uri)
        self.server.wake()
        return {}

    def _noted(self, method: str, params: dict[str, Any]) -> None:
        if method not in self.server.revision.notes:
            self.server.problem(f"unknown notification {method}")
        elif method == "notifications/initialized":
            self.ready = True
        elif method == "notifications/cancelled":
            if (task := self._working.get(params.get("requestId", ""))) is not None:
                task.cancel()
        elif method == "notifications/roots/list_changed" and "roots" not in self.capabilities:
            self.server.problem("roots/list_changed of a client without roots")

    async def list_roots(self, send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Ask for roots beside any request, which revisions up to 2025-06-18 allow on the general stream."""
        return await self.ask("roots/list", dict(ROOTS), send)

    def _answered(self, message: dict[str, Any]) -> None:
        future = self._asked.get(message["id"])
        if future is None:
            self.server.problem(f"an answer to {message['id']!r}, which was not asked")
        elif not future.done():
            future.set_result(message)
