"""What is written on the Go SDK here passes its tests and cases, and a signed request arrives as it was signed."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import os
import re
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from tests.system.conftest import gateway  # noqa: F401 - pytest finds fixtures by their names here
from tests.system.kit import document, text_of
from tests.workshop.author import ROOT, Author

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.kit import Gateway

pytestmark = pytest.mark.real

SDK = ROOT / "plugins-src" / "sdk" / "go"
KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PROJECTS = ["components/policy-business-hours", "cookbook/budget-guard", "cookbook/request-signing"]


def copied(name: str, tmp_path: Path) -> Path:
    """Return a copy of a project, with the SDK where a component looks for it."""
    shutil.copytree(ROOT / "plugins-src" / name, tmp_path / name, ignore=shutil.ignore_patterns("out", "sdk"))
    shutil.copytree(SDK, tmp_path / "sdk" / "go")
    return tmp_path / name


@pytest.mark.parametrize("name", PROJECTS)
def test_own_tests_cases_and_random_inputs(name: str, tmp_path: Path) -> None:
    project = copied(name, tmp_path)
    author = Author(tmp_path, os.environ)
    assert "warning" not in author.mcpg("plugin", "build", cwd=project).stderr
    author.mcpg("plugin", "test", "--properties", "50", cwd=project)
    for command in (["go", "vet", "./..."], ["go", "test", "./..."], ["gofmt", "-l", "."]):
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert command[0] != "gofmt" or not done.stdout.strip()


class Api(http.server.BaseHTTPRequestHandler):
    """Answers only what is signed under the key, as AWS's documentation has it, reckoned from what really came."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        good = self.signature(body) in self.headers["authorization"]
        text = (self.path.encode() + b" " + body) if good else b"SignatureDoesNotMatch"
        self.send_response(200 if good else 403)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def signature(self, body: bytes) -> str:
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=AKID/(\d{8}/eu-central-1/orders/aws4_request), SignedHeaders=([\w;-]+), .+",
            self.headers["authorization"],
        )
        assert found is not None
        path, _, query = self.path.partition("?")
        lines = [f"{name}:{self.headers[name]}\n" for name in found[2].split(";")]
        digest = hashlib.sha256(body).hexdigest()
        twice = path.replace("%", "%25")
        canonical = "\n".join([self.command, twice, query, "".join(lines), found[2], digest])
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                self.headers["x-amz-date"],
                found[1],
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        key = f"AWS4{KEY}".encode()
        for part in found[1].split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return "Signature=" + hmac.digest(key, text.encode(), "sha256").hex()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def wanted(port: int, wasm: Path) -> dict[str, Any]:
    reference = "secret://env/AWS_SECRET_ACCESS_KEY"
    methods = ["GET", "POST"]
    use = {
        "from": f"file:{wasm}",
        "config": {
            "base_url": f"http://127.0.0.1:{port}", "region": "eu-central-1", "service": "orders", "access_key": "AKID",
            "secret_key": reference,
        },
        "grants": {
            "sign": {"keys": [reference], "derive": 4},
            "http": {"hosts": ["127.0.0.1"], "schemes": ["http"], "ports": [port], "private": True, "methods": methods},
        },
    }  # fmt: skip
    tools = {
        "get": {"input": {"id": {"type": "string"}}, "request": {"path": "/orders/{id}", "query": ["id"]}},
        "add": {
            "input": {"item": {"type": "string"}},
            "request": {"method": "POST", "path": "/orders", "json": ["item"]},
        },
    }
    whole = document(tools={name: {"backend": "orders", "description": name, **each} for name, each in tools.items()})
    whole["plugins"]["orders"] = use
    return {**whole, "development": True}


def test_a_signed_request_arrives_as_it_was_signed(api: int, gateway: Gateway, tmp_path: Path) -> None:  # noqa: F811 - a fixture is asked for by its name
    project = copied("cookbook/request-signing", tmp_path)
    Author(tmp_path, os.environ).mcpg("plugin", "build", cwd=project)
    wasm = shutil.copy(project / "out" / "request-signing.wasm", gateway.folder)
    gateway.write(wanted(api, wasm), "permit(principal, action, resource);")
    gateway.variables["AWS_SECRET_ACCESS_KEY"] = KEY
    gateway.start()
    name = "a/b ü~$&=+*'()!"
    said = text_of(gateway.call("get", id=name))
    path, _, query = said.strip().removeprefix("/orders/").partition("?id=")
    assert (unquote(path), unquote(query)) == (name, name)
    assert text_of(gateway.call("add", item="tea & ü")) == '/orders {"item":"tea \\u0026 ü"}'
    assert KEY not in gateway.log() + repr(gateway.records())
