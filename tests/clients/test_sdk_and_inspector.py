"""The official Python SDK of this environment and the inspector's command line, at every kind of endpoint."""

from __future__ import annotations

import json
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import mcp
import pytest
from mcp import types
from mcp.client.streamable_http import streamable_http_client
from tests.clients.conftest import HEADERS, SECONDS
from tests.system.kit import text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    Where = Callable[[str, str], dict[str, Any]]

pytestmark = pytest.mark.real

ENDPOINTS = ("mcp", "support", "servers/old", "servers/new")
MODES = ("legacy", "2026-07-28", "auto")


async def elicited(_context: Any, _params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "Ana"})


@asynccontextmanager
async def over_http(url: str) -> AsyncIterator[Any]:
    async with (
        httpx2.AsyncClient(headers=HEADERS, timeout=60) as http,
        streamable_http_client(url, http_client=http) as streams,
    ):
        yield streams


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", ["http", "stdio"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_the_sdk(where: Where, mode: str, way: str, endpoint: str) -> None:
    place = where(way, endpoint)
    if way == "http":
        target: Any = over_http(place["url"])
    else:
        program, *arguments = place["command"]
        target = mcp.StdioServerParameters(command=program, args=arguments)
    async with mcp.Client(target, mode=mode, elicitation_callback=elicited) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert place["prefix"] + "echo" in names
        said = await client.call_tool(place["prefix"] + "echo", {"text": "grüße"})
        assert said.content[0].text == "grüße"
        asked = await client.call_tool(place["prefix"] + "elicit", {})
        assert asked.content[0].text == "accept Ana"


@pytest.mark.parametrize("way", ["http", "stdio"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_inspector(
    node: tuple[Path, dict[str, str]], where: Where, tmp_path: Path, way: str, endpoint: str
) -> None:
    folder, environment = node
    place = where(way, endpoint)
    header = next(f"{name}: {value}" for name, value in HEADERS.items())
    before = (place["url"], "--transport", "http", "--header", header) if way == "http" else ()
    after = ("--", *place["command"]) if way == "stdio" else ()

    def inspect(*asked: str) -> Any:
        program = folder / "node_modules" / ".bin" / "mcp-inspector"
        done = subprocess.run(
            [str(program), "--cli", *before, *asked, *after], cwd=tmp_path, env=environment, capture_output=True,
            text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    name = place["prefix"] + "echo"
    assert name in [tool["name"] for tool in inspect("--method", "tools/list")["tools"]]
    said = inspect("--method", "tools/call", "--tool-name", name, "--tool-arg", "text=hello there")
    assert text_of(said) == "hello there"
