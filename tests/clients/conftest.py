"""Clients that others wrote, installed from lock files, and a gateway with three endpoints for them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.peers.gateway import stdio_upstream
from tests.system.conftest import new_gateway, with_node
from tests.system.kit import KEYS, document

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.kit import Gateway

__all__ = ["new_gateway", "with_node"]

HERE = Path(__file__).parent
SECONDS = 300
HEADERS = {"Authorization": f"Bearer {KEYS['ana']}"}


@dataclass(frozen=True)
class Talker:
    """A client: the command that runs it, and the environment in which its libraries are found."""

    command: tuple[str, ...]
    environment: dict[str, str]

    def talk(self, folder: Path, **given: Any) -> dict[str, Any]:
        """Let it do what all of them do, and return what it printed."""
        done = subprocess.run(
            [*self.command, json.dumps({"headers": HEADERS, **given})], cwd=folder, env=self.environment,
            capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-4000:])
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="session")
def node(with_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Install the Node packages of the lock file; returns where, and an environment that finds Node."""
    folder = tmp_path_factory.mktemp("node-clients") / "node"
    shutil.copytree(HERE / "node", folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(
        command, cwd=folder, env=with_node, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return folder, with_node


def _python(folder: Path, name: str) -> Path:
    """Return a Python that has what the lock file `name` says."""
    venv.create(folder, with_pip=True)
    program = folder / "bin" / "python"
    lock = HERE / "python" / f"{name}.txt"
    command = [str(program), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="session")
def talkers(node: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Talker]:
    """Return the client of a name: `typescript-old`, `typescript-new`, `python-old` or `fastmcp`."""
    folder, environment = node
    made: dict[str, Talker] = {}

    def make(name: str) -> Talker:
        kind, _, which = name.partition("-")
        if kind == "typescript":
            return Talker(("node", str(folder / f"{which}.mjs")), environment)
        script = which or "fast"
        program = _python(tmp_path_factory.mktemp(script) / "venv", script)
        return Talker((str(program), str(HERE / "python" / f"{script}.py")), {**environment, "PYTHONPATH": ""})

    def find(name: str) -> Talker:
        if name not in made:
            made[name] = make(name)
        return made[name]

    return find


@pytest.fixture(scope="module")
def gateway(new_gateway: Callable[[str], Gateway]) -> Gateway:
    """Start a gateway in front of a server of each era, with a profile that shows one of them."""
    return _written(new_gateway("http")).start()


@pytest.fixture(scope="module")
def over_stdio(new_gateway: Callable[[str], Gateway]) -> Gateway:
    """The same gateway in another folder, for clients that start it themselves."""
    return _written(new_gateway("stdio"))


def _written(gateway: Gateway) -> Gateway:
    peers = {name: stdio_upstream(revision, name) for name, revision in (("old", "2025-11-25"), ("new", "2026-07-28"))}
    gateway.write(document(upstreams=peers, profiles={"support": {"upstreams": ["new"]}}))
    return gateway


@pytest.fixture(scope="module")
def everything(new_gateway: Callable[[str], Gateway], node: tuple[Path, dict[str, str]]) -> Gateway:
    """Start a gateway in front of the reference server that has something of everything, a child process."""
    folder, environment = node
    program = folder / "node_modules" / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
    stdio = {"command": ["node", str(program), "stdio"], "environment": {"PATH": environment["PATH"]}}
    gateway = new_gateway("everything")
    gateway.write(document(upstreams={"everything": {"stdio": stdio}}))
    return gateway.start()


def serve_command(gateway: Gateway, endpoint: str) -> list[str]:
    """Return the command that serves an endpoint over stdio."""
    return [
        sys.executable, "-P", "-m", "mcpg", "serve", "--config", str(gateway.config), "--stdio", "--endpoint", endpoint,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def where(gateway: Gateway, over_stdio: Gateway) -> Callable[[str, str], dict[str, Any]]:
    """Return what tells a client where an endpoint is, and how its names begin there."""

    def find(way: str, endpoint: str) -> dict[str, Any]:
        given = {"way": way, "prefix": "" if endpoint.startswith("servers/") else "new."}
        if way == "stdio":
            return {**given, "command": serve_command(over_stdio, endpoint)}
        url = gateway.url if endpoint == "mcp" else gateway.url.removesuffix("mcp") + f"{endpoint}/mcp"
        return {**given, "url": url + ("/sse" if way == "sse" else "")}

    return find
