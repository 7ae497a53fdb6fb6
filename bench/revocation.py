"""From a revocation list's arrival to the last answer of the plugin that it kills, under load.

    python bench/revocation.py [--json FILE] [--runs 15]

One gateway, ledger and state on disk: 12 connections call the tool that is killed, 4 another one, each as fast as it is
answered. A list arrives when its POST has been written, its file has been renamed, or the poll's answer has been
written. Each run kills and then revokes no more, which brings the plugin back. What is measured is when a client had
the last good answer in its hands. Nothing fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import uvloop
from load import request_bytes
from subjects import WARM, call, pin

from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.envelopes import sign_list
from mcpg_revocations.lists import Entry, RevocationList, digest_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

TOKEN = "the-token-of-the-benchmark"
KEY = "mcpg_bench"
VICTIMS, OTHERS = 12, 4
BUDGET = 100.0
PATIENCE = 60.0
KILL = Entry(id="bench", action="kill", reason="measured", plugin="mcpg/backend-mock", versions="*")


class Publisher:
    """Two keys, and lists that follow each other."""

    def __init__(self, others: int) -> None:
        self.keys = [PrivateKey.generate(), PrivateKey.generate()]
        self._last: RevocationList | None = None
        self._rest = tuple(
            Entry(id=str(n), action="kill", reason="filler", wasm=f"sha256:{n:064x}") for n in range(others)
        )

    def issue(self, *, kills: bool) -> bytes:
        """Return the next list."""
        last, now = self._last, int(time.time())
        self._last = RevocationList(
            schema=1,
            version=last.version + 1 if last else 1,
            issuer="bench",
            previous=digest_of(last) if last else "",
            issued=now,
            expires=now + 86_400,
            entries=((KILL, *self._rest) if kills else self._rest),
        )
        return sign_list(self._last, self.keys)


@dataclass
class Load:
    """Connections that call one tool: when each answer came, whether it was good, and how long it took."""

    name: str
    number: int
    last_good: float = 0.0
    good: int = 0
    bad: int = 0
    slowest: float = 0.0
    states: list[bool] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, port: int) -> None:
        """Begin to call."""
        self.states = [False] * self.number
        self.tasks = [asyncio.create_task(self._call(port, place)) for place in range(self.number)]

    async def stop(self) -> None:
        """End it."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def all(self, *, good: bool) -> None:
        """Wait until the newest answer of each connection is good, or is not."""
        async with asyncio.timeout(PATIENCE):
            while any(state is not good for state in self.states):  # noqa: ASYNC110 - nothing has an event for it
                await asyncio.sleep(0.005)

    async def _call(self, port: int, place: int) -> None:
        body, headers = call(self.name)
        usual = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        given = {**usual, **headers, "authorization": f"Bearer {KEY}"}
        raw = request_bytes("/mcp", body, given, host=f"127.0.0.1:{port}")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            begin = time.perf_counter()
            writer.write(raw)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            said = await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            now = time.perf_counter()
            fine = b'"result"' in said and b'"isError":true' not in said
            self.slowest = max(self.slowest, now - begin)
            self.states[place] = fine
            if fine:
                self.good, self.last_good = self.good + 1, now
            else:
                self.bad += 1


