"""The reference "everything" server behind the gateway, from a client with a handshake and from one without.

The server speaks 2025-11-25 only: what it asks in the middle of a call reaches the modern client as a result that wants
input, and its tool that must be called with a task is run to its end. Not here: log lines that belong to no call.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import mcp
import pytest
from mcp import types
from mcp.client.streamable_http import streamable_http_client
from tests.system.kit import KEYS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.system.kit import Gateway

pytestmark = pytest.mark.real

LONG = 6000
MODES = ["legacy", "2026-07-28"]


class Person:
    """Whoever sits before the client: answers what is asked, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.progress: list[tuple[float, float | None]] = []
        self.moving = asyncio.Event()
        self.told: asyncio.Queue[Any] = asyncio.Queue()

    async def elicited(self, _context: Any, params: Any) -> types.ElicitResult:
        self.asked.append(params)
        if getattr(params, "url", None):
            return types.ElicitResult(action="accept")
        return types.ElicitResult(action="accept", content={"name": "Ana", "check": True})

    async def sampled(self, _context: Any, params: Any) -> types.CreateMessageResult:
        self.asked.append(params)
        content = types.TextContent(type="text", text="Paris")
        return types.CreateMessageResult(role="assistant", model="none", content=content)

    async def roots(self, _context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/reports", name="reports")])

    async def heard(self, progress: float, total: float | None, _message: str | None) -> None:
        self.progress.append((progress, total))
        if total == LONG:
            self.moving.set()

    async def message(self, message: Any) -> None:
        self.told.put_nowait(message)


@asynccontextmanager
async def opened(gateway: Gateway, mode: str, person: Person) -> AsyncIterator[Any]:
    """Connect to the server's own endpoint as the analyst."""
    url = gateway.url.removesuffix("mcp") + "servers/everything/mcp"
    headers = {"authorization": f"Bearer {KEYS['ana']}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        mcp.Client(
            streamable_http_client(url, http_client=http),
            mode=mode,
            elicitation_callback=person.elicited,
            sampling_callback=person.sampled,
            list_roots_callback=person.roots,
            message_handler=person.message,
        ) as client,
    ):
        yield client


def text(result: Any) -> str:
    assert not result.is_error, result
    return "\n".join(block.text for block in result.content if block.type == "text")


@pytest.mark.parametrize("mode", MODES)
async def test_what_it_shows_and_answers(everything: Gateway, mode: str) -> None:
    async with opened(everything, mode, Person()) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"echo", "get-sum", "get-roots-list", "trigger-sampling-request"} <= tools.keys()
        assert tools["get-structured-content"].output_schema is not None
        assert text(await client.call_tool("echo", {"message": "grüße"})) == "Echo: grüße"
        assert "7" in text(await client.call_tool("get-sum", {"a": 3, "b": 4}))
        weather = await client.call_tool("get-structured-content", {"location": "Chicago"})
        assert weather.structured_content == {"temperature": 36, "conditions": "Light rain / drizzle", "humidity": 82}
        image = await client.call_tool("get-tiny-image", {})
        assert "image" in [block.type for block in image.content]
        noted = await client.call_tool("get-annotated-message", {"messageType": "error", "includeImage": True})
        assert noted.content[0].annotations.priority == 1
        links = await client.call_tool("get-resource-links", {"count": 2})
        assert [block.type for block in links.content] == ["text", "resource_link", "resource_link"]
        reference = await client.call_tool("get-resource-reference", {"resourceType": "Text", "resourceId": 1})
        assert reference.content[1].resource.text


@pytest.mark.parametrize("mode", MODES)
async def test_resources_prompts_and_completion(everything: Gateway, mode: str) -> None:
    async with opened(everything, mode, Person()) as client:
        listed = (await client.list_resources()).resources
        read = await client.read_resource(str(listed[0].uri))
        assert read.contents[0].text
        templates = [template.uri_template for template in (await client.list_resource_templates()).resource_templates]
        made = await client.read_resource(templates[0].replace("{resourceId}", "3"))
        assert made.contents
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
        assert {"simple-prompt", "args-prompt", "completable-prompt", "resource-prompt"} <= prompts
        asked = await client.get_prompt("args-prompt", {"city": "Bern", "state": "BE"})
        assert "Bern" in asked.messages[0].content.text
        known = await client.complete(
            ref=types.PromptReference(type="ref/prompt", name="completable-prompt"),
            argument={"name": "department", "value": "E"},
        )
        assert known.completion.values == ["Engineering"]


@pytest.mark.parametrize("mode", MODES)
async def test_it_asks_in_the_middle_of_a_call(everything: Gateway, mode: str) -> None:
    person = Person()
    async with opened(everything, mode, person) as client:
        assert "Ana" in text(await client.call_tool("trigger-elicitation-request", {}))
        assert "Paris" in text(
            await client.call_tool("trigger-sampling-request", {"prompt": "capital", "maxTokens": 9})
        )
        assert "file:///srv/reports" in text(await client.call_tool("get-roots-list", {}))
    assert len(person.asked) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("by_error", [False, True])
async def test_it_sends_to_a_page(everything: Gateway, mode: str, *, by_error: bool) -> None:
    person, page = Person(), f"https://sign.example/in?{mode}"
    async with opened(everything, mode, person) as client:
        await client.call_tool("trigger-url-elicitation", {"url": page, "errorPath": by_error})
    assert page in [params.url for params in person.asked]
    assert len(person.asked) == 1 + by_error


@pytest.mark.parametrize("mode", MODES)
async def test_a_tool_that_wants_a_task_is_run_to_its_end(everything: Gateway, mode: str) -> None:
    person = Person()
    async with opened(everything, mode, person) as client:
        name = "simulate-research-query"
        plain, asking = await asyncio.gather(
            client.call_tool(name, {"topic": "x"}), client.call_tool(name, {"topic": "y", "ambiguous": True})
        )
        assert "# Research Report: x" in text(plain)
        assert "# Research Report: y" in text(asking)
        assert "io.modelcontextprotocol/related-task" not in (asking.meta or {})
    assert len(person.asked) == 1


@pytest.mark.parametrize("mode", MODES)
async def test_progress_and_cancellation(everything: Gateway, mode: str) -> None:
    person = Person()
    async with opened(everything, mode, person) as client:
        name = "trigger-long-running-operation"
        done = await client.call_tool(name, {"duration": 0.3, "steps": 3}, progress_callback=person.heard)
        assert "completed" in text(done)
        assert person.progress == [(1, 3), (2, 3), (3, 3)]
        endless = asyncio.create_task(
            client.call_tool(name, {"duration": 600, "steps": LONG}, progress_callback=person.heard)
        )
        await person.moving.wait()
        endless.cancel()
        await asyncio.gather(endless, return_exceptions=True)
        assert text(await client.call_tool("echo", {"message": "still here"})) == "Echo: still here"


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
async def test_a_resource_that_changes_is_told(everything: Gateway) -> None:
    person = Person()
    async with opened(everything, "legacy", person) as client:
        uri = "demo://resource/dynamic/text/1"
        await client.subscribe_resource(uri)
        assert "Started" in text(await client.call_tool("toggle-subscriber-updates", {}))
        async with asyncio.timeout(30):
            while True:
                told = await person.told.get()
                if "updated" in json.dumps(told.model_dump(mode="json", by_alias=True), default=str):
                    return
