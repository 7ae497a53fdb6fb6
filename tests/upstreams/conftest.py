"""Upstreams of scripted peers, stopped at the end of each test, whatever happened."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.upstreams.http_peer import HttpPeer

from mcpg.contract.ports import Party
from mcpg.effects.connector import GuardedConnector
from mcpg.upstreams import HttpSpec, StdioSpec, Upstreams, UpstreamSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ANA = Party(caller=("default", "keys", "", "ana"), session="s1", version="2025-11-25")
SCRIPT = Path(__file__).parent / "stdio_peer.py"


def stdio(
    name: str, start: str = "legacy", *, environment: dict[str, str] | None = None, **options: Any
) -> UpstreamSpec:
    command = (sys.executable, "-I", "-S", str(SCRIPT), start)
    transport = StdioSpec(command=command, environment=environment or {}, grace=0.3)
    options.setdefault("mode", "modern" if start == "modern" else "legacy")
    return UpstreamSpec(name=name, transport=transport, **options)


class Bench:
    """Upstreams under test, a `good` one among them, with what they told."""

    def __init__(self, upstreams: Upstreams, changes: list[tuple[str, str]]) -> None:
        self.upstreams = upstreams
        self.changes = changes

    async def call(
        self, upstream: str, tool: str, arguments: dict[str, Any] | None = None, *, seconds: float = 5.0, **options: Any
    ) -> Any:
        params = {"name": tool, "arguments": arguments or {}, **options.pop("params", {})}
        deadline = asyncio.get_running_loop().time() + seconds
        answer = await self.upstreams.request(upstream, "tools/call", params, deadline=deadline, **options)
        return answer["result"]["content"][0]["text"] if "result" in answer else answer["error"]

    async def good_answers(self) -> None:
        assert json.loads(await self.call("good", "echo", {"still": "here"})) == {"still": "here"}

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Callable[..., Any]]:
    """Return a function that starts upstreams of specs; unless told not to it adds `good`."""
    started: list[Upstreams] = []

    async def start(*specs: UpstreamSpec, good: bool = True, **options: Any) -> Bench:
        changes: list[tuple[str, str]] = []
        wanted = [stdio("good"), *specs] if good else specs
        upstreams = Upstreams(wanted, on_change=lambda name, kind: changes.append((name, kind)), **options)
        started.append(upstreams)
        await upstreams.start()
        return Bench(upstreams, changes)

    yield start
    for upstreams in started:
        await upstreams.stop()


def http(name: str, peer: Any, *, headers: dict[str, str] | None = None, **options: Any) -> UpstreamSpec:
    options.setdefault("mode", getattr(peer, "era", "auto"))
    return UpstreamSpec(name=name, transport=HttpSpec(url=peer.url, headers=headers or {}, private=True), **options)


@pytest.fixture
async def connector() -> AsyncIterator[GuardedConnector]:
    guarded = GuardedConnector()
    yield guarded
    await guarded.stop()


@pytest.fixture
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[HttpPeer]:
    """Run a scripted HTTP server; the parameter is its era."""
    server = HttpPeer(getattr(request, "param", "legacy"))
    await server.start()
    yield server
    await server.stop()
