"""How fast the gateway is there and how much memory it holds while nobody calls.

    python bench/start.py [--json FILE] [--runs 5]

Twenty plugin uses, components compiled before. `ready` is from the start of the process to its first answer; the time
of `--help` is what it takes beyond an interpreter that does nothing. Nothing fails on a time.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from load import load, request_bytes
from served import KEYS
from subjects import Stage, Subject, memory_folder

SESSIONS = 1000
INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
BUDGETS = {"ready_s": 2.0, "help_ms": 150.0, "idle_mib": 200.0, "sessions_mib": 20.0}
TITLES = {
    "ready_s": "start to ready, 20 plugins, s",
    "help_ms": "`mcpg --help`, ms",
    "idle_mib": "memory idle, 20 plugins, MiB",
    "sessions_mib": "memory of 1,000 idle sessions, MiB",
}


def seconds_of(*words: str) -> float:
    """Return how long a Python process takes."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


async def open_sessions(subject: Subject, number: int) -> None:
    """Open so many sessions, spread over all callers."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}).encode()
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    for key in range(number):
        named = headers | {"authorization": f"Bearer mcpg_bench{key % KEYS}"}
        raw = request_bytes("/mcp", body, named, host=f"127.0.0.1:{subject.port}")
        found = await load(subject.port, raw, connections=1, seconds=0.0, expect=b"protocolVersion")
        if found.failed:
            raise RuntimeError("a session was not opened")


def one_run(folder: Path) -> dict[str, float]:
    """Start once and look."""
    with Stage(folder) as stage:
        begin = time.perf_counter()
        subject = stage.start("many-uses")
        ready = time.perf_counter() - begin
        time.sleep(0.5)
        idle = subject.memory() or 0.0
        uvloop.run(open_sessions(subject, SESSIONS))
        sessions = (subject.memory() or 0.0) - idle
    helps = seconds_of("-m", "mcpg", "--help") - seconds_of("-c", "pass")
    return {"ready_s": ready, "help_ms": helps * 1000, "idle_mib": idle, "sessions_mib": sessions}


def main() -> None:
    """Measure, print the table, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=memory_folder()) as name:
        one_run(Path(name) / "warm")
        runs = [one_run(Path(name) / str(number)) for number in range(max(1, options.runs))]
    found = {key: statistics.median(run[key] for run in runs) for key in BUDGETS}
    rows: list[dict[str, Any]] = [
        {"title": TITLES[key], "value": value, "limit": BUDGETS[key], "met": value <= BUDGETS[key]}
        for key, value in found.items()
    ]
    print(f"{'budget':38}{'measured':>10}{'wanted':>12}")
    for row in rows:
        print(
            f"{row['title']:38}{row['value']:10.2f}{'<= ' + format(row['limit'], 'g'):>12}  "
            f"{'met' if row['met'] else 'NOT MET'}"
        )
    if options.json is not None:
        facts = {"bench": "start", "python": platform.python_version(), "machine": platform.machine()}
        options.json.write_text(json.dumps({**facts, "budgets": rows}, indent=1))


if __name__ == "__main__":
    main()
