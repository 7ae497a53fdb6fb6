"""The real gateway in the test's own loop, on a loopback port, in front of the upstreams that a test gives it.

One caller with an API key, a Cedar policy that permits everything unless the test says otherwise. `compiled` is where
compiled components are kept: share one folder, for compiling takes seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.peers.client import connect
from tests.peers.client_stdio import spawn

from mcpg.config import loads
from mcpg.edge.front import front_doors
from mcpg.edge.listeners import open_listener
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, serve
from mcpg.gateway import rooms
from mcpg.gateway.serve import Served
from mcpg.sandbox import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from contextlib import AbstractAsyncContextManager

    from tests.peers.client import Client
    from tests.peers.client_stdio import StdioClient
    from tests.peers.server import Server

    from mcpg.edge.asgi import App
    from mcpg.gateway.gateway import Gateway

__all__ = ["KEY", "Door", "anyone", "http_upstream", "start_gateway", "start_stdio", "stdio_upstream"]

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [str(ROOT / name) for name in ("host", "registry", "mirror", "revocations")]
KEY = "mcpg_ana-" + "a" * 24
BEARER = {"authorization": f"Bearer {KEY}"}
RULES = "permit(principal, action, resource);"


@dataclass(frozen=True, slots=True)
class Door:
    """A gateway that serves; `origin` is `http://127.0.0.1:PORT`."""

    origin: str
    gateway: Gateway
    served: Served

    def connect(self, revision: str, path: str = "/mcp", **options: Any) -> AbstractAsyncContextManager[Client]:
        """Open a client as the one caller; 2024-11-05 goes to the address of the event stream."""
        place = f"{self.origin}{path}/sse" if revision == "2024-11-05" else self.origin + path
        return connect(revision, place, headers=BEARER, **options)


def http_upstream(server: Server, **more: Any) -> dict[str, Any]:
    """Return the upstream's section for a server on loopback."""
    return {"http": {"url": server.url, "private": True}, **more}


def stdio_upstream(revision: str, name: str, *options: str, **more: Any) -> dict[str, Any]:
    """Return the upstream's section for a peer as a child of the gateway; `options` are of its command line."""
    command = [sys.executable, "-m", "tests.peers.stdio", "--revision", revision, "--name", name, *options]
    return {"stdio": {"command": command, "environment": {"PYTHONPATH": str(ROOT)}}, **more}


def anyone(upstreams: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """Return a file with one caller who may do everything."""
    keys = [{"id": "ana", "hash": "sha256:" + hashlib.sha256(KEY.encode()).hexdigest(), "groups": ["analysts"]}]
    return {
        "version": 1,
        "state": "state",
        "plugins": {
            "keys": {"from": "builtin:identity-api-key", "config": {"keys": keys}},
            "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}},
        },
        "identity": {"chain": ["keys"]},
        "policy": {"engines": ["rules"]},
        "upstreams": upstreams,
        **sections,
    }


@asynccontextmanager
async def start_gateway(
    folder: Path,
    upstreams: dict[str, Any],
    *,
    compiled: Path,
    rules: str = RULES,
    absent: Collection[str] = (),
    **sections: Any,
) -> AsyncIterator[Door]:
    """Serve a gateway with these upstreams; returns once all but the absent have been asked for what they have."""
    (folder / "rules.cedar").write_text(rules)
    path = folder / "mcpg.yaml"
    path.write_text(yaml.safe_dump(anyone(upstreams, **sections)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "SandboxSettings", lambda *, cache: SandboxSettings(cache=compiled))
        served = Served(loads(path.read_bytes(), path=path, environment={}), loopback=True, progress=lambda _: None)
        async with served.lifespan() as endpoint:
            public = public_app(lambda: True)
            await _ready(served.gateway, set(upstreams) - set(absent))
            async with _listening(front_doors(served.resolve, public), endpoint.drain) as origin:
                yield Door(origin, served.gateway, served)


@asynccontextmanager
async def start_stdio(
    revision: str, folder: Path, upstreams: dict[str, Any], *, compiled: Path, **options: Any
) -> AsyncIterator[StdioClient]:
    """Open a client whose server is `mcpg serve --stdio`, a child process."""
    (folder / "rules.cedar").write_text(RULES)
    path = folder / "mcpg.yaml"
    server = {"stdio": {"caller": {"id": "ana", "groups": ["analysts"]}}}
    path.write_text(yaml.safe_dump(anyone(upstreams, server=server)))
    state = folder / "state"
    state.mkdir(mode=0o700)
    (state / "compiled").symlink_to(compiled, target_is_directory=True)
    command = [sys.executable, "-P", "-m", "mcpg", "serve", "--stdio", "--config", str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(SOURCES)}
    async with spawn(revision, command, env=environment, **options) as client:
        yield client


async def _ready(gateway: Gateway, upstreams: set[str]) -> None:
    """Wait until something of each upstream is known: the gateway itself serves before slow ones have connected."""
    async with asyncio.timeout(30):
        while upstreams - {route.upstream for route in gateway.plan().routes.listed("tool")}:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _listening(app: App, drain: Any) -> AsyncIterator[str]:
    listener = open_listener("127.0.0.1:0")
    running = Running()
    site = Site(app, listener)
    task = asyncio.create_task(serve([site], drain=drain, grace=1.0, running=running, handle_signals=False))
    await running.started.wait()
    try:
        yield f"http://{listener.name}"
    finally:
        running.stop()
        await task
