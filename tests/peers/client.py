"""What the clients of all revisions share: handlers, what was heard, strict checks of what came.

`connect` opens a client of one revision to a URL. Independent of the gateway's protocol room by design.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.peers.record import Heard, Log, PeerError
from tests.peers.revisions import revision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["Client", "Pending", "connect", "everything"]

RESERVED = "io.modelcontextprotocol/"
MODERN_MEMBERS = {"resultType", "ttlMs", "cacheScope", "inputRequests", "requestState"}
CONTENT = {"text", "image", "resource"}
ROUNDS = 16


async def elicited(params: dict[str, Any]) -> dict[str, Any]:
    if params.get("mode") == "url":
        return {"action": "accept"}
    return {"action": "accept", "content": {"name": "ana"}}


async def sampled(params: dict[str, Any]) -> dict[str, Any]:
    content = {"type": "text", "text": "hello"}
    return {"role": "assistant", "content": content, "model": "of the test", "stopReason": "endTurn"}


async def rooted(params: dict[str, Any]) -> dict[str, Any]:
    return {"roots": [{"uri": "file:///home/ana", "name": "home"}]}


def everything(name: str) -> dict[str, Any]:
    """Return the capabilities of a client that can all that its revision knows."""
    known = revision(name)
    capabilities: dict[str, Any] = {"sampling": {}, "roots": {} if known.modern else {"listChanged": True}}
    if known.since("2025-11-25"):
        capabilities["elicitation"] = {"form": {}, "url": {}}
    elif known.since("2025-06-18"):
        capabilities["elicitation"] = {}
    return capabilities


class Pending:
    """A request on its way: `task` is where its answer is read, `id` its latest id."""

    def __init__(self, client: Client, method: str) -> None:
        self.client = client
        self.method = method
        self.id: int = 0
        self.task: asyncio.Task[dict[str, Any]] | None = None
        self.future: asyncio.Future[dict[str, Any]] | None = None

    async def answer(self) -> dict[str, Any]:
        """Return the whole answer, `{"result": ...}` or `{"error": ...}`."""
        assert self.task is not None
        return await self.task

    async def cancel(self) -> None:
        """Cancel the request in the way of its revision and transport."""
        await self.client.cancel(self)

    async def disconnect(self) -> None:
        """Leave without a word."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])


