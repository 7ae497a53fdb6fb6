"""A client of 2026-07-28 over HTTP: `_meta` and headers on each request, answers to input requests by retrying.

Source: 2026-07-28 basic/transports/streamable-http, basic/patterns/mrtr and subscriptions.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from tests.peers.client import RESERVED, ROUNDS, Client, Pending, encode
from tests.peers.fetch import Reply, fetch
from tests.peers.record import PeerError
from tests.peers.tasks import TASK_METHODS

__all__ = ["ModernClient", "Subscription", "inputs"]

RETRIED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
NAMED = {**RETRIED, **dict.fromkeys(TASK_METHODS, "taskId")}
SUBSCRIPTION = RESERVED + "subscriptionId"
LISTS = ("toolsListChanged", "promptsListChanged", "resourcesListChanged")


class Subscription:
    """One `subscriptions/listen` stream; `honoured` is what the server said it will tell."""

    def __init__(self, client: ModernClient, number: int, reply: Reply) -> None:
        self.id = number
        self.honoured: dict[str, Any] | None = None
        self.result: dict[str, Any] | None = None
        self.ended = asyncio.Event()
        self._client = client
        self._reply = reply

    async def read(self) -> None:
        """Read the stream to its end."""
        try:
            async for event in self._reply.events():
                self._take(json.loads(event.data))
        finally:
            self.ended.set()
            self._client.wake()

    def close(self) -> None:
        """Leave, which ends the subscription."""
        self._reply.close()

    def _take(self, message: dict[str, Any]) -> None:
        client = self._client
        meta = (message.get("params") or message.get("result") or {}).get("_meta", {})
        if SUBSCRIPTION not in meta or meta[SUBSCRIPTION] != self.id:
            client.problem(f"on stream {self.id} came `_meta` {meta}")
        if "result" in message:
            self.result = message["result"]
        elif self.honoured is None:
            if message.get("method") != "notifications/subscriptions/acknowledged":
                client.problem(f"the first message of a subscription is {message!r:.200}")
            self.honoured = message["params"]["notifications"]
            client.wake()
        else:
            client.message(message, "listen")


class ModernClient(Client):
    """Stateless; `trace` and the like go into `meta`, other headers into `headers`."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.meta: dict[str, Any] = {}
        self.states: list[str] = []
        """Every requestState that was given."""
        self.retries = True
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: list[Subscription] = []

    async def open(self) -> None:
        self.server = await self.request("server/discover")
        if self.revision.name not in self.server["supportedVersions"]:
            self.problem(f"the server supports {self.server['supportedVersions']}")

    async def close(self) -> None:
        for stream in self._streams:
            stream.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def exchange(self, pending: Pending, method: str, params: dict[str, Any]) -> dict[str, Any]:
        sent = params
        for _ in range(ROUNDS):
            answer = await self.post(pending, method, sent)
            result = answer.get("result", {})
            if not self.retries or result.get("resultType") != "input_required":
                return answer
            self.check_result(method, result)
            if "requestState" in result:
                self.states.append(result["requestState"])
            sent = params | await inputs(self, method, result)
        raise PeerError(0, "was asked again and again")

    async def post(self, pending: Pending, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its answer, whatever it is."""
        pending.id = self.number()
        reply = await self._send(pending.id, method, params)
        try:
            if reply.media == "text/event-stream":
                return await self._read(reply, pending.id)
            body = await reply.body()
        finally:
            reply.close()
        if not body.startswith(b"{"):
            raise PeerError(-reply.status, f"HTTP {reply.status}", body.decode(errors="replace"))
        answer: dict[str, Any] = json.loads(body)
        self._check_answer(answer, pending.id, reply.status)
        return answer

    async def cancel(self, pending: Pending) -> None:
        await pending.disconnect()

    async def listen(self, **wanted: Any) -> Subscription:
        """Open a subscription; it is acknowledged when this returns."""
        number = self.number()
        reply = await self._send(number, "subscriptions/listen", {"notifications": wanted})
        if reply.media != "text/event-stream":
            error = (await reply.json())["error"]
            raise PeerError(error["code"], error["message"], error.get("data"))
        stream = Subscription(self, number, reply)
        self._streams.append(stream)
        task = asyncio.ensure_future(stream.read())
        self._tasks.add(task)
        await self.until(lambda: stream.honoured is not None or stream.ended.is_set())
        return stream

    async def watch(self) -> None:
        stream = await self.listen(**dict.fromkeys(LISTS, True))
        if not (stream.honoured or {}).get("toolsListChanged"):
            raise PeerError(0, f"only {stream.honoured} was honoured")

    async def subscribe(self, uri: str) -> None:
        stream = await self.listen(resourceSubscriptions=[uri])
        if (stream.honoured or {}).get("resourceSubscriptions") != [uri]:
            raise PeerError(0, f"only {stream.honoured} was honoured")

    async def set_level(self, level: str) -> None:
        self.log_level = level

    async def _send(self, number: int, method: str, params: dict[str, Any]) -> Reply:
        meta = {
            RESERVED + "protocolVersion": self.revision.name,
            RESERVED + "clientCapabilities": self.capabilities,
            RESERVED + "clientInfo": {"name": "peer-client", "version": "1"},
            **({RESERVED + "logLevel": self.log_level} if self.log_level else {}),
            **self.meta,
        }
        sent = {**params, "_meta": {**meta, **params.get("_meta", {})}}
        headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": self.revision.name,
            "mcp-method": method,
        }
        if method in NAMED:
            headers["mcp-name"] = encoded(params[NAMED[method]])
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": sent}
        return await fetch("POST", self.url, headers | self.headers, encode(message))

    async def _read(self, reply: Reply, number: int) -> dict[str, Any]:
        answer = None
        async for event in reply.events():
            if answer is not None:
                self.problem(f"after the answer came {event.data:.100}")
            if event.id:
                self.problem("an event with an id")
            message = json.loads(event.data)
            if "method" in message:
                self.message(message, "post")
            else:
                answer = message
                self._check_answer(message, number, reply.status)
        if answer is None:
            raise PeerError(0, "the stream ended without an answer")
        return answer

    def _check_answer(self, answer: dict[str, Any], number: int, status: int) -> None:
        if answer.get("id") != number:
            self.problem(f"request {number} got the answer to {answer.get('id')!r} ({status})")
        code = answer.get("error", {}).get("code")
        if code in {-32002, -32042}:
            self.problem(f"error {code}, which its revision does not have")
        if "result" in answer and status != 200:
            self.problem(f"a result under status {status}")


def encoded(value: str) -> str:
    """Return a value as a header may carry it."""
    if value.isascii() and value.isprintable() and value == value.strip() and not value.startswith("=?base64?"):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


async def inputs(client: Client, method: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return the members of the retry that answers an input_required result."""
    if method not in RETRIED or not {"inputRequests", "requestState"} & result.keys():
        client.problem(f"input_required for {method} with {sorted(result)}")
    if "ttlMs" in result or "cacheScope" in result:
        client.problem("input_required with caching hints")
    responses = {}
    for key, asked in result.get("inputRequests", {}).items():
        if asked["method"] not in client.revision.asks:
            client.problem(f"was asked {asked['method']}")
        answer = await client.respond(asked)
        if "result" in answer:
            responses[key] = answer["result"]
    more: dict[str, Any] = {"inputResponses": responses} if "inputRequests" in result else {}
    if "requestState" in result:
        more["requestState"] = result["requestState"]
    return more
