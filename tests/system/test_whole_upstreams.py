"""Tools, prompts and resources of servers on the official SDK, through the real program, to the official client."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import Gateway, document
from tests.system.test_clients import over_http

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")

SERVER = str(Path(__file__).with_name("sdk_server.py"))
MODES = ["legacy", "2026-07-28"]
RULES = """
@id("analysts") permit(principal in Mcpg::Group::"analysts", action, resource);
@id("bot-prompts") permit(principal == Mcpg::Caller::"bot", action == Mcpg::Action::"prompts/get", resource)
when { resource.upstream == "one" };
@id("bot-items") permit(principal == Mcpg::Caller::"bot", action == Mcpg::Action::"resources/read", resource)
when { resource.name like "note://two/*" };
"""


def _upstream(name: str, **more: Any) -> dict[str, Any]:
    return {"stdio": {"command": [sys.executable, SERVER, name]}, **more}


@pytest.fixture(scope="module")
def plain(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("plain")
    gateway.write(document(upstreams={name: _upstream(name) for name in ("one", "two")}), RULES)
    return gateway.start()


@pytest.fixture(scope="module")
def redacting(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("redacting")
    takes = {"patterns": ["email", "credit-card"]}
    gateway.write(
        document(
            plugins={"red": {"from": "builtin:transform-redact", "config": takes}},
            transforms=["red"],
            upstreams={"one": _upstream("one", prefix="x")},
        ),
        RULES,
    )
    return gateway.start()


@pytest.mark.parametrize("mode", MODES)
async def test_names_that_collide_are_prefixed_and_reach_their_own_server(plain: Gateway, mode: str) -> None:
    async with mcp.Client(over_http(plain, "ana"), mode=mode) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert tools == ["echo", "one.count", "one.records", "private", "two.count", "two.records"]
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["one.greet", "two.greet"]
        for prompt, server in (("one.greet", "one"), ("two.greet", "two")):
            said = (await client.get_prompt(prompt, {"who": "Bo"})).messages[0].content.text
            assert said == f"Greet Bo (ana@example.com) from {server}."
        shared = ["mcpg://one/note://shared", "mcpg://two/note://shared"]
        assert [str(one.uri) for one in (await client.list_resources()).resources] == shared
        templates = [one.uri_template for one in (await client.list_resource_templates()).resource_templates]
        assert templates == ["note://one/items/{number}", "note://two/items/{number}"]
        for uri, text in (
            ("mcpg://one/note://shared", "shared by one"),
            ("mcpg://two/note://shared", "shared by two"),
            ("note://two/items/7", "item 7 of two, ana@example.com"),
        ):
            (contents,) = (await client.read_resource(uri)).contents
            assert (str(contents.uri), contents.text) == (uri, text)


@pytest.mark.parametrize("mode", MODES)
async def test_policy_hides_prompts_and_resources_as_it_hides_tools(plain: Gateway, mode: str) -> None:
    async with mcp.Client(over_http(plain, "bot"), mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == []
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["one.greet"]
        assert (await client.list_resources()).resources == []
        assert (await client.read_resource("note://two/items/7")).contents[0].text.startswith("item 7 of two")
        for read in (
            lambda: client.get_prompt("two.greet", {"who": "x"}),
            lambda: client.read_resource("note://shared"),
        ):
            with pytest.raises(mcp.MCPError, match="unknown"):
                await read()


@pytest.mark.parametrize("mode", MODES)
async def test_progress_of_an_upstream_reaches_the_client(plain: Gateway, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with mcp.Client(over_http(plain, "ana"), mode=mode) as client:
        result = await client.call_tool("two.count", {"to": 3}, progress_callback=note)
    assert result.content[0].text == "counted by two"
    assert told == [(number, 3, f"{number} of two") for number in range(3)]


@pytest.mark.parametrize("mode", MODES)
async def test_redaction_sees_numbers_keys_prompts_resources_and_progress(redacting: Gateway, mode: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def note(progress: float, _total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with mcp.Client(over_http(redacting, "ana"), mode=mode) as client:
        taken = await client.call_tool("x.records", {})
        assert taken.content[0].text == '{"card":"[redacted]","[redacted]":1,"n":7}'
        assert (
            (await client.get_prompt("x.greet", {"who": "Bo"}))
            .messages[0]
            .content.text.startswith("Greet Bo ([redacted])")
        )
        assert (await client.read_resource("note://one/items/1")).contents[0].text == "item 1 of one, [redacted]"
        await client.call_tool("x.count", {"to": 2}, progress_callback=note)
    assert told == [(0, None), (1, None)]
