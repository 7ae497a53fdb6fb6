"""Profiles and an upstream's own endpoint through the real program, by the official client, over HTTP and stdio."""

from __future__ import annotations

import json
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
permit(principal in Mcpg::Group::"analysts", action, resource);
forbid(principal, action, resource) when { resource.name == "two.records" };
"""


def _upstreams() -> dict[str, Any]:
    return {name: {"stdio": {"command": [sys.executable, SERVER, name]}} for name in ("one", "two")}


@pytest.fixture(scope="module")
def gateway(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("endpoints")
    profiles = {"some": {"upstreams": ["one"], "tools": {"include": ["*.count"]}, "instructions": "Count."}}
    gateway.write(document(upstreams=_upstreams(), profiles=profiles), RULES)
    return gateway.start()


def _at(gateway: Gateway, path: str) -> Any:
    """Return the same gateway as clients of another endpoint know it."""
    other = Gateway.__new__(Gateway)
    other.__dict__ = {**gateway.__dict__, "url": gateway.url.replace("/mcp", path)}
    return other


@pytest.mark.parametrize("mode", MODES)
async def test_each_endpoint_shows_its_own(gateway: Gateway, mode: str) -> None:
    for path, tools in (
        ("/servers/one/mcp", ["count", "records"]),
        ("/servers/two/mcp", ["count"]),
        ("/some/mcp", ["one.count"]),
    ):
        async with mcp.Client(over_http(_at(gateway, path), "ana"), mode=mode) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == tools
            said = await client.call_tool(tools[0], {"to": 1})
            assert said.content[0].text == f"counted by {'two' if 'two' in path else 'one'}"
            if path == "/servers/two/mcp":
                with pytest.raises(mcp.MCPError, match="unknown tool"):
                    await client.call_tool("records", {})
                assert (await client.read_resource("note://shared")).contents[0].text == "shared by two"


async def test_one_endpoint_over_stdio(gateway: Gateway) -> None:
    program, *arguments = gateway.command("serve", "--stdio", "--endpoint", "servers/one", "--config")
    folder = gateway.folder / "stdio"
    folder.mkdir()
    (folder / "rules.cedar").write_text(RULES)
    (folder / "mcpg.yaml").write_text(json.dumps(document(upstreams=_upstreams())))
    (folder / ".state").mkdir(mode=0o700)
    (folder / ".state" / "compiled").symlink_to(gateway.state / "compiled", target_is_directory=True)
    parameters = mcp.StdioServerParameters(
        command=program, args=[*arguments, "mcpg.yaml"], env=gateway.environment(), cwd=str(folder)
    )
    async with mcp.Client(parameters) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["count", "records"]


def test_the_operator_is_told_all_endpoints_and_a_reload_changes_them(gateway: Gateway) -> None:
    for path in ("/mcp", "/some/mcp", "/servers/one/mcp", "/servers/two/mcp"):
        assert f"{path} with " in gateway.log()
    shown = json.loads(gateway.run("export", "cursor", "--all", "--json", "--config", str(gateway.config)).stdout)
    assert sorted(shown["mcpServers"]) == ["mcpg", "mcpg-servers-one", "mcpg-servers-two", "mcpg-some"]
