"""A thousand calls at once: none waits for a thread, none is lost, and a gateway killed among them tells the truth."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import document, http_use, tool
from tests.system.load import Connection, Peer, reply, tally

if TYPE_CHECKING:
    from tests.system.kit import Gateway
    from tests.system.load import Request

pytestmark = pytest.mark.real

MANY = 1000
THREADS = 40
CALL = "dev.mcpg/call"


async def _slow(_request: Request) -> bytes:
    await asyncio.sleep(0.5)
    return reply({"ok": True})


def _file(port: int) -> dict[str, Any]:
    get = {"method": "GET", "path": "/slow"}
    return document(
        plugins={"api": http_use(port)},
        tools={"slow": tool("api", request=get)},
        telemetry={"logs": {"level": "error"}},
    )


async def _connections(stack: AsyncExitStack, url: str) -> list[Connection]:
    """Return connections that each have made a call of the echo, so that only calls are counted later."""
    made = [await stack.enter_async_context(Connection(url)) for _ in range(MANY)]
    for start in range(0, MANY, 100):
        await asyncio.gather(*(one.call("echo") for one in made[start : start + 100]))
    return made


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def test_a_thousand_slow_calls_are_all_answered(gateway: Gateway) -> None:
    async with Peer(_slow).serving() as peer, AsyncExitStack() as stack:
        gateway.write(_file(peer.port))
        await asyncio.to_thread(gateway.start)
        assert gateway.process is not None
        connections = await _connections(stack, gateway.url)
        began, threads = time.monotonic(), 0
        tasks = [asyncio.create_task(one.call("slow")) for one in connections]
        while not all(task.done() for task in tasks):
            threads = max(threads, _threads(gateway.process.pid))
            await asyncio.sleep(0.05)
        took = time.monotonic() - began
        answers = [await task for task in tasks]
    sys.stdout.write(f"\n{MANY} calls of 500 ms: {took:.2f} s, {peer.most} at once at the backend, {threads} threads\n")
    assert tally(answers) == {"ok": MANY}
    assert 0 < threads <= THREADS
    assert peer.most > 4 * threads


async def test_every_answered_call_outlives_a_kill(gateway: Gateway) -> None:
    answered: list[str] = []
    enough = asyncio.Event()

    async def call(connection: Connection) -> None:
        try:
            while True:
                answer = await connection.call("slow")
                answered.append(answer["result"]["_meta"][CALL])
                if len(answered) >= MANY // 3:
                    enough.set()
        except OSError:
            pass  # the gateway is gone

    async with Peer(_slow).serving() as peer, AsyncExitStack() as stack:
        gateway.write(_file(peer.port))
        await asyncio.to_thread(gateway.start)
        assert gateway.process is not None
        connections = await _connections(stack, gateway.url)
        tasks = [asyncio.create_task(call(one)) for one in connections]
        async with asyncio.timeout(60):
            await enough.wait()
        os.kill(gateway.process.pid, signal.SIGKILL)
        await asyncio.gather(*tasks)
        await asyncio.to_thread(gateway.process.wait)
        await asyncio.to_thread(gateway.start)
    assert gateway.stop() == 0
    _check_ledger(gateway, answered)


def _check_ledger(gateway: Gateway, answered: list[str]) -> None:
    head = gateway.run("audit", "head").stdout.strip()
    report = gateway.verified("--head", head)
    assert (report["ok"], report["findings"]) == (True, [])
    records = gateway.records()
    intents = {record["call"] for record in records if record["kind"] == "intent"}
    outcomes = {record["call"]: record for record in records if record["kind"] == "outcome"}
    assert Counter(outcomes.get(call, {}).get("status") for call in answered) == {"ok": len(answered)}
    assert intents == outcomes.keys()
    closed = [record for record in outcomes.values() if record["status"] == "unknown"]
    start = [record for record in records if record["kind"] == "start"][-1]
    assert start["closed"] == len(closed) > 0
    assert start["lost"] == 0
