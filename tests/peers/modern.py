"""The server of 2026-07-28: stateless POSTs, input as results, changes on streams that were asked for.

Strict about headers and `_meta`. Source: 2026-07-28 basic/transports/streamable-http, basic/patterns.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.peers.record import PeerError, Seen
from tests.peers.served import Served
from tests.peers.server import RESERVED, Server
from tests.peers.session import LEVELS, kind_of
from tests.peers.tasks import EXTENSION, TASK_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.served import Incoming, Outgoing

__all__ = ["ModernCall", "ModernCore", "ModernServer", "NeedsInput"]

VERSION, CAPABILITIES, LEVEL = (RESERVED + name for name in ("protocolVersion", "clientCapabilities", "logLevel"))
SUBSCRIPTION = RESERVED + "subscriptionId"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri", **dict.fromkeys(TASK_METHODS, "taskId")}
CACHEABLE = {"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"}
FILTER = {f"{kind}ListChanged": f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")}
SECRET = b"a key of the peer's own"


class NeedsInput(Exception):  # noqa: N818 - it is no error
    """The result is that the client must be asked first."""

    def __init__(self, requests: dict[str, Any], state: str) -> None:
        super().__init__("needs input")
        self.result = {"resultType": "input_required", "inputRequests": requests, "requestState": state}


def seal(value: Any) -> str:
    text = json.dumps(value, sort_keys=True).encode()
    return base64.urlsafe_b64encode(hmac.digest(SECRET, text, hashlib.sha256) + text).decode()


def unseal(text: str) -> Any:
    """Return what was sealed; raises `PeerError` for what was not sealed here."""
    with suppress(ValueError):
        raw = base64.urlsafe_b64decode(text.encode())
        if hmac.compare_digest(raw[:32], hmac.digest(SECRET, raw[32:], hashlib.sha256)):
            return json.loads(raw[32:])
    raise PeerError(-32602, "requestState is not ours")


class ModernCall:
    """One request; asking ends it with `NeedsInput` unless the answers have come with it."""

    def __init__(self, core: ModernCore, message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        self.server = core
        self.id = message["id"]
        self.method = message["method"]
        self.params: dict[str, Any] = message.get("params") or {}
        self.meta = self.params.get("_meta") or {}
        self.capabilities = self.meta.get(CAPABILITIES) or {}
        self._send = send
        self._answers = self._given()

    async def tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})
        await asyncio.sleep(0)

    async def log(self, level: str, data: Any) -> None:
        wanted = self.meta.get(LEVEL)
        if wanted is not None and LEVELS.index(level) >= LEVELS.index(wanted):
            await self.tell("notifications/message", {"level": level, "logger": "peer", "data": data})

    async def ask(self, requests: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        missing = {key: {"method": m, "params": p} for key, (m, p) in requests.items() if key not in self._answers}
        if missing:
            raise NeedsInput(missing, seal({"call": self._digest(), "answers": self._answers}))
        return {key: self._answers[key] for key in requests}

    def _given(self) -> dict[str, Any]:
        state = self.params.get("requestState")
        if state is None:
            if "inputResponses" in self.params and self.method not in TASK_METHODS:
                self.server.problem("inputResponses without the requestState that was given")
            return {}
        held = unseal(state)
        if held["call"] != self._digest():
            self.server.problem("requestState of another call")
            raise PeerError(-32602, "requestState is of another call")
        return {**held["answers"], **(self.params.get("inputResponses") or {})}

    def _digest(self) -> list[Any]:
        kept = {k: v for k, v in self.params.items() if k not in {"_meta", "inputResponses", "requestState"}}
        return [self.method, kept]


class ModernCore(Server):
    """What HTTP and stdio share: checks, results, subscriptions."""

    def __init__(self, name: str, revision_name: str = "2026-07-28") -> None:
        super().__init__(name, revision_name)
        self._subscriptions: dict[Any, tuple[Any, dict[str, Any], Callable[[dict[str, Any]], None]]] = {}

    async def changed(self, method: str, params: dict[str, Any]) -> None:
        for number, wanted, send in list(self._subscriptions.values()):
            uris = wanted.get("resourceSubscriptions", ())
            asked = [name for key, name in FILTER.items() if wanted.get(key)]
            if method in asked or (method == "notifications/resources/updated" and params["uri"] in uris):
                send({"jsonrpc": "2.0", "method": method, "params": {**params, "_meta": {SUBSCRIPTION: number}}})

    def check(self, message: Any) -> None:
        """Check `_meta`; raises `PeerError`."""
        params = message.get("params") or {}
        meta = params.get("_meta") or {}
        if not isinstance(meta.get(VERSION), str) or not isinstance(meta.get(CAPABILITIES), dict):
            if message["method"] != "initialize":
                self.problem(f"{message['method']} without the `_meta` that every request wants: {sorted(meta)}")
            raise PeerError(-32602, "`_meta` lacks required members")
        if meta[VERSION] != self.revision.name:
            data = {"supported": [self.revision.name], "requested": meta[VERSION]}
            raise PeerError(-32022, "unsupported protocol version", data)

    async def answer(self, message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Return the result of a checked request; raises `PeerError`."""
        method = message["method"]
        offers_tasks = self.tasks is not None and method in TASK_METHODS
        if method not in self.revision.requests and not offers_tasks:
            if method != "initialize":
                self.problem(f"unknown method {method}")
            raise PeerError(-32601, f"no method {method}")
        call = ModernCall(self, message, send)
        if call.capabilities not in self.capabilities:
            self.capabilities.append(call.capabilities)
        result = self._discovered() if method == "server/discover" else None
        if result is None:
            try:
                answering = self.tasks if self.tasks is not None and offers_tasks else self.features
                result = await answering.answer(method, call)
            except NeedsInput as need:
                return {**need.result, "_meta": self._identity()}
        if method in CACHEABLE or method == "resources/read":
            result = {**result, "ttlMs": 0, "cacheScope": "private"}
        return {"resultType": "complete", **result, "_meta": self._identity()}

    def subscribe(self, key: Any, message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        """Begin a subscription and acknowledge it."""
        wanted = message["params"].get("notifications")
        if not isinstance(wanted, dict):
            raise PeerError(-32602, "`notifications` is missing")
        number = message["id"]
        self._subscriptions[key] = number, wanted, send
        acknowledged = {"_meta": {SUBSCRIPTION: number}, "notifications": wanted}
        send({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": acknowledged})
        self.listeners += 1
        self.subscribed += wanted.get("resourceSubscriptions", [])
        self.wake()

    def unsubscribe(self, key: Any) -> None:
        """End a subscription."""
        _, wanted, _ = self._subscriptions.pop(key)
        self.listeners -= 1
        for uri in wanted.get("resourceSubscriptions", []):
            self.subscribed.remove(uri)
        self.wake()

    def _identity(self) -> dict[str, Any]:
        return {RESERVED + "serverInfo": {"name": self.name, "version": "1"}}

    def _discovered(self) -> dict[str, Any]:
        return {
            "supportedVersions": [self.revision.name],
            "capabilities": self.described() | ({} if self.tasks is None else {"extensions": {EXTENSION: {}}}),
            "instructions": "Be kind.",
        }


class ModernServer(ModernCore):
    """One endpoint that takes POST only."""

    def __init__(self, name: str, revision_name: str = "2026-07-28") -> None:
        super().__init__(name, revision_name)
        self.always_streams = False
        self._served = Served(self._handle)

    async def start(self) -> None:
        await self._served.start()
        self.url = f"{self._served.origin}/mcp"

    async def stop(self) -> None:
        if self.tasks is not None:
            await self.tasks.close()
        await self._served.stop()
        self.problems += self._served.mistakes

    async def _handle(self, incoming: Incoming, out: Outgoing) -> None:
        if incoming.target != "/mcp" or incoming.verb != "POST":
            self.problem(f"{incoming.verb} {incoming.target}")
            out.send(405)
            return
        message = json.loads(incoming.body)
        kind = kind_of(message)
        if kind != "request":
            self.problem(f"a {kind} over HTTP: {message!r:.200}")
            out.send(202 if kind == "note" else 400)
            return
        method, params = message["method"], message.get("params") or {}
        self.note(Seen(method, params, message["id"], "", incoming.headers))
        try:
            self.check_params(method, params)
            self.check(message)
            self._check_headers(incoming, message)
            if method == "subscriptions/listen":
                await self._listen(message, out)
            else:
                await self._answer(message, out)
        except PeerError as error:
            self._fail(message["id"], error, out)

    async def _answer(self, message: dict[str, Any], out: Outgoing) -> None:
        def send(each: dict[str, Any]) -> None:
            if not out.begun:
                out.begin(x_accel_buffering="no")
            out.event(each)

        work = asyncio.ensure_future(self.answer(message, send))
        gone = asyncio.ensure_future(out.gone.wait())
        await asyncio.wait([work, gone], return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not work.done():  # the client has left, which cancels
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            out.begun = out.ended = True
            return
        body = {"jsonrpc": "2.0", "id": message["id"], "result": work.result()}
        if out.begun or self.always_streams:
            send(body)
        else:
            out.json(body)

    async def _listen(self, message: dict[str, Any], out: Outgoing) -> None:
        out.begin(x_accel_buffering="no")
        self.subscribe(out, message, out.event)
        await out.gone.wait()
        self.unsubscribe(out)

    def _fail(self, number: Any, error: PeerError, out: Outgoing) -> None:
        body = {"jsonrpc": "2.0", "id": number, "error": error.body()}
        if out.begun:
            out.event(body)
        else:
            status = {-32601: 404, -32020: 400, -32021: 400, -32022: 400}.get(error.code, 200)
            out.json(body, 400 if "`_meta`" in error.message else status)

    def _check_headers(self, incoming: Incoming, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params") or {}
        accept = incoming.header("accept")
        if "application/json" not in accept or "text/event-stream" not in accept:
            self.problem(f"POST with accept {accept!r}")
        if incoming.header("mcp-session-id") or incoming.header("last-event-id"):
            self.problem(f"{method} with a session or an event id")
        wanted = {"mcp-protocol-version": self.revision.name, "mcp-method": method}
        if method in NAMED:
            wanted["mcp-name"] = params.get(NAMED[method], "")
        for name, value in wanted.items():
            if incoming.times(name) != 1 or _decoded(incoming.header(name)) != value:
                self.problem(f"{method} with header {name}: {incoming.header(name)!r}, want {value!r}")
                raise PeerError(-32020, f"header {name} does not match the body")


def _decoded(value: str) -> str:
    if value.startswith("=?base64?") and value.endswith("?="):
        return base64.b64decode(value[9:-2]).decode()
    return value
