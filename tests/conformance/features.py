"""What the official conformance suite wants a server to offer, on the peers of any revision. It knows no transport.

Names and texts are the suite's own; what asks the client does so through `Call.ask`, in each revision's way: a server
with a handshake sends requests whose ids are the keys that the suite looks for.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.conformance import shown
from tests.conformance.tasks import TASK_TOOLS, TaskTools
from tests.peers.features import PIXEL, SOUND, text, wants
from tests.peers.record import PeerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.peers.features import Call
    from tests.peers.server import Server

__all__ = ["ConformanceFeatures"]

STEP = 0.05
"""Seconds between the messages of a tool, as the suite asks for."""

Arguments = dict[str, Any]


def question(message: str, name: str, kind: str = "string") -> dict[str, Any]:
    """Return the params of an elicitation of one member."""
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return {"message": message, "requestedSchema": schema}


def prompt_for(words: str, tokens: int = 100) -> dict[str, Any]:
    """Return the params of a sampling request."""
    return {"messages": [{"role": "user", "content": {"type": "text", "text": words}}], "maxTokens": tokens}


class ConformanceFeatures(TaskTools):
    """The features of one server; it takes the place of a peer's own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._extra_tools: list[str] = []
        self._extra_prompts: list[str] = []

    async def answer(self, method: str, call: Call) -> dict[str, Any]:
        """Return the result of one request; raises `PeerError`."""
        if method == "tools/list":
            extra = [
                {"name": name, "description": "Came later.", "inputSchema": shown.NONE} for name in self._extra_tools
            ]
            return {"tools": [*shown.tools(tasks=self._server.tasks is not None), *extra]}
        if method == "prompts/list":
            return {
                "prompts": [
                    *shown.PROMPTS,
                    *({"name": name, "description": "Came later."} for name in self._extra_prompts),
                ]
            }
        if method == "resources/list":
            return {"resources": shown.RESOURCES}
        if method == "resources/templates/list":
            return {"resourceTemplates": shown.TEMPLATES}
        if method == "completion/complete":
            return {"completion": {"values": ["paris", "park", "party"], "total": 3, "hasMore": False}}
        known = {"tools/call": self._tool, "prompts/get": self._prompt, "resources/read": self._read}
        if method not in known:
            raise PeerError(-32601, f"no method {method}")
        return await known[method](call)

    async def _tool(self, call: Call) -> dict[str, Any]:
        name = call.params.get("name", "")
        work: Callable[[Call, Arguments], Awaitable[dict[str, Any]]] | None = getattr(self, f"do_{name}", None)
        if work is None or (name in TASK_TOOLS and self._server.tasks is None):
            if name in self._extra_tools:
                return text("came later")
            raise PeerError(-32602, f"unknown tool: {name}")
        return await work(call, call.params.get("arguments") or {})

    async def _prompt(self, call: Call) -> dict[str, Any]:
        name, given = call.params.get("name"), call.params.get("arguments") or {}
        if name == "test_input_required_result_prompt":
            answers = await call.ask(
                {"user_context": ("elicitation/create", question("What context should the prompt use?", "context"))}
            )
            return shown.said(f"Context: {answers['user_context'].get('content')}")
        messages = shown.messages(str(name), given)
        if messages is None:
            raise PeerError(-32602, f"unknown prompt: {name}")
        return messages

    async def _read(self, call: Call) -> dict[str, Any]:
        contents = shown.contents(call.params.get("uri", ""))
        if contents is None:
            code = -32602 if self._server.revision.modern else -32002
            raise PeerError(code, "resource not found", {"uri": call.params.get("uri")})
        return {"contents": [contents]}

    async def do_test_simple_text(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text("This is a simple text response for testing.")

    async def do_test_image_content(self, call: Call, given: Arguments) -> dict[str, Any]:
        return {"content": [{"type": "image", "data": PIXEL, "mimeType": "image/png"}]}

    async def do_test_audio_content(self, call: Call, given: Arguments) -> dict[str, Any]:
        return {"content": [{"type": "audio", "data": SOUND, "mimeType": "audio/wav"}]}

    async def do_test_embedded_resource(self, call: Call, given: Arguments) -> dict[str, Any]:
        words = "This is an embedded resource content."
        resource = {"uri": "test://embedded-resource", "mimeType": "text/plain", "text": words}
        return {"content": [{"type": "resource", "resource": resource}]}

    async def do_test_multiple_content_types(self, call: Call, given: Arguments) -> dict[str, Any]:
        body = json.dumps({"test": "data", "value": 123})
        resource = {"uri": "test://mixed-content-resource", "mimeType": "application/json", "text": body}
        image = {"type": "image", "data": PIXEL, "mimeType": "image/png"}
        first = {"type": "text", "text": "Multiple content types test:"}
        return {"content": [first, image, {"type": "resource", "resource": resource}]}

    async def do_test_tool_with_logging(self, call: Call, given: Arguments) -> dict[str, Any]:
        for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await call.log("info", words)
            await asyncio.sleep(STEP)
        return text("Tool with logging executed successfully")

    async def do_test_logging_tool(self, call: Call, given: Arguments) -> dict[str, Any]:
        await call.log("info", "a line")
        return text("logged")

    async def do_test_error_handling(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text("This tool intentionally returns an error for testing", error=True)

    async def do_test_tool_with_progress(self, call: Call, given: Arguments) -> dict[str, Any]:
        token = (call.params.get("_meta") or {}).get("progressToken")
        for step in (0, 50, 100):
            if token is not None:
                params = {"progressToken": token, "progress": step, "total": 100}
                await call.tell("notifications/progress", params)
            await asyncio.sleep(STEP)
        return text(str(token))

    async def do_test_reconnection(self, call: Call, given: Arguments) -> dict[str, Any]:
        await asyncio.sleep(STEP * 4)
        return text("Reconnection test completed successfully")

    async def do_json_schema_2020_12_tool(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text(json.dumps(given))

    async def do_test_x_mcp_header(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text(json.dumps(given))

    async def do_test_sampling(self, call: Call, given: Arguments) -> dict[str, Any]:
        answer = await self._sampled(call, "prompt", prompt_for(given["prompt"]))
        return text(f"LLM response: {answer}")

    async def do_test_missing_capability(self, call: Call, given: Arguments) -> dict[str, Any]:
        """Need sampling whatever its client declared; a server with a handshake finds out by asking."""
        if self._server.revision.modern and "sampling" not in call.capabilities:
            raise PeerError(-32021, "sampling is needed", {"requiredCapabilities": {"sampling": {}}})
        try:
            return text(await self._sampled(call, "needed", prompt_for("Anything")))
        except PeerError as error:
            return text(f"the client cannot sample: {error.message}", error=True)

    async def _sampled(self, call: Call, key: str, params: dict[str, Any]) -> str:
        answers = await call.ask({key: ("sampling/createMessage", params)})
        content = answers[key]["content"]
        return str((content[0] if isinstance(content, list) else content).get("text"))

    async def do_test_elicitation(self, call: Call, given: Arguments) -> dict[str, Any]:
        told = await self._elicited(call, {"message": given["message"], "requestedSchema": shown.USER})
        return text(f"User response: {told}")

    async def do_test_streaming_elicitation(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text(await self._elicited(call, question("Who are you?", "name")))

    async def do_test_elicitation_sep1034_defaults(self, call: Call, given: Arguments) -> dict[str, Any]:
        told = await self._elicited(call, {"message": "Please review", "requestedSchema": shown.DEFAULTS})
        return text(f"Elicitation completed: {told}")

    async def do_test_elicitation_sep1330_enums(self, call: Call, given: Arguments) -> dict[str, Any]:
        told = await self._elicited(call, {"message": "Please choose", "requestedSchema": shown.ENUMS})
        return text(f"Elicitation completed: {told}")

    async def _elicited(self, call: Call, params: dict[str, Any]) -> str:
        answer = (await call.ask({"input": ("elicitation/create", params)}))["input"]
        return f"action={answer.get('action')}, content={json.dumps(answer.get('content', {}))}"

    async def do_test_input_required_result_elicitation(self, call: Call, given: Arguments) -> dict[str, Any]:
        answers = await call.ask({"user_name": ("elicitation/create", question("What is your name?", "name"))})
        content = answers["user_name"].get("content")
        name = content.get("name") if isinstance(content, dict) else "stranger"
        return text(f"Hello, {name}!")

    async def do_test_input_required_result_sampling(self, call: Call, given: Arguments) -> dict[str, Any]:
        return text(await self._sampled(call, "capital_question", prompt_for("What is the capital of France?")))

    async def do_test_input_required_result_list_roots(self, call: Call, given: Arguments) -> dict[str, Any]:
        answers = await call.ask({"client_roots": ("roots/list", {})})
        return text(f"Roots: {json.dumps(answers['client_roots'].get('roots'))}")

    async def do_test_input_required_result_request_state(self, call: Call, given: Arguments) -> dict[str, Any]:
        await call.ask({"confirm": ("elicitation/create", question("Please confirm", "ok", "boolean"))})
        return text("state-ok")

    do_test_input_required_result_tampered_state = do_test_input_required_result_request_state

    async def do_test_input_required_result_multiple_inputs(self, call: Call, given: Arguments) -> dict[str, Any]:
        answers = await call.ask(
            {
                "user_name": ("elicitation/create", question("What is your name?", "name")),
                "greeting": ("sampling/createMessage", prompt_for("Generate a greeting", 50)),
                "client_roots": ("roots/list", {}),
            }
        )
        return text(json.dumps(answers))

    async def do_test_input_required_result_multi_round(self, call: Call, given: Arguments) -> dict[str, Any]:
        first = question("Step 1: What is your name?", "name")
        await call.ask({"step1": ("elicitation/create", first)})
        second = question("Step 2: What is your favorite color?", "color")
        answers = await call.ask({"step2": ("elicitation/create", second)})
        return text(f"Done: {json.dumps(answers)}")

    async def do_test_input_required_result_capabilities(self, call: Call, given: Arguments) -> dict[str, Any]:
        asked = {
            "sampled": ("sampling/createMessage", prompt_for("Say something")),
            "elicited": ("elicitation/create", question("What is your name?", "name")),
        }
        able = {key: each for key, each in asked.items() if wants(call.capabilities, *each)}
        return text(json.dumps(await call.ask(able)))

    async def do_test_trigger_tool_change(self, call: Call, given: Arguments) -> dict[str, Any]:
        self._extra_tools.append(f"extra_tool_{len(self._extra_tools) + 1}")
        await self._server.changed("notifications/tools/list_changed", {})
        return text("tools have changed")

    async def do_test_trigger_prompt_change(self, call: Call, given: Arguments) -> dict[str, Any]:
        self._extra_prompts.append(f"extra_prompt_{len(self._extra_prompts) + 1}")
        await self._server.changed("notifications/prompts/list_changed", {})
        return text("prompts have changed")
