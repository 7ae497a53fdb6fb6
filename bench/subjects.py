"""Processes that the benchmarks measure: started once, asked by turns, and what they cost. It generates no load.

CPU time and memory are read from `/proc`; on a system without it they are none.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from load import request_bytes

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["WARM", "Stage", "Subject", "call", "memory_folder", "pin", "request"]

WARM = Path(__file__).parents[1] / ".state" / "bench" / "compiled"
"""Components compiled by an earlier run."""
SERVED = Path(__file__).with_name("served.py")
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
PATIENCE = 180.0


def memory_folder() -> str | None:
    """Return a folder in memory, where an fsync costs nothing, so that what is measured is us and not the disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def pin(core: int) -> None:
    """Keep this process on one core, where the system can do that and has two."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


def call(name: str = "echo", *, method: str = "tools/call") -> tuple[bytes, dict[str, str]]:
    """Return body and headers of one request of 2026-07-28."""
    params: dict[str, Any] = {"_meta": META}
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": method}
    if method == "tools/call":
        params |= {"name": name, "arguments": {"q": "hello"}}
        headers["mcp-name"] = name
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    return body, headers


def request(port: int, key: int = 0, name: str = "echo", *, method: str = "tools/call") -> bytes:
    """Return one HTTP request of 2026-07-28 with an API key."""
    body, headers = call(name, method=method)
    headers |= {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    headers["authorization"] = f"Bearer mcpg_bench{key}"
    return request_bytes("/mcp", body, headers, host=f"127.0.0.1:{port}")


@dataclass(slots=True)
class Subject:
    """One process under measurement."""

    name: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def cpu(self) -> float | None:
        """Return the CPU seconds of all its threads so far."""
        try:
            threads = list(Path(f"/proc/{self.process.pid}/task").iterdir())
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
        except (OSError, ValueError, IndexError):
            return None

    def memory(self) -> float | None:
        """Return its resident memory in MiB."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), None)

    def threads(self) -> int | None:
        """Return how many threads it has."""
        try:
            return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))
        except OSError:
            return None

    def wait(self) -> None:
        """Wait until it answers on its port; raises `RuntimeError` when it has ended or never does."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"`{self.name}` ended: {(self.folder / 'log').read_text()[-2000:]}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise RuntimeError(f"`{self.name}` does not answer")


class Stage(AbstractContextManager["Stage"]):
    """All subjects of one benchmark, in folders of their own with a shared set of compiled components."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        self.folder = folder
        self.disk = disk or folder
        self.subjects: dict[str, Subject] = {}

    def start(self, name: str, *, behind: str = "", command: list[str] | None = None) -> Subject:
        """Start a subject and wait until it answers."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        folder = (self.disk if name == "disk" else self.folder) / name
        compiled = folder / ".state" / "compiled"
        compiled.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        if WARM.exists() and not compiled.exists():
            shutil.copytree(WARM, compiled)
        peer = [str(self.subjects[behind].port)] if behind else []
        words = command or [sys.executable, str(SERVED), name, str(port), str(folder), *peer]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log)
        subject = self.subjects[name] = Subject(name, port, folder, process)
        subject.wait()
        if compiled.exists() and len(list(compiled.iterdir())) > (len(list(WARM.iterdir())) if WARM.exists() else 0):
            shutil.copytree(compiled, WARM, dirs_exist_ok=True)
        return subject

    def stop(self, name: str) -> None:
        """End one subject."""
        process = self.subjects.pop(name).process
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self.subjects):
            self.stop(name)
