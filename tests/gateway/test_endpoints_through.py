"""Two upstreams that call all things the same, through each kind of endpoint, by clients of old and new revisions."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.server import start_server

RULES = """
permit(principal, action, resource);
forbid(principal, action, resource) when { resource.name == "b.fail" };
forbid(principal, action, resource) when { resource.name == "mcpg://b/peer://twin/blob" };
"""
pytestmark = pytest.mark.asyncio(loop_scope="module")
CLIENTS = ["2025-11-25", "2026-07-28"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twins(tmp_path_factory, compiled):
    """Return a gateway in front of `a` and `b`, which are the same server twice, of an old and a new revision."""
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(start_server("2025-11-25", name="twin"))
        b = await stack.enter_async_context(start_server("2026-07-28", name="twin"))
        upstreams = {
            "a": http_upstream(a, instructions="Ask a."),
            "b": http_upstream(b, tools={"echo": {"title": "Say it again", "name": "repeat"}}, instructions="Ask b."),
            "quiet": http_upstream(a, own_endpoint=False, include=["echo"], prefix="quiet", instructions=""),
        }
        profiles = {"some": {"upstreams": ["b"], "tools": {"exclude": ["*.fail", "*.slow"]}}}
        yield await stack.enter_async_context(
            start_gateway(
                tmp_path_factory.mktemp("twins"), upstreams, compiled=compiled, rules=RULES, profiles=profiles
            )
        )


@pytest.mark.parametrize("revision", CLIENTS)
async def test_an_upstreams_own_endpoint_has_its_own_names(twins, revision):
    for upstream in ("a", "b"):
        async with twins.connect(revision, f"/servers/{upstream}/mcp") as client:
            tools = [tool["name"] for tool in await client.pages("tools")]
            assert "echo" in tools
            assert "repeat" not in tools
            assert not [name for name in tools if "." in name]
            assert await client.text("echo", {"text": upstream}) == upstream
            assert [each["uri"] for each in await client.pages("resources")][-1:] == ["peer://twin/note"]
            read = await client.request("resources/read", {"uri": "peer://twin/items/7"})
            assert read["contents"][0]["uri"] == "peer://twin/items/7"
            prompt = await client.request("prompts/get", {"name": "greet", "arguments": {"who": "Bo"}})
            assert "Hello Bo" in str(prompt)


@pytest.mark.parametrize("revision", CLIENTS)
async def test_everything_is_told_apart_where_everything_is_shown(twins, revision):
    async with twins.connect(revision) as client:
        tools = [tool["name"] for tool in await client.pages("tools")]
        assert {"echo", "repeat", "a.add", "b.add"} <= set(tools)
        assert await client.text("repeat", {"text": "hi"}) == "hi"
        uris = [each["uri"] for each in await client.pages("resources")]
        assert "mcpg://a/peer://twin/note" in uris
        for uri in ("mcpg://a/peer://twin/note", "mcpg://b/peer://twin/items/7"):
            read = await client.request("resources/read", {"uri": uri})
            assert read["contents"][0]["uri"] == uri


@pytest.mark.parametrize("revision", CLIENTS)
async def test_what_policy_forbids_by_name_is_forbidden_by_any_name(twins, revision):
    for path, name, there in (
        ("/mcp", "b.fail", False), ("/servers/b/mcp", "fail", False), ("/some/mcp", "b.fail", False),
        ("/mcp", "a.fail", True), ("/servers/a/mcp", "fail", True),
    ):  # fmt: skip
        async with twins.connect(revision, path) as client:
            assert (name in [tool["name"] for tool in await client.pages("tools")]) is there
            answer = await client.begin("tools/call", {"name": name, "arguments": {}}).answer()
            assert ("unknown tool" in str(answer)) is not there, path
    for path, uri, there in (
        ("/servers/b/mcp", "peer://twin/blob", False), ("/mcp", "mcpg://b/peer://twin/blob", False),
        ("/servers/a/mcp", "peer://twin/blob", True),
    ):  # fmt: skip
        async with twins.connect(revision, path) as client:
            answer = await client.begin("resources/read", {"uri": uri}).answer()
            assert ("contents" in str(answer)) is there, path


async def test_an_endpoint_promises_what_is_behind_it(twins):
    described = {name: service.describe() for name, service in twins.gateway.services.items()}
    assert set(described) == {"mcp", "some", "servers/a", "servers/b"}
    for each in described.values():
        assert {"tools", "prompts", "resources", "completions", "logging"} <= set(each["capabilities"])
    assert described["servers/a"]["capabilities"]["resources"] == {"listChanged": True, "subscribe": True}
    assert described["servers/a"]["instructions"] == "Ask a."
    assert described["mcp"]["instructions"] == "From `a`:\nAsk a.\n\nFrom `b`:\nAsk b."
    assert described["some"]["instructions"] == "From `b`:\nAsk b."


async def test_a_profile_shows_what_it_takes_and_by_the_names_of_everything(twins):
    async with twins.connect("2026-07-28", "/some/mcp") as client:
        tools = [tool["name"] for tool in await client.pages("tools")]
        assert "repeat" in tools
        assert "b.add" in tools
        assert not [name for name in tools if name.startswith("a.") or name.endswith((".fail", ".slow"))]


async def test_a_path_of_no_endpoint_is_none(twins):
    for path in ("/servers/quiet/mcp", "/servers/nobody/mcp", "/none/mcp", "/servers/a", "/servers/a/mcp/"):
        assert twins.served.resolve(path) is None
