"""The official suite at a pinned version, servers for it of each era, and gateways in front of them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.conformance.features import ConformanceFeatures
from tests.conformance.rules import document
from tests.conformance.running import Suite
from tests.peers.server import start_server
from tests.peers.tasks import Book
from tests.system.conftest import new_gateway, with_node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.peers.server import Server
    from tests.system.kit import Gateway

__all__ = ["new_gateway", "with_node"]

HERE = Path(__file__).parent
UPSTREAMS = ("2025-11-25", "2026-07-28")
RULES = "permit(principal, action, resource);"


@pytest.fixture(scope="session")
def suite(with_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Install the version of the suite that the lock file names."""
    folder = tmp_path_factory.mktemp("suite")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, env=with_node, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return Suite(folder, with_node)


@dataclass(frozen=True)
class Upstream:
    """A server for the suite that speaks one revision, in a thread of its own."""

    url: str
    server: Server


@pytest.fixture(scope="module")
def upstreams() -> Iterator[dict[str, Upstream]]:
    """Serve the suite's features, once by a server with handshakes and once by one without."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin(revision: str) -> tuple[Server, object]:
        context = start_server(revision, "suite")
        server = await context.__aenter__()
        server.features = ConformanceFeatures(server)  # type: ignore[assignment]
        if server.revision.modern:
            server.tasks = Book()
        return server, context

    made = {revision: asyncio.run_coroutine_threadsafe(begin(revision), loop).result(30) for revision in UPSTREAMS}
    yield {name: Upstream(server.url, server) for name, (server, _) in made.items()}
    for _, context in made.values():
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(30)  # type: ignore[attr-defined]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def gateways(new_gateway: Callable[[str], Gateway], upstreams: dict[str, Upstream]) -> dict[str, Gateway]:
    """Start a gateway in front of each server; anyone may do anything, as the suite brings no credential."""
    found = {}
    for name, upstream in upstreams.items():
        gateway = found[name] = new_gateway(f"conformance-{name}")
        gateway.write(document(upstream.url)[0], RULES)
        gateway.start()
    return found
