"""Runs the quickstart: makes its database and keys once, starts the weather service and the gateway, says what to try.

It installs nothing; `make run` has done that. With `--stdio` it serves MCP over its own standard input and output
instead, as a desktop client starts it. With `--zoo` it serves zoo.yaml, plugins in four languages. Ctrl-C stops
everything.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from http import HTTPStatus
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STATE = ROOT / ".state" / "quickstart"
CONFIG, ZOO = HERE / "mcpg.yaml", HERE / "zoo.yaml"
WEATHER_PORT = "8789"
URL = "http://127.0.0.1:8787"
ROWS = [
    ("Ada Machines", "ada@machines.example", 910_000),
    ("Borealis Foods", "hello@borealis.example", 640_500),
    ("Cinder & Sons", "office@cinder.example", 402_300),
    ("Delta Wool", "delta@wool.example", 377_000),
    ("Ember Tools", "sales@ember.example", 120_750),
    ("Fjord Paper", "kontakt@fjord.example", 98_000),
]


def database() -> None:
    """Make the customers' database, if it is not there."""
    path = STATE / "sales.db"
    if path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table customers (name text primary key, contact text, revenue integer)")
        connection.executemany("insert into customers values (?, ?, ?)", ROWS)
        connection.commit()


def key(name: str) -> str:
    """Return the caller's key, made at the first start and kept in a file of its own."""
    path = STATE / f"{name}.key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"mcpg_{secrets.token_urlsafe(32)}")
    return path.read_text()


def weather() -> subprocess.Popen[bytes] | None:
    """Start the weather service, unless another quickstart has started it."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(WEATHER_PORT))) == 0:
            return None
    return subprocess.Popen([sys.executable, str(HERE / "weather.py"), WEATHER_PORT], stdin=subprocess.DEVNULL)


def environment() -> dict[str, str]:
    """Return the environment that mcpg.yaml refers to, and write it down for shells that ask about the file."""
    hashes = {n: "sha256:" + hashlib.sha256(key(n).encode()).hexdigest() for n in ("ana", "bot")}
    settings = {
        "QUICKSTART_ANA_HASH": hashes["ana"],
        "QUICKSTART_BOT_HASH": hashes["bot"],
        "QUICKSTART_ADMIN_TOKEN": key("admin"),
        "QUICKSTART_TIME_SERVER": str(STATE / "time-server" / "bin" / "mcp-server-time"),
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()]
    with os.fdopen(os.open(STATE / "environment", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(lines)
    return {**os.environ, **settings}


def wait_until_ready(gateway: subprocess.Popen[bytes], seconds: float = 120.0) -> bool:
    """Wait until the gateway answers; False when it ended or took too long."""
    until = time.monotonic() + seconds
    while gateway.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{URL}/ready", timeout=2) as answer:
            if answer.status == HTTPStatus.OK:
                return True
        time.sleep(0.1)
    return False


def say_what_to_try() -> None:
    """Print commands that work in another shell."""
    ana, bot = STATE.relative_to(ROOT) / "ana.key", STATE.relative_to(ROOT) / "bot.key"
    print(f"""
MCPG serves {URL}/mcp. From another shell, in this folder:

  .venv/bin/mcpg call --list --key-file {ana}
  .venv/bin/mcpg call top-customers --arg limit=3 --key-file {ana}       # addresses are redacted
  .venv/bin/mcpg call top-customers --arg limit=9 --key-file {ana}       # a policy forbids it
  .venv/bin/mcpg call top-customers --key-file {bot}                     # for the bot it does not exist
  .venv/bin/mcpg call forecast --arg city=Ulm --key-file {bot}
  .venv/bin/mcpg call time.get_current_time --arg timezone=Europe/Berlin --key-file {bot}

  .venv/bin/mcpg audit tail --config deploy/quickstart/mcpg.yaml                      # what was decided
  .venv/bin/mcpg audit verify --config deploy/quickstart/mcpg.yaml                    # and that nobody changed it
  .venv/bin/mcpg explain last --config deploy/quickstart/mcpg.yaml                    # why, stage by stage

  . .state/quickstart/environment                                                     # the file names its variables
  .venv/bin/mcpg config explain --config deploy/quickstart/mcpg.yaml                  # the way of each tool
  .venv/bin/mcpg doctor --config deploy/quickstart/mcpg.yaml                          # what is wrong, if anything is

  npx @modelcontextprotocol/inspector --cli {URL}/mcp --transport http --method tools/list \\
      --header "Authorization: Bearer $(cat {ana})"                             # with Node 22.19 or newer

The keys are in {ana} and {bot}. Ctrl-C stops.
""", flush=True)  # fmt: skip


def say_what_the_zoo_does() -> None:
    """Print commands that show each animal."""
    ana, bot = STATE.relative_to(ROOT) / "ana.key", STATE.relative_to(ROOT) / "bot.key"
    print(f"""
MCPG serves {URL}/mcp. From another shell, in this folder:

  .venv/bin/mcpg call --list --key-file {ana}
  .venv/bin/mcpg call top-customers --arg limit=3 --key-file {ana}       # rows became two numbers (JavaScript)
  .venv/bin/mcpg call refund --arg amount=20 --key-file {ana}            # at night for analysts only (Go)
  .venv/bin/mcpg call refund --arg amount=5000 --key-file {ana}          # too risky, says a model (Python)
  .venv/bin/mcpg call forecast --arg city=Ulm --key-file {bot}           # a policy lets it (Rust)
  .venv/bin/mcpg explain last --config deploy/quickstart/zoo.yaml                     # who said what

Ctrl-C stops.
""", flush=True)  # fmt: skip


def main() -> int:
    """Run until the gateway ends; return its exit status."""
    STATE.mkdir(parents=True, exist_ok=True, mode=0o700)
    database()
    settings = environment()
    stdio, zoo = "--stdio" in sys.argv[1:], "--zoo" in sys.argv[1:]
    command = [sys.executable, "-m", "mcpg", "serve", "--config", str(ZOO if zoo else CONFIG)]
    if stdio:
        command.append("--stdio")
        settings["QUICKSTART_STATE"] = "stdio"
    forecasts = weather()
    try:
        gateway = subprocess.Popen(command, env=settings, cwd=ROOT)
        signal.signal(signal.SIGTERM, lambda *_: gateway.terminate())
        if not stdio and wait_until_ready(gateway):
            (say_what_the_zoo_does if zoo else say_what_to_try)()
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return gateway.wait()
    finally:
        if forecasts is not None:
            forecasts.terminate()
            forecasts.wait()


if __name__ == "__main__":
    sys.exit(main())