class Feed:
    """A server that has one list; it notes when it has written one that is news."""

    def __init__(self) -> None:
        self.text = b""
        self.written = 0.0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Serve on a free port."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                tag = '"' + hashlib.sha256(self.text).hexdigest() + '"'
                known = not self.text or tag in asked
                status = "304 Not Modified" if known else "200 OK"
                body = b"" if known else self.text
                writer.write(f"HTTP/1.1 {status}\r\netag: {tag}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
                if not known:
                    self.written = time.perf_counter()


class Ground:
    """One gateway, its folder, its publisher and its feed."""

    def __init__(self, folder: Path, publisher: Publisher, feed: str) -> None:
        self.folder, self.publisher = folder, publisher
        folder.mkdir(parents=True)
        for number, key in enumerate(publisher.keys):
            (folder / f"{number}.pem").write_text(key.public.pem)
        (folder / "rules.cedar").write_text("permit(principal, action, resource);")
        (folder / "feed.json").write_bytes(publisher.issue(kills=False))
        (folder / "mcpg.yaml").write_text(json.dumps(self._file(feed)))  # JSON is YAML
        self.port = 0

    def _file(self, feed: str) -> dict[str, Any]:
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        keys = [{"id": "ana", "hash": f"sha256:{digest}"}]
        schema = {"q": {"type": "string", "default": "x"}}
        victim = {"backend": "fake", "description": "Is killed.", "input": schema, "mock": {"text": "fine"}}
        other = {"backend": "sales", "description": "Is not.", "input": schema, "query": {"sql": "select 1 as one"}}
        sales = {"from": "builtin:backend-sql", "config": {"connection": "sales"}}
        return {
            "version": 1,
            "state": "state",
            "server": {"listen": "127.0.0.1:0", "admin": "unix:admin.sock", "admin_token": TOKEN},
            "revocations": {"feed": feed, "anchor": {"keys": ["0.pem", "1.pem"]}, "poll": "100ms"},
            "connections": {"sales": {"url": "sqlite+aiosqlite:///sales.db"}},
            "plugins": {
                "keys": {"from": "builtin:identity-api-key", "config": {"keys": keys}},
                "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}},
                "fake": {"from": "builtin:backend-mock"},
                "sales": {**sales, "grants": {"sql": {"connections": ["sales"], "read_only": True}}},
            },
            "identity": {"chain": ["keys"]},
            "policy": {"engines": ["rules"]},
            "tools": {"victim": victim, "other": other},
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run `mcpg serve` on a core of its own."""
        (self.folder / "sales.db").touch()
        (self.folder / "state").mkdir(mode=0o700)
        WARM.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "state" / "compiled").symlink_to(WARM, target_is_directory=True)
        log = self.folder / "log"
        with log.open("wb") as out:
            process = self._spawn(out)
        try:
            async with asyncio.timeout(PATIENCE):
                while b"serving http" not in log.read_bytes():
                    if process.poll() is not None:
                        raise RuntimeError(log.read_text())
                    await asyncio.sleep(0.02)
            self.port = int(log.read_text().partition("serving http://127.0.0.1:")[2].partition("/")[0])
            yield
        finally:
            process.terminate()
            process.wait(30)

    def _spawn(self, out: BinaryIO) -> subprocess.Popen[bytes]:
        taskset = shutil.which("taskset") if (os.cpu_count() or 1) > 1 else None
        pinned = [taskset, "-c", "0"] if taskset else []
        words = [*pinned, sys.executable, "-m", "mcpg", "serve", "--config", str(self.folder / "mcpg.yaml")]
        return subprocess.Popen(words, cwd=self.folder, stdout=out, stderr=out)

    async def post(self, text: bytes) -> float:
        """Post a list, waiting where too many were posted, and return when it was written."""
        while True:
            reader, writer = await asyncio.open_unix_connection(self.folder / "admin.sock")
            writer.write(request_bytes("/admin/v1/revocations", text, {"authorization": f"Bearer {TOKEN}"}))
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            written = time.perf_counter()
            said = await reader.readuntil(b"\r\n")
            writer.close()
            if b" 200 " in said:
                return written
            if b" 429 " not in said:
                raise RuntimeError(said.decode())
            await asyncio.sleep(1.0)

    async def rename(self, text: bytes) -> float:
        """Replace the feed's file, and return when that was done."""
        fresh = self.folder / ".feed"
        fresh.write_bytes(text)
        fresh.replace(self.folder / "feed.json")
        return time.perf_counter()


async def runs_of(ground: Ground, number: int, bring: Callable[[bytes], Awaitable[float]]) -> dict[str, Any]:
    """Kill and bring back so often; return each time in ms, and what other calls saw."""
    victims, others, found = Load("victim", VICTIMS), Load("other", OTHERS), []
    async with ground.running():
        victims.start(ground.port)
        others.start(ground.port)
        try:
            for _ in range(number):
                await victims.all(good=True)
                await asyncio.sleep(0.3)
                arrived = await bring(ground.publisher.issue(kills=True))
                await victims.all(good=False)
                found.append(max(0.0, (victims.last_good - arrived) * 1000))  # none may come after it
                await bring(ground.publisher.issue(kills=False))
        finally:
            await victims.stop()
            await others.stop()
    return {
        "ms": found,
        "others": others.good,
        "others_failed": others.bad,
        "others_slowest_ms": others.slowest * 1000,
    }


async def measure(folder: Path, way: str, entries: int, number: int) -> dict[str, Any]:
    """Return what one row says."""
    publisher, feed = Publisher(entries), Feed()

    async def served(text: bytes) -> float:
        before, feed.text = feed.written, text
        async with asyncio.timeout(PATIENCE):
            while feed.written == before:  # noqa: ASYNC110 - the gateway asks when it likes
                await asyncio.sleep(0.001)
        return feed.written

    async with feed.serving() as port:
        feed.text = b""
        where = f"http://127.0.0.1:{port}/list.json" if way == "poll" else "file:feed.json"
        ground = Ground(folder, publisher, where)
        feed.text = (folder / "feed.json").read_bytes()
        ways = {"post": ground.post, "file": ground.rename, "poll": served}
        found = await runs_of(ground, number, ways[way])
    return {"way": way, "entries": entries, **found}


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    print(
        f"{'arrives by':12}{'entries':>9}{'runs':>6}{'median ms':>11}{'worst ms':>10}{'wanted':>9}   other tool's calls"
    )
    for row in rows:
        median, worst = statistics.median(row["ms"]), max(row["ms"])
        met = "met" if worst <= BUDGET else "NOT MET"
        others = f"{row['others']:,} good, {row['others_failed']} failed, slowest {row['others_slowest_ms']:.0f} ms"
        print(
            f"{row['way']:12}{row['entries'] + 1:9,}{len(row['ms']):6}{median:11.1f}{worst:10.1f}"
            f"{'<= ' + format(BUDGET, 'g'):>9}  {met}; {others}"
        )


def main() -> None:
    """Measure, print the table, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    pin(1)
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f}")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for way in ("post", "file", "poll"):
            for entries in (0, 999, 19_999):
                folder = Path(name) / f"{way}-{entries}"
                rows.append(uvloop.run(measure(folder, way, entries, max(1, options.runs))))
    show(rows)
    if options.json is not None:
        facts = {"bench": "revocation", "python": platform.python_version(), "machine": platform.machine()}
        options.json.write_text(json.dumps({**facts, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
