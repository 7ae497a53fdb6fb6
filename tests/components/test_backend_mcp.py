"""The upstream component through the sandbox, against a server that keeps pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mcpg.contract.documents import Catalog
from mcpg.contract.effects import McpRequest
from mcpg.contract.verdicts import Effect, failed, ok

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.verdicts import Case

PAGE = 40


class Server:
    """An MCP server's lists in pages; it knows no prompts."""

    def __init__(self, tools: int) -> None:
        self.tools = [{"name": f"tool{n}", "inputSchema": {"type": "object"}, "x-unknown": n} for n in range(tools)]

    def serve(self, effect: Effect) -> Case:
        request = msgspec.json.decode(effect.request, type=McpRequest)
        assert (effect.driver, request.upstream) == ("mcp", "time")
        match request.method:
            case "tools/list":
                start = int(request.params.get("cursor", "0"))
                page: dict[str, Any] = {"tools": self.tools[start : start + PAGE]}
                if start + PAGE < len(self.tools):
                    page["nextCursor"] = str(start + PAGE)
                return ok(json.dumps({"result": page}))
            case "resources/list":
                return ok(json.dumps({"result": {"resources": [{"uri": "file:///a", "name": "a"}]}}))
            case "resources/templates/list":
                return ok(json.dumps({"result": {"resourceTemplates": [{"uriTemplate": "file:///{p}", "name": "p"}]}}))
            case "tools/call":
                return ok('{"result": {"content": [], "n": 1.50, "said": ' + json.dumps(request.params) + "}}")
            case _:
                return ok(json.dumps({"error": {"code": -32601, "message": "no such method"}}))


async def test_every_page_is_listed_under_the_prefix(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    mcp = await plugin("backend-mcp", {"upstream": "time", "prefix": "t", "exclude": ["tool1"]})
    answer, effects = await mcp.run("describe", serve=Server(130).serve)
    catalog = msgspec.json.decode(answer.value, type=Catalog)
    assert len(effects) == 3 + 4
    assert [tool.name for tool in catalog.tools[:2]] == ["t.tool0", "t.tool2"]
    assert (len(catalog.tools), catalog.tools[1].target) == (129, "tool2")
    assert (catalog.prompts, catalog.resources[0].uri, len(catalog.templates)) == ((), "file:///a", 1)
    assert json.loads(answer.value)["tools"][1]["x-unknown"] == 2


async def test_an_upstream_that_is_down_fails(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    mcp = await plugin("backend-mcp", {"upstream": "time"})
    answer, _ = await mcp.run("describe", serve=lambda _: failed("upstream-failed", "it is down"))
    assert (answer.tag, answer.value.code) == ("failed", "upstream-failed")


async def test_calls_pass_through_unchanged(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    mcp = await plugin("backend-mcp", {"upstream": "time"})
    document = {"method": "tools/call", "name": "t.now", "target": "now", "arguments": {"z": "ü", "a": [1, None]}}
    answer, _ = await mcp.run("call", {}, document, serve=Server(1).serve)
    assert '"n": 1.50' in answer.value
    assert json.loads(answer.value)["said"] == {"name": "now", "arguments": {"z": "ü", "a": [1, None]}}
    document["method"] = "prompts/get"
    answer, _ = await mcp.run("call", {}, document, serve=Server(1).serve)
    assert answer == ("failed", ("mcp-unknown-method", "-32601: no such method"))


async def test_completions_name_what_they_are_for(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    mcp = await plugin("backend-mcp", {"upstream": "time"})
    argument = {"name": "zone", "value": "Eu"}
    document = {"method": "completion/complete", "name": "t.zone", "target": "zone"}
    for kind, field in (("ref/prompt", "name"), ("ref/resource", "uri")):
        arguments = {"ref": {"type": kind}, "argument": argument, "context": {"arguments": {"a": "b"}}}
        _, effects = await mcp.run("call", {}, {**document, "arguments": arguments}, serve=Server(1).serve)
        params = json.loads(effects[0].request)["params"]
        assert params == {**arguments, "ref": {"type": kind, field: "zone"}}


@pytest.mark.parametrize(
    ("code", "told"),
    [(-32602, "mcp-invalid-params"), (-32002, "mcp-not-found"), (-32021, "mcp-missing-capability"), (7, "mcp-error")],
)
async def test_errors_are_told_apart(plugin: Callable[[str, Any], Awaitable[Any]], code: int, told: str) -> None:
    mcp = await plugin("backend-mcp", {"upstream": "time"})
    reply = ok(json.dumps({"error": {"code": code, "message": "no"}}))
    answer, _ = await mcp.run("call", {}, {"method": "tools/call", "name": "now"}, serve=lambda _: reply)
    assert (answer.tag, answer.value.code) == ("failed", told)