class Client(Log):
    """One client: `heard` are notifications, `asked` requests of the server, `problems` what its revision forbids."""

    def __init__(
        self,
        revision_name: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        capabilities: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.revision = revision(revision_name)
        self.url = url
        self.headers = headers or {}
        self.capabilities = everything(revision_name) if capabilities is None else capabilities
        self.handlers: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "elicitation/create": elicited,
            "sampling/createMessage": sampled,
            "roots/list": rooted,
        }
        self.server: dict[str, Any] = {}
        """The result of initialize or server/discover."""
        self.heard: list[Heard] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.withdrawn: list[Any] = []
        """Ids of the server's requests that it has cancelled."""
        self.problems: list[str] = []
        self.log_level = ""
        self._next = 0
        self._progress: dict[Any, float] = {}

    async def open(self) -> None:
        """Connect; `server` is known afterwards."""
        raise NotImplementedError

    async def close(self) -> None:
        """Leave."""
        raise NotImplementedError

    async def exchange(self, pending: Pending, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its answer."""
        raise NotImplementedError

    async def cancel(self, pending: Pending) -> None:
        """Cancel a request."""
        raise NotImplementedError

    async def watch(self) -> None:
        """Have list changes told from now on."""
        raise NotImplementedError

    async def subscribe(self, uri: str) -> None:
        """Have updates of a resource told from now on."""
        raise NotImplementedError

    async def set_level(self, level: str) -> None:
        """Have log messages of this level and above sent from now on."""
        raise NotImplementedError

    def begin(self, method: str, params: dict[str, Any] | None = None, *, progress: Any = None) -> Pending:
        """Send a request without waiting for its answer; `progress` is its token."""
        sent = dict(params or {})
        if progress is not None:
            sent["_meta"] = {**sent.get("_meta", {}), "progressToken": progress}
            self._progress[progress] = float("-inf")
        pending = Pending(self, method)
        pending.task = asyncio.ensure_future(self._whole(pending, method, sent, progress))
        return pending

    async def request(
        self, method: str, params: dict[str, Any] | None = None, *, progress: Any = None, seconds: float = 10.0
    ) -> dict[str, Any]:
        """Return the result of a request; raises `PeerError` for an error."""
        async with asyncio.timeout(seconds):
            answer = await self.begin(method, params, progress=progress).answer()
        if "error" in answer:
            raise PeerError(answer["error"]["code"], answer["error"]["message"], answer["error"].get("data"))
        return answer["result"]

    async def call(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """Call a tool and return its result."""
        return await self.request("tools/call", {"name": name, "arguments": arguments or {}}, **options)

    async def text(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> str:
        """Call a tool and return the text of its first block."""
        return (await self.call(name, arguments, **options))["content"][0]["text"]

    async def pages(self, kind: str, method: str = "") -> list[dict[str, Any]]:
        """Return all entries of a list (`tools`, `prompts`, `resources`, `resourceTemplates`)."""
        entries, cursor = [], None
        while True:
            page = await self.request(method or f"{kind}/list", {} if cursor is None else {"cursor": cursor})
            entries += page[kind]
            if (cursor := page.get("nextCursor")) is None:
                return entries

    def told(self, method: str) -> list[Heard]:
        """Return the notifications of one method."""
        return [each for each in self.heard if each.method == method]

    def problem(self, what: str) -> None:
        self.problems.append(f"client {self.revision.name}: {what}")

    def number(self) -> int:
        self._next += 1
        return self._next

    async def _whole(self, pending: Pending, method: str, params: dict[str, Any], progress: Any) -> dict[str, Any]:
        try:
            answer = await self.exchange(pending, method, params)
        finally:
            self._progress.pop(progress, None)
        if "result" in answer:
            self.check_result(method, answer["result"])
        return answer

    # What comes from the server.

    def message(self, message: Any, where: str) -> dict[str, Any] | None:
        """Take a message that is no answer; returns it when it is a request of the server."""
        method = message.get("method")
        if message.get("jsonrpc") != "2.0" or not isinstance(method, str):
            self.problem(f"nonsense on {where}: {message!r:.200}")
            return None
        params = message.get("params") or {}
        if "id" in message:
            if method not in self.revision.asks or self.revision.modern:
                self.problem(f"was asked {method}, which its revision does not know")
            return message
        self._note(method, params, where)
        return None

    async def respond(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request of the server, as `{"result": ...}` or `{"error": ...}`."""
        method, params = message["method"], message.get("params") or {}
        if method == "ping":
            return {"result": {}}
        self._check_ask(method, params)
        self.asked.append((method, params))
        self.wake()
        try:
            return {"result": await self.handlers[method](params)}
        except PeerError as error:
            return {"error": error.body()}

    def _check_ask(self, method: str, params: dict[str, Any]) -> None:
        capability = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
        declared = self.capabilities.get(capability.get(method, ""))
        if declared is None:
            self.problem(f"was asked {method} without having declared it")
        if params.get("mode") == "url" and "url" not in (declared or {}):
            self.problem("was asked for a URL elicitation without having declared it")
        if method == "elicitation/create" and "mode" in params and not self.revision.since("2025-11-25"):
            self.problem("was asked with `mode`, which its revision does not know")
        if method == "elicitation/create" and self.revision.modern and "elicitationId" in params:
            self.problem("was asked with `elicitationId`, which its revision does not know")

    def _note(self, method: str, params: dict[str, Any], where: str) -> None:
        if method not in self.revision.told:
            self.problem(f"was told {method}, which its revision does not know")
        if method == "notifications/progress":
            self._check_progress(params)
        if method == "notifications/cancelled":
            self.withdrawn.append(params.get("requestId"))
        if method == "notifications/message" and self.revision.modern and not self.log_level:
            self.problem("was sent a log message without having asked for any")
        if method.endswith(("/list_changed", "/updated")) and where == "post":
            self.problem(f"was told {method} on the stream of a request")
        self.heard.append(Heard(method, params, where))
        self.wake()

    def _check_progress(self, params: dict[str, Any]) -> None:
        token = params.get("progressToken")
        if token not in self._progress or isinstance(token, bool):
            self.problem(f"was told of progress with the unknown token {token!r}")
            return
        if params["progress"] <= self._progress[token]:
            self.problem("was told of progress that did not grow")
        self._progress[token] = params["progress"]
        if "message" in params and not self.revision.since("2025-03-26"):
            self.problem("was told of progress with `message`, which its revision does not know")

    def check_result(self, method: str, result: Any) -> None:
        """Note members that this revision does not have, and such as it wants."""
        if not isinstance(result, dict):
            self.problem(f"the result of {method} is no object")
            return
        meta = result.get("_meta", {})
        if self.revision.modern:
            tasks = method == "tools/call" and "extensions" in self.capabilities
            if result.get("resultType") not in {"complete", "input_required", *(["task"] if tasks else [])}:
                self.problem(f"the result of {method} has resultType {result.get('resultType')!r}")
            if RESERVED + "serverInfo" not in meta:
                self.problem(f"the result of {method} does not say whose it is")
        elif strange := MODERN_MEMBERS & result.keys():
            self.problem(f"the result of {method} has {sorted(strange)}")
        elif any(key.startswith(RESERVED) for key in meta):
            self.problem(f"the result of {method} has `_meta` of 2026-07-28: {sorted(meta)}")
        self._check_contents(method, result)

    def _check_contents(self, method: str, result: dict[str, Any]) -> None:
        known = CONTENT | ({"audio"} if self.revision.since("2025-03-26") else set())
        known |= {"resource_link"} if self.revision.since("2025-06-18") else set()
        for block in result.get("content", ()) if method == "tools/call" else ():
            if block.get("type") not in known:
                self.problem(f"content of type {block.get('type')!r}")
        if "structuredContent" in result:
            if not self.revision.since("2025-06-18"):
                self.problem("structuredContent, which its revision does not know")
            elif not self.revision.modern and not isinstance(result["structuredContent"], dict):
                self.problem("structuredContent that is no object")
        for tool in result.get("tools", ()):
            later = {"annotations": "2025-03-26", "title": "2025-06-18", "outputSchema": "2025-06-18"}
            later |= {"_meta": "2025-06-18", "icons": "2025-11-25"}
            if strange := [name for name, since in later.items() if name in tool and not self.revision.since(since)]:
                self.problem(f"a tool with {strange}")
            if not self.revision.modern and tool.get("outputSchema", {}).get("type", "object") != "object":
                self.problem("an output schema that is no object's")


@asynccontextmanager
async def connect(revision_name: str, url: str, **options: Any) -> AsyncIterator[Client]:
    """Open a client; `url` is the MCP endpoint, for 2024-11-05 the address of the event stream."""
    from tests.peers.client_modern import ModernClient  # noqa: PLC0415 - they import this
    from tests.peers.client_sse import SseClient  # noqa: PLC0415 - likewise
    from tests.peers.client_streamable import StreamableClient  # noqa: PLC0415 - likewise

    kinds = {"sse": SseClient, "streamable": StreamableClient, "modern": ModernClient}
    client: Client = kinds[revision(revision_name).transport](revision_name, url, **options)
    await client.open()
    try:
        yield client
    finally:
        await client.close()


def encode(message: Any) -> bytes:
    """Return a message as the body of a request."""
    return json.dumps(message).encode()
