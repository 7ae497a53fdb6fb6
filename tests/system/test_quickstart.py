"""The quickstart serves, and every command that it prints works. A copy runs, on other ports, with state of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.system.kit import ROOT, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real

PORTS = ("8787", "8788", "8789")
TIME = ROOT / ".state" / "quickstart" / "time-server"


class Quickstart(NamedTuple):
    """A quickstart that serves: where, what it said, and the environment of a shell beside it."""

    folder: Path
    said: str
    url: str
    environment: dict[str, str]

    def commands(self) -> list[str]:
        """Return what it printed to try, each on one line."""
        lines = self.said.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.startswith(("  .venv/bin/mcpg ", "  npx "))]

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=300, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip


def _free_ports() -> list[str]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = [str(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def _time_server(state: Path) -> None:
    """Put the time server where the quickstart looks: the one that `make run` installed, or one installed now."""
    state.mkdir(parents=True, mode=0o700)
    if (TIME / "stamp").exists():
        (state / "time-server").symlink_to(TIME, target_is_directory=True)
        return
    python = state / "time-server" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(state / "time-server")], check=True)
    wanted = str(ROOT / "deploy" / "quickstart" / "time-server.txt")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", wanted], check=True)


def _copy(folder: Path, compiled: Path) -> list[str]:
    """Copy the quickstart with other ports; returns them."""
    here = folder / "deploy" / "quickstart"
    shutil.copytree(ROOT / "deploy" / "quickstart", here, ignore=shutil.ignore_patterns("__pycache__"))
    ports = _free_ports()
    for path in (here / "run.py", here / "mcpg.yaml"):
        text = path.read_text()
        for old, new in zip(PORTS, ports, strict=True):
            assert old in text or path.name == "run.py"
            text = text.replace(old, new)
        path.write_text(text)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "mcpg").symlink_to(shutil.which("mcpg", path=Path(sys.executable).parent) or "")
    _time_server(folder / ".state" / "quickstart")
    (folder / ".state" / "quickstart" / "gateway").mkdir(mode=0o700)
    (folder / ".state" / "quickstart" / "gateway" / "compiled").symlink_to(compiled, target_is_directory=True)
    return ports


@pytest.fixture(scope="module")
def quickstart(
    compiled: Path, with_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Quickstart]:
    folder = tmp_path_factory.mktemp("quickstart")
    url = f"http://127.0.0.1:{_copy(folder, compiled)[0]}/mcp"
    environment = {**with_node, "PYTHONPATH": os.pathsep.join(sources()), "MCPG_URL": url}
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "deploy/quickstart/run.py"],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
    try:
        ends = time.monotonic() + 180
        while "Ctrl-C stops" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.05)
        yield Quickstart(folder, log.read_text(), url, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    assert status == 0, log.read_text()


def _refused(command: str) -> str:
    """Return what a command is refused with, if its remark says that it is."""
    if "a policy forbids it" in command:
        return "lists of customers stop at five; ask for fewer"
    return "unknown tool: top-customers" if "does not exist" in command else ""


def test_every_printed_command_works(quickstart: Quickstart) -> None:
    commands = [command for command in quickstart.commands() if command.startswith(".venv/bin/mcpg")]
    assert len(commands) >= 11
    after = quickstart.said.partition("\n  . .state/quickstart/environment ")[2]
    assert "mcpg doctor" in after
    for command in commands:
        done = quickstart.shell(". .state/quickstart/environment; " * (command in after) + command)
        refused = _refused(command)
        assert done.returncode == (1 if refused else 0), (command, done.stdout, done.stderr)
        assert refused in done.stderr
        assert done.stdout.strip() or refused
        assert "Traceback" not in done.stderr


def test_what_the_commands_show(quickstart: Quickstart) -> None:
    ana, bot = (f"--key-file .state/quickstart/{name}.key" for name in ("ana", "bot"))
    listed = json.loads(quickstart.shell(f".venv/bin/mcpg call --list --json {ana}").stdout)
    names = {tool["name"] for tool in (listed["tools"] if isinstance(listed, dict) else listed)}
    assert {"top-customers", "forecast", "time.get_current_time"} <= names
    rows = quickstart.shell(f".venv/bin/mcpg call top-customers --arg limit=3 {ana}").stdout
    assert "Ada Machines" in rows
    assert "@" not in rows
    assert "Ulm" in quickstart.shell(f".venv/bin/mcpg call forecast --arg city=Ulm {bot}").stdout
    clock = quickstart.shell(f".venv/bin/mcpg call time.get_current_time --arg timezone=Europe/Berlin {bot}").stdout
    assert "Europe/Berlin" in clock


def test_the_printed_command_of_the_inspector_works(quickstart: Quickstart) -> None:
    command = next(command for command in quickstart.commands() if command.startswith("npx "))
    done = quickstart.shell(command)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "top-customers" in {tool["name"] for tool in json.loads(done.stdout)["tools"]}
