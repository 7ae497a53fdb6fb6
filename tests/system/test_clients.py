"""Clients that others wrote, against the real program: the official Python SDK and the inspector."""

from __future__ import annotations

import json
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import KEYS, Gateway, document, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")

MODES = ["legacy", "2026-07-28", "auto"]
INSPECTOR = ["npx", "@modelcontextprotocol/inspector@2.12.0", "--cli"]


@pytest.fixture(scope="module")
def serving(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("http")
    gateway.write(document())
    return gateway.start()


@pytest.fixture(scope="module")
def over_stdio(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("stdio")
    gateway.write(document())
    return gateway


@asynccontextmanager
async def over_http(gateway: Gateway, key: str) -> AsyncIterator[Any]:
    """Connect to a gateway as one of the callers."""
    import httpx2  # noqa: PLC0415 - comes with the SDK
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - as above

    headers = {"authorization": f"Bearer {KEYS[key]}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as client,
        streamable_http_client(gateway.url, http_client=client) as streams,
    ):
        yield streams


def _stdio(gateway: Gateway) -> Any:
    program, *arguments = gateway.command("serve", "--stdio", "--config", str(gateway.config))
    return mcp.StdioServerParameters(
        command=program, args=arguments, env=gateway.environment(), cwd=str(gateway.folder)
    )


async def _names(client: Any) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]


async def _said(client: Any) -> Any:
    return (await client.call_tool("echo", {"q": "grüße"})).structured_content["arguments"]


@pytest.mark.parametrize("mode", MODES)
async def test_the_sdk_over_http(serving: Gateway, mode: str) -> None:
    async with mcp.Client(over_http(serving, "ana"), mode=mode) as client:
        assert await _names(client) == ["echo", "private"]
        assert await _said(client) == {"q": "grüße"}


@pytest.mark.parametrize("mode", MODES)
async def test_what_a_caller_may_not_use_does_not_exist_for_the_sdk(serving: Gateway, mode: str) -> None:
    async with mcp.Client(over_http(serving, "bot"), mode=mode) as client:
        assert await _names(client) == ["echo"]
        for name in ("private", "nothing-at-all"):
            with pytest.raises(mcp.MCPError) as caught:
                await client.call_tool(name, {})
            assert (caught.value.error.code, caught.value.error.message) == (-32602, f"unknown tool: {name}")


@pytest.mark.parametrize("mode", MODES)
async def test_the_sdk_over_stdio(over_stdio: Gateway, mode: str) -> None:
    async with mcp.Client(_stdio(over_stdio), mode=mode) as client:
        assert await _names(client) == ["echo", "private"]
        assert await _said(client) == {"q": "grüße"}


def _inspect(environment: dict[str, str], folder: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [*INSPECTOR, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
        check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout)


LIST = ("--method", "tools/list")
CALL = ("--method", "tools/call", "--tool-name", "echo", "--tool-arg", "q=hello there")


def test_the_inspector_over_http(serving: Gateway, with_node: dict[str, str], tmp_path: Path) -> None:
    way = (serving.url, "--transport", "http", "--header", f"Authorization: Bearer {KEYS['bot']}")
    assert [each["name"] for each in _inspect(with_node, tmp_path, *way, *LIST)["tools"]] == ["echo"]
    assert json.loads(text_of(_inspect(with_node, tmp_path, *way, *CALL)))["arguments"] == {"q": "hello there"}


def test_the_inspector_over_stdio(over_stdio: Gateway, with_node: dict[str, str], tmp_path: Path) -> None:
    way = ("--", *over_stdio.command("serve", "--stdio", "--config", str(over_stdio.config)))
    assert [each["name"] for each in _inspect(with_node, tmp_path, *LIST, *way)["tools"]] == ["echo", "private"]
    assert json.loads(text_of(_inspect(with_node, tmp_path, *CALL, *way)))["arguments"] == {"q": "hello there"}
