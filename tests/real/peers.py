"""Registries and tools that others wrote, started for the tests: found, installed or built. It tests nothing itself.

Debian's docker-registry speaks TLS here and wants a log-in; go-containerregistry's speaks plain HTTP and wants none.
Neither has the referrers API, so the fallback tag is what they prove.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.debian import debian
from tests.effects.certificates import new_authority

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TOOLS", "Peer", "docker_registry", "go_program", "go_registry", "run"]

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools"
GO_REGISTRY = "github.com/google/go-containerregistry/cmd/registry@v0.20.6"
USER, PASSWORD = "tester", "open sesame"
HTPASSWD = "tester:$2y$05$7nzDRPrZvJxOcCvGTzWuM.bSBWJrm1/BtfZKDHlYpd0.3uNRbkuYC"
"""A bcrypt line of user and password above, as `htpasswd -nbB tester "open sesame"` prints it."""
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A registry that runs: its authority, its CA if it speaks TLS, and where a program finds the log-in."""

    authority: str
    folder: Path
    ca: Path | None = None
    login: tuple[str, str] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{'https' if self.ca else 'http'}://{self.authority}"


def run(*command: str, cwd: Path, check: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; `check` is the exit status that it must have."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert check is None or done.returncode == check, (command, done.returncode, done.stdout, done.stderr)
    return done


def go_program(module: str) -> Path:
    """Return a program of Go's module proxy out of `build/tools`, built there first if need be."""
    name = module.partition("@")[0].rpartition("/")[2]
    path = TOOLS / f"{name}-{module.rpartition('@')[2]}"
    if not path.exists():
        go = shutil.which("go")
        if go is None:
            pytest.skip(f"there is no Go, and `go install {module}` wants it")
        place = TOOLS / f".building-{path.name}"
        place.mkdir(parents=True, exist_ok=True)
        run("nice", go, "install", module, cwd=place, GOBIN=str(place), CGO_ENABLED="0", GOFLAGS="-mod=mod")
        (place / name).replace(path)
        shutil.rmtree(place)
    return path


@contextmanager
def docker_registry(folder: Path) -> Iterator[Peer]:
    """Run Debian's docker-registry with TLS of an own authority and one user."""
    authority = new_authority("registry authority")
    certificate, ca, port = folder / "server.pem", folder / "ca.pem", _free_port()
    certificate.write_bytes(authority.issue("localhost"))
    ca.write_bytes(authority.pem)
    (folder / "htpasswd").write_text(HTPASSWD + "\n")
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}", "tls": {"certificate": str(certificate), "key": str(certificate)}},
        "auth": {"htpasswd": {"realm": "the tests", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(json.dumps(settings))  # JSON is YAML
    docker = folder / "docker"
    docker.mkdir()
    word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (docker / "config.json").write_text(json.dumps({"auths": {f"localhost:{port}": {"auth": word}}}))
    environment = {"DOCKER_CONFIG": str(docker), "SSL_CERT_FILE": str(ca), "NO_PROXY": "localhost,127.0.0.1"}
    peer = Peer(f"localhost:{port}", folder, ca, (USER, PASSWORD), environment)
    command = [debian("docker-registry"), "serve", str(folder / "config.yml")]
    with _serving(command, port, folder / "registry.log"):
        yield peer


@contextmanager
def go_registry(folder: Path) -> Iterator[Peer]:
    """Run go-containerregistry's registry, in memory, over plain HTTP."""
    port = _free_port()
    program = go_program(GO_REGISTRY)
    with _serving([str(program), "-port", str(port)], port, folder / "registry.log"):
        yield Peer(f"localhost:{port}", folder, environment={"NO_PROXY": "localhost,127.0.0.1"})


@contextmanager
def _serving(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=log.parent)
    try:
        ends = time.monotonic() + PATIENCE
        while not _answers(port):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < ends, log.read_text(errors="replace")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
