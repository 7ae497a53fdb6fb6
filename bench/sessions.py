"""What idle sessions, open streams and readers that stop reading cost one process, and who is slowed by them.

    python bench/sessions.py [--json FILE] [--sessions 10000] [--streams 500] [--readers 20]

Three gateways one after the other. The first is given sessions (initialize and initialized, spread over 64 callers)
and then streams: GET in sessions, as many `subscriptions/listen` again. At last its file changes, which all streams are
told. The others stand before a tool that sends 64 MiB of progress; readers of either era take the first bytes and no
more. Meanwhile one connection calls another tool, over and over. Nothing fails on a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import platform
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from load import Figures, load, request_bytes
from served import KEYS
from subjects import Stage, Subject, call, memory_folder, pin, request

VERSION = "2025-11-25"
INITIALIZE = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
BOTH = "application/json, text/event-stream"
OPENERS = 16
SECONDS = 3.0
WATCHED = 15.0
"""How long readers that do not read are watched: longer than the gateway waits for a client that takes nothing."""
BUDGETS = {
    "memory of an idle session, KiB": 4.0,
    "memory of an open stream with its connection, KiB": 64.0,
    "a reader of 2026-07-28 that stops, KiB": 1024.0,  # 256 of its queue, the rest in the transports of both sides
    "a reader of a session that stops, KiB": 5120.0,  # 4,096 more are kept for it to come back for
    "told of a change, s": 1.0,
}


@dataclass
class Row:
    """One state of the gateway: its memory, and calls meanwhile."""

    title: str
    memory: float
    calls: Figures
    each: float | None = None
    """KiB for each thing that was added."""
    more: dict[str, Any] = field(default_factory=dict)


def post(port: int, key: int, body: dict[str, Any], **headers: str) -> bytes:
    """Return one POST of a caller."""
    named = {"content-type": "application/json", "accept": BOTH, "authorization": f"Bearer mcpg_bench{key % KEYS}"}
    return request_bytes("/mcp", json.dumps(body).encode(), named | headers, host=f"127.0.0.1:{port}")


class Wire:
    """One connection that sends requests and reads whole answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, *, receive: int = 0) -> Wire:
        """Connect; `receive` is the size of the kernel's receive buffer, if it is to be small."""
        sock = socket.socket()
        if receive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=sock, limit=2**16))

    async def head(self, raw: bytes) -> bytes:
        """Send a request and return the head of its answer."""
        self.writer.write(raw)
        return await self.reader.readuntil(b"\r\n\r\n")

    async def whole(self, raw: bytes) -> tuple[bytes, bytes]:
        """Send a request and return head and body of its answer."""
        head = await self.head(raw)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        return head, await self.reader.readexactly(length)

    def close(self) -> None:
        """Leave."""
        self.writer.transport.abort()


async def open_session(wire: Wire, port: int, key: int) -> str:
    """Open one session and return its id; raises `RuntimeError` if it is not opened."""
    opening = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
    head, _ = await wire.whole(post(port, key, opening))
    at = head.lower().find(b"mcp-session-id: ")
    if at < 0:
        raise RuntimeError(f"no session: {head!r}")
    session = head[at + 16 :].partition(b"\r\n")[0].decode()
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    named = {"mcp-session-id": session, "mcp-protocol-version": VERSION}
    head, _ = await wire.whole(post(port, key, note, **named))
    if b" 202 " not in head:
        raise RuntimeError(f"not initialized: {head!r}")
    return session


async def open_sessions(port: int, number: int) -> list[str]:
    """Open so many sessions over a few connections."""
    sessions = [""] * number

    async def some(first: int) -> None:
        wire = await Wire.open(port)
        for place in range(first, number, OPENERS):
            sessions[place] = await open_session(wire, port, place)
        wire.close()

    await asyncio.gather(*(some(first) for first in range(OPENERS)))
    return sessions


async def get_stream(port: int, key: int, session: str) -> Wire:
    """Open the general stream of a session."""
    lines = [
        *("GET /mcp HTTP/1.1", f"host: 127.0.0.1:{port}", "accept: text/event-stream", f"mcp-session-id: {session}"),
        *(f"authorization: Bearer mcpg_bench{key % KEYS}", f"mcp-protocol-version: {VERSION}", "", ""),
    ]
    wire = await Wire.open(port)
    if not (head := await wire.head("\r\n".join(lines).encode())).startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"no stream: {head!r}")
    return wire


async def listen_stream(port: int, key: int) -> Wire:
    """Open a subscription of 2026-07-28."""
    body, headers = call(method="subscriptions/listen")
    message = json.loads(body)
    message["params"]["notifications"] = {"toolsListChanged": True}
    wire = await Wire.open(port)
    if not (head := await wire.head(post(port, key, message, **headers))).startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"no subscription: {head!r}")
    await wire.reader.readuntil(b"acknowledged")
    return wire


async def calls(subject: Subject, seconds: float = SECONDS, name: str = "echo") -> Figures:
    """Call a tool on one connection."""
    return await load(subject.port, request(subject.port, 0, name), connections=1, seconds=seconds, expect=b'"result"')


