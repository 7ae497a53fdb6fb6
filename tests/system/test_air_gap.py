"""From a plugin of a registry to a gateway without a network: each command of the far side, traced, in a namespace."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.goods import component
from tests.debian import debian
from tests.system.kit import KEYS, Gateway, document, text_of

from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real
NAME = "registry.example/acme/anon"
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


class Isolated(Gateway):
    """A site in a network namespace without interfaces, whose processes are traced."""

    def command(self, *arguments: str) -> list[str]:
        trace = (
            "strace",
            "-f",
            "-qq",
            "-s",
            "256",
            "-e",
            "trace=socket,connect,bind",
            "-o",
            str(self.folder / "trace"),
        )
        return ["unshare", "-rn", *trace, *super().command(*arguments)]

    def sockets(self) -> list[str]:
        """Return what the last command did about sockets, without process ids."""
        lines = (self.folder / "trace").read_text().splitlines()
        return [re.sub(r"^\d+ +", "", line) for line in lines if re.search(r"\b(socket|connect|bind)\(", line)]


class ThroughUnix(HTTPConnection):
    """HTTP through a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Path:
    """What the near side makes: a bundle of one plugin, beside the lock that names it and the public keys."""
    near = Gateway(tmp_path_factory.mktemp("near"), compiled)
    operator = PrivateKey.generate()
    for name, key in (("acme", PrivateKey.generate()), ("operator", operator)):
        (near.folder / f"{name}.key").write_text(key.pem())
        (near.folder / f"{name}.key").chmod(0o600)
        (near.folder / f"{name}.pub").write_text(key.public.pem)
    (near.folder / "anon.wasm").write_bytes(component())
    origin = f"layout:origin#{NAME}:1.0.0"
    digest = json.loads(near.run("plugin", "push", "anon.wasm", origin, "--sign-key", "acme.key", "--json").stdout)[
        "digest"
    ]
    near.write(site(f"{NAME}@{digest}"))
    near.run("plugin", "pull", f"{NAME}@{digest}", "--mirror", "origin", "--offline")
    near.run("plugin", "lock", "--offline")
    near.run("plugin", "mirror", "create", "--out", "bundle.tar", "--sign-key", "operator.key")
    (near.folder / "reference").write_text(f"{NAME}@{digest}")
    return near.folder


def site(reference: str) -> dict[str, Any]:
    """Return a configuration whose callers without a key are let in by the plugin of a registry."""
    wanted = document(
        server={"listen": "unix:mcpg.sock", "stdio": {"caller": {"id": "ana", "groups": ["analysts"]}}},
        plugins={"anon": {"from": reference}},
        identity={"chain": ["keys", "anon"]},
    )
    return wanted | {"trust": {"rules": [{"prefix": "registry.example/acme", "keys": ["acme.pub"]}]}}


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory, compiled: Path, bundle: Path) -> Iterator[Isolated]:
    """The far side after the import: all that it got is the bundle, the lock, a file and two public keys."""
    for program, package in (("strace", "strace"), ("ip", "iproute2"), ("pkill", "procps")):
        debian(program, package)
    made = Isolated(tmp_path_factory.mktemp("far"), compiled)
    for name in ("bundle.tar", "mcpg.lock", "acme.pub", "operator.pub"):
        shutil.copy(bundle / name, made.folder)
    made.write(site((bundle / "reference").read_text()))
    verified = made.run(
        "plugin", "mirror", "verify", "bundle.tar", "--operator-key", "operator.pub", "--report", "r.md"
    )
    assert "acme/anon" in (made.folder / "r.md").read_text(), verified.stdout
    assert made.sockets() == []
    made.run("plugin", "mirror", "import", "bundle.tar", "--operator-key", "operator.pub")
    assert made.sockets() == []
    yield made
    made.stop()


def test_there_is_no_network_here(far: Isolated) -> None:
    done = subprocess.run(["unshare", "-rn", "ip", "-br", "address"], capture_output=True, text=True, check=False)
    assert "UP" not in done.stdout


def test_a_pull_takes_what_was_imported(far: Isolated, bundle: Path) -> None:
    far.run("plugin", "pull", (bundle / "reference").read_text(), "--offline")
    assert far.sockets() == []


def test_a_pull_straight_out_of_the_bundle(far: Isolated, bundle: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    done = far.run(
        "plugin", "pull", (bundle / "reference").read_text(), "--offline", "--mirror", "bundle.tar", "--store", store
    )
    assert far.sockets() == [], done.stderr


def test_what_is_missing_is_refused_without_a_try(far: Isolated) -> None:
    done = far.run("plugin", "pull", f"{NAME}@sha256:{'0' * 64}", "--offline", "--json", check=None)
    assert done.returncode in {1, 3}
    assert far.sockets() == []
    assert json.loads(done.stderr[done.stderr.index("{") :])["error"]["remedy"]


def test_a_locked_gateway_serves_on_the_one_socket_that_it_was_told(far: Isolated) -> None:
    with far.log_file.open("wb") as log:
        far.process = subprocess.Popen(
            far.command("serve", "--config", str(far.config), "--locked"),
            cwd=far.folder, env=far.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    process = far.process
    far.until(lambda: "serving" in far.log() or process.poll() is not None)
    result = called(far.folder / "mcpg.sock", KEYS["ana"])
    assert "hello" in text_of(result["result"]), result
    assert "error" in called(far.folder / "mcpg.sock", ""), "an anonymous caller is let in, and a policy denies"
    subprocess.run(["pkill", "-TERM", "-P", str(process.pid)], check=True)
    process.wait(30)
    internet = [line for line in far.sockets() if "AF_UNIX" not in line]
    assert internet == []
    assert [line for line in far.sockets() if line.startswith("connect(")] == []
    assert [line for line in far.sockets() if line.startswith("bind(") and "mcpg.sock" not in line] == []


def called(path: Path, key: str) -> dict[str, Any]:
    """Call the tool `echo` through the gateway's socket and return what came."""
    params = {"name": "echo", "arguments": {}, "_meta": META}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    headers = {
        "content-type": "application/json", "accept": "application/json, text/event-stream", "mcp-name": "echo",
        "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call",
    }  # fmt: skip
    connection = ThroughUnix(path)
    connection.request("POST", "/mcp", body, headers | ({"authorization": f"Bearer {key}"} if key else {}))
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer
