"""A service whose tools ask the client in the middle of a call, and a client that answers by hand."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.edge.kit import Answered, Client, FakeService, call, request

from mcpg.contract.ports import CannotAsk

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import Channel, McpCall

FORM = {"mode": "form", "message": "Your name?", "requestedSchema": {"type": "object", "properties": {}}}
CAPABILITIES: dict[str, Any] = {"roots": {}, "sampling": {}, "elicitation": {"form": {}}}


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.001)


class AskingService(FakeService):
    """Its tools: `ask` once, `pair` at the same time, `late` when let go, `chatty` with many notes, `impatient`."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.outcomes: list[Any] = []
        self.notes = self.chats = 0

    async def _tool(self, caller: Caller, call: McpCall, channel: Channel) -> dict[str, Any]:
        arguments = call.params.get("arguments", {})
        method, params = arguments.get("method", "elicitation/create"), arguments.get("params", FORM)
        match call.params["name"]:
            case "ask":
                answers = [await self._ask(channel, method, params)]
            case "pair":
                answers = list(
                    await asyncio.gather(self._ask(channel, method, params), self._ask(channel, "roots/list", {}))
                )
            case "late":
                await channel.notify("notifications/progress", {"progressToken": "t", "progress": 1})
                self.started.set()
                await self.go_on.wait()
                answers = [await self._ask(channel, method, params)]
            case "impatient":
                try:
                    async with asyncio.timeout(0.02):
                        answers = [await self._ask(channel, method, params)]
                except TimeoutError:
                    answers = ["gave up"]
            case "chatty":
                answers = [await self._chat(channel, arguments)]
            case _:
                return await super()._tool(caller, call, channel)
        self.outcomes += answers
        return {"content": [{"type": "text", "text": json.dumps(answers)}]}

    async def _ask(self, channel: Channel, method: str, params: dict[str, Any]) -> Any:
        try:
            return await channel.ask(method, params)
        except CannotAsk as reason:
            return str(reason)

    async def _chat(self, channel: Channel, arguments: dict[str, Any]) -> str:
        """Say something very often, wait, and say how often."""
        for number in range(arguments["times"]):
            self.notes = number + 1
            text = "x" * arguments.get("size", 10)
            params = {"progressToken": "t", "progress": number + 1, "message": text}
            await channel.notify("notifications/progress", params)
        self.chats += 1
        self.started.set()
        await self.go_on.wait()
        return "y" * arguments.get("answer", 10)


class Talker(Client):
    """A client of a session that answers what it is asked."""

    async def meet(self, version: str = "2025-11-25", capabilities: dict[str, Any] | None = None) -> Talker:
        params = {
            "protocolVersion": version,
            "capabilities": CAPABILITIES if capabilities is None else capabilities,
            "clientInfo": {"name": "t", "version": "1"},
        }
        self.session = ""
        self.session = (await self.post(request("initialize", params))).headers["mcp-session-id"]
        return self

    def begin(self, name: str, request_id: Any = 1, **arguments: Any) -> tuple[asyncio.Task[Answered], Answered]:
        """Call a tool, with a progress token, and return at once."""
        message = call(name, request_id, **arguments)
        message["params"]["_meta"] = {"progressToken": f"p{request_id}"}
        return self.begin_post(message)

    def begin_post(self, message: Any) -> tuple[asyncio.Task[Answered], Answered]:
        answered = Answered()
        return asyncio.create_task(self.post(message, answered=answered)), answered

    def resume(self, event_id: str) -> tuple[asyncio.Task[Answered], Answered]:
        answered = Answered()
        lines = {"mcp-session-id": self.session, "accept": "text/event-stream", "last-event-id": event_id}
        return asyncio.create_task(self.send("GET", headers=lines, answered=answered)), answered

    async def reply(self, asked: dict[str, Any], result: dict[str, Any]) -> Answered:
        return await self.post({"jsonrpc": "2.0", "id": asked["id"], "result": result})


async def asked_on(answered: Answered, number: int = 1) -> list[dict[str, Any]]:
    """Wait until so many requests came on a stream, and return them."""

    def requests() -> list[dict[str, Any]]:
        if answered.headers.get("content-type") != "text/event-stream":
            return []
        return [message for message in answered.messages if "method" in message and "id" in message]

    await until(lambda: len(requests()) >= number)
    return requests()


def outcome(answered: Answered) -> Any:
    """Return what the tool answered, as its last message on a stream or as the whole answer."""
    stream = answered.headers["content-type"] == "text/event-stream"
    last = answered.messages[-1] if stream else answered.json
    return json.loads(last["result"]["content"][0]["text"])