async def told(wires: list[Wire], subject: Subject) -> float:
    """Change the gateway's file and return after how many seconds the last stream has been told."""
    path = subject.folder / "mcpg.yaml"
    config = json.loads(path.read_text())
    config["tools"]["another"] = config["tools"]["echo"]
    reading = [asyncio.ensure_future(wire.reader.readuntil(b"list_changed")) for wire in wires]
    begin = time.perf_counter()
    path.write_text(json.dumps(config))
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*reading)
    except TimeoutError:
        return float("nan")
    return time.perf_counter() - begin


async def measure_sessions(subject: Subject, sessions: int, streams: int) -> list[Row]:
    """Fill one gateway step by step."""
    await calls(subject)
    rows = [Row("nothing", subject.memory() or 0.0, await calls(subject))]

    async def add(title: str, number: int, **more: Any) -> None:
        memory, before = subject.memory() or 0.0, rows[-1].memory
        each = (memory - before) * 1024 / max(1, number)
        rows.append(Row(title, memory, await calls(subject), each, more))

    begin = time.perf_counter()
    names = await open_sessions(subject.port, sessions)
    await add(f"{sessions:,} idle sessions", sessions, opened_s=time.perf_counter() - begin)
    wires = [await get_stream(subject.port, place, names[place]) for place in range(min(streams, sessions))]
    await add(f"and {streams} GET streams", streams)
    wires += [await listen_stream(subject.port, place) for place in range(streams)]
    await add(f"and {streams} subscriptions", streams)
    meanwhile = asyncio.ensure_future(calls(subject, 2.0))
    seconds = await told(wires, subject)
    rows.append(Row("all told of a change", subject.memory() or 0.0, await meanwhile, None, {"told_s": seconds}))
    for wire in wires:
        wire.close()
    return rows


async def stop_reading(subject: Subject, number: int, *, modern: bool) -> Row:
    """Let so many readers stop after the first bytes of a flood, and watch the gateway's memory."""
    await calls(subject, name="here")
    before = subject.memory() or 0.0
    wires = []
    for key in range(number):
        wire = await Wire.open(subject.port, receive=4096)
        wires.append(wire)
        body, headers = call("flood")
        message = json.loads(body)
        message["params"]["_meta"]["progressToken"] = f"flood-{key}"
        if not modern:
            session = await open_session(wire, subject.port, key)
            message["params"]["_meta"] = {"progressToken": f"flood-{key}"}
            headers = {"mcp-session-id": session, "mcp-protocol-version": VERSION}
        await wire.head(post(subject.port, key, message, **headers))
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined] # what is read is a socket
    meanwhile = asyncio.ensure_future(calls(subject, WATCHED, "here"))
    most = 0.0
    while not meanwhile.done():
        most = max(most, subject.memory() or 0.0)
        await asyncio.sleep(0.1)
    figures = await meanwhile
    for wire in wires:
        wire.close()
    await asyncio.sleep(1.0)
    title = f"{number} readers of {'2026-07-28' if modern else VERSION} that stop"
    after = subject.memory() or 0.0
    return Row(title, most, figures, (most - before) * 1024 / number, {"before_mib": before, "after_mib": after})


def show(rows: list[Row]) -> None:
    """Print one table."""
    print(f"{'':44}{'MiB':>9}{'KiB each':>10}{'calls/s':>9}{'p50 ms':>8}{'p99 ms':>8}{'failed':>8}")
    for row in rows:
        each = f"{row.each:10.2f}" if row.each is not None else " " * 10
        figures = f"{row.calls.rate:9,.0f}{row.calls.p50:8.2f}{row.calls.p99:8.2f}{row.calls.failed:8}"
        more = ", ".join(f"{name} {value:.2f}" for name, value in row.more.items())
        print(f"{row.title:44}{row.memory:9.1f}{each}{figures}  {more}")


def run(options: argparse.Namespace, folder: Path) -> list[Row]:
    """Measure all."""
    with Stage(folder) as stage:
        rows = uvloop.run(measure_sessions(stage.start("memo"), options.sessions, options.streams))
        stage.stop("memo")
        stage.start("upstream")
        for modern in (True, False):
            subject = stage.start("flooded", behind="upstream")
            rows.append(uvloop.run(stop_reading(subject, options.readers, modern=modern)))
            stage.stop("flooded")
    return rows


def main() -> None:
    """Measure, print the tables, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--readers", type=int, default=20)
    options = parser.parse_args()
    pin(1)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(dir=memory_folder()) as name:
        rows = run(options, Path(name))
    show(rows)
    values = (rows[1].each, rows[2].each, rows[-2].each, rows[-1].each, rows[-3].more["told_s"])
    for (title, limit), value in zip(BUDGETS.items(), values, strict=True):
        measured = float(value or 0.0)
        met = "met" if measured <= limit else "NOT MET"
        print(f"{title:52}{measured:10.2f}{'<= ' + format(limit, 'g'):>12}  {met}")
    if options.json is not None:
        facts = {"bench": "sessions", "python": platform.python_version(), "platform": sys.platform}
        found = [
            {"title": r.title, "mib": r.memory, "kib_each": r.each, "p50": r.calls.p50, "p99": r.calls.p99}
            for r in rows
        ]
        options.json.write_text(json.dumps({**facts, "rows": found}, indent=1))


if __name__ == "__main__":
    main()
