"""A gateway as a process of its own, its file, and its command line: what the system tests start. It tests nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEYS = {name: f"mcpg_{name}-{name * 12}" for name in ("ana", "bot")}
SERVING = re.compile(r"^mcpg: serving (\S+)", re.MULTILINE)
PATIENCE = 120.0
RULES = """
@id("analysts") permit(principal in Mcpg::Group::"analysts", action, resource);
@id("the-bot") permit(principal == Mcpg::Caller::"bot", action, resource) when { resource.name == "echo" };
"""


def sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def document(**sections: Any) -> dict[str, Any]:
    """Return a configuration with two callers, Cedar rules and an echo; mappings among the sections are merged in."""
    keys = [{"id": "ana", "hash": sha256(KEYS["ana"]), "groups": ["analysts"]},
            {"id": "bot", "hash": sha256(KEYS["bot"]), "kind": "service"}]  # fmt: skip
    base: dict[str, Any] = {
        "version": 1,
        "server": {"listen": "127.0.0.1:0", "stdio": {"caller": {"id": "ana", "groups": ["analysts"]}}},
        "plugins": {
            "keys": {"from": "builtin:identity-api-key", "config": {"keys": keys}},
            "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}},
            "fake": {"from": "builtin:backend-mock"},
        },
        "identity": {"chain": ["keys"]},
        "policy": {"engines": ["rules"]},
        "tools": {
            "echo": tool("fake", mock={"echo": True}, input={"q": {"type": "string", "default": "hello"}}),
            "private": tool("fake", mock={"text": "for analysts only"}),
        },
    }
    for name, section in sections.items():
        base[name] = {**base[name], **section} if isinstance(section, dict) and name in base else section
    return base


def sources(host: Path | None = None) -> list[str]:
    """Return where Python finds this checkout, with another copy of `host` if one is given."""
    return [str(host or ROOT / "host"), *(str(ROOT / name) for name in ("registry", "mirror", "revocations"))]


def tool(backend: str, **more: Any) -> dict[str, Any]:
    return {"backend": backend, "description": "A tool of the tests.", "input": {}, **more}


def http_use(port: int, **grant: Any) -> dict[str, Any]:
    """Return a use of backend-http for a server on a port of this machine."""
    granted = {"hosts": ["127.0.0.1"], "schemes": ["http"], "ports": [port], "private": True, **grant}
    secrets = granted.pop("secrets", None)
    grants = {"http": granted, **({"secrets": secrets} if secrets else {})}
    return {"from": "builtin:backend-http", "config": {"base_url": f"http://127.0.0.1:{port}"}, "grants": grants}


class Gateway:
    """`mcpg serve` in `folder`, which holds its file, its rules and its state."""

    def __init__(self, folder: Path, compiled: Path, *, host: Path | None = None) -> None:
        self.folder = folder
        self.config = folder / "mcpg.yaml"
        self.state = folder / ".state"
        self.log_file = folder / "log"
        self.host = host
        self.variables: dict[str, str] = {}
        self.options: tuple[str, ...] = ()
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.state.mkdir(parents=True, mode=0o700, exist_ok=True)
        if not (self.state / "compiled").exists():
            (self.state / "compiled").symlink_to(compiled, target_is_directory=True)

    def write(self, wanted: dict[str, Any], rules: str = RULES) -> None:
        """Write the file and the rules, each whole."""
        _replace(self.folder / "rules.cedar", rules)
        _replace(self.config, json.dumps(wanted, indent=1))  # JSON is YAML

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "mcpg", *arguments]

    def python(self, code: str) -> str:
        """Run Python as the gateway runs, and return what it prints."""
        command = [sys.executable, "-P", "-c", code]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=True).stdout

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "PYTHONPATH": os.pathsep.join(sources(self.host)), **self.variables}

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process and wait for nothing."""
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                self.command("serve", "--config", str(self.config), *self.options),
                cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self.process

    def start(self) -> Gateway:
        """Start the process; returns when it serves."""
        process = self.spawn()
        self.until(lambda: SERVING.search(self.log()) or process.poll() is not None)
        serving = SERVING.search(self.log())
        assert serving is not None, self.log()
        self.url = serving[1]
        return self

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def until(self, condition: Any, seconds: float = PATIENCE) -> None:
        """Wait for a condition of another process, which has no event of ours."""
        ends = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < ends, f"waited in vain; the log says:\n{self.log()}"
            time.sleep(0.02)

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process and return its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()

    def run(self, *arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the command line beside the gateway."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment(), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert check is None or done.returncode == check, (done.args, done.stdout, done.stderr, self.log()[-2000:])
        return done

    def call(self, name: str, *, key: str = "ana", check: int | None = None, **arguments: Any) -> Any:
        """Call a tool with `mcpg call` and return its JSON: the result, or the error that was told."""
        given = ("--args", json.dumps(arguments), "--key", KEYS[key], "--url", self.url, "--json")
        done = self.run("call", name, *given, check=check)
        return json.loads(done.stdout if done.stdout.strip() else done.stderr)

    def records(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the ledger's records as `mcpg audit tail` shows them."""
        done = self.run("audit", "tail", "--json", "--limit", "100000", *arguments)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def verified(self, *arguments: str, check: int | None = 0) -> dict[str, Any]:
        done = self.run("audit", "verify", "--json", *arguments, check=check)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def copy_ledger(self, to: Path) -> Path:
        """Copy the ledger of a stopped gateway and what stands beside it; returns the copy's file."""
        to.mkdir(parents=True)
        for path in self.state.glob("ledger*"):
            shutil.copy(path, to)
        return to / "ledger.db"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def text_of(result: dict[str, Any]) -> str:
    return "".join(block.get("text", "") for block in result["content"])
