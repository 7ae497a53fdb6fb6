"""Which HTTP client may stand behind the guarded connector: what each can promise, and how fast it is.

    python bench/http_clients.py [--json FILE] [--runs 5] [--requests 3000]

The server is a bare asyncio protocol in a process and, where there are two, on a core of its own: a client that
works in a thread (pyreqwest) gets no second core, as it gets none in a busy gateway. Clients that are not installed
are left out (`pip install aiohttp pyreqwest`). Figures are medians of the runs; ratios are to the connector's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import ipaddress
import json
import multiprocessing
import os
import socket
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from mcpg.effects.addresses import Private
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.transport import HttpFailed, Outgoing, Reach

if TYPE_CHECKING:
    from mcpg.effects.addresses import Address

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "x" * 400}]}}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
HOST = "bench.example"
LEVELS = (1, 16, 256)
Send = "Callable[[str], Awaitable[bytes]]"


class Server(asyncio.Protocol):
    """Answers GETs: `/` at once, `/late` after 500 ms, `/never` not at all, `/close` by ending the connection."""

    gone: asyncio.Event

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Every packet is one request here."""
        if data.startswith(b"GET /late"):
            asyncio.get_running_loop().call_later(0.5, self.transport.write, ANSWER)
        elif data.startswith(b"GET /close"):
            self.transport.close()
        elif not data.startswith(b"GET /never"):
            self.transport.write(ANSWER)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Tell whoever waits for it."""
        with contextlib.suppress(AttributeError):
            self.gone.set()


def keep_to(core: int) -> None:
    """Bind this process to one core, where the system has that and has two."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


def serve(listener: socket.socket) -> None:
    """Serve for ever, in a process of its own."""
    keep_to(1)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, sock=listener, backlog=2048)
        await server.serve_forever()

    uvloop.run(main())


class Loopback:
    """A resolver for one host."""

    async def resolve(self, host: str) -> tuple[Address, ...]:
        """Return loopback."""
        if host != HOST:
            raise OSError(host)
        return (ipaddress.ip_address("127.0.0.1"),)

    async def stop(self) -> None:
        """Nothing to do."""


@contextlib.asynccontextmanager
async def connector(_: int) -> Any:
    """Our own: a protocol over httptools, behind every check of the guarded connector."""
    made = GuardedConnector(Loopback())
    reach = Reach(Private(everywhere=True))

    async def send(url: str) -> bytes:
        deadline = asyncio.get_running_loop().time() + 30
        return (await made.request(Outgoing("GET", url), reach, deadline=deadline)).body

    yield send
    await made.stop()


@contextlib.asynccontextmanager
async def pyreqwest(port: int) -> Any:
    """Rust's reqwest: a client for each pin, proxies and redirects off."""
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - may not be installed

    made = ClientBuilder().no_proxy().follow_redirects(enable=False).resolve(HOST, "127.0.0.1", port).build()

    async def send(url: str) -> bytes:
        return bytes(await (await made.get(url).build().send()).bytes())

    yield send
    await made.close()


@contextlib.asynccontextmanager
async def aiohttp(_: int) -> Any:
    """aiohttp: one session, a resolver of our own."""
    import aiohttp as library  # noqa: PLC0415 - may not be installed
    from aiohttp.abc import AbstractResolver  # noqa: PLC0415 - a peer, not a dependency

    class Pinned(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
            return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

        async def close(self) -> None:
            pass

    async with library.ClientSession(connector=library.TCPConnector(limit=0, resolver=Pinned())) as session:

        async def send(url: str) -> bytes:
            async with session.get(url, allow_redirects=False) as answer:
                return await answer.read()

        yield send


CLIENTS = {"connector": connector, "pyreqwest": pyreqwest, "aiohttp": aiohttp}


async def rate(send: Any, url: str, level: int, requests: int) -> tuple[float, float]:
    """Return requests per second and the p50 in ms at `level` requests in flight."""
    latencies: list[float] = []
    left = iter(range(requests))

    async def work() -> None:
        for _ in left:
            begin = time.perf_counter()
            await send(url)
            latencies.append(time.perf_counter() - begin)

    await asyncio.gather(*(send(url) for _ in range(level)))
    begin = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(level)))
    return requests / (time.perf_counter() - begin), statistics.median(latencies) * 1000


async def thousand(send: Any, url: str) -> float:
    """Return the seconds until 1,000 answers that take 500 ms each have come."""
    begin = time.perf_counter()
    await asyncio.gather(*(send(url) for _ in range(1000)))
    return time.perf_counter() - begin


async def promises(name: str) -> dict[str, str]:
    """Return what a client does where it matters: when it is cancelled, and what it says of a request that was sent."""
    Server.gone = asyncio.Event()
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with CLIENTS[name](port) as send:
        task = asyncio.ensure_future(send(f"http://{HOST}:{port}/never"))
        await asyncio.wait([task], timeout=0.3)
        Server.gone.clear()
        task.cancel()
        await asyncio.wait([task])
        try:
            await asyncio.wait_for(Server.gone.wait(), 2)
            ends = "yes"
        except TimeoutError:
            ends = "no: it goes on unseen"
        try:
            await send(f"http://{HOST}:{port}/close")
            said = "an answer"
        except HttpFailed as failure:
            said = f"sent: {failure.sent}"
        except Exception as error:  # noqa: BLE001 - that is the question
            said = type(error).__name__
    server.close()
    return {"cancelling ends the connection": ends, "closed after the request": said}


def measure(name: str, port: int, requests: int) -> dict[str, float]:
    """Return one run's figures of one client."""

    async def main() -> dict[str, float]:
        url = f"http://{HOST}:{port}"
        found: dict[str, float] = {}
        async with CLIENTS[name](port) as send:
            for level in LEVELS:
                found[f"rate {level}"], found[f"p50 {level}"] = await rate(send, f"{url}/", level, requests)
            found["1,000 x 500 ms"] = await thousand(send, f"{url}/late")
        return found

    return uvloop.run(main())


def table(results: dict[str, dict[str, float]], said: dict[str, dict[str, str]]) -> None:
    """Print what was found."""
    head = [f"{level} in flight" for level in LEVELS]
    print(f"{'client':12}" + "".join(f"{title:>26}" for title in head) + f"{'1,000 x 500 ms':>18}")
    base = results["connector"]
    for name, found in results.items():
        cells = [
            f"{found[f'rate {n}']:9,.0f}/s {found[f'p50 {n}']:6.2f} ms {found[f'rate {n}'] / base[f'rate {n}']:5.2f}"
            for n in LEVELS
        ]
        print(f"{name:12}" + "".join(f"{cell:>26}" for cell in cells) + f"{found['1,000 x 500 ms']:16.2f} s")
    for name, answers in said.items():
        for question, answer in answers.items():
            print(f"{name:12} {question}: {answer}")


def main() -> None:
    """Measure, print, and write JSON where asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--requests", type=int, default=3000)
    given = arguments.parse_args()
    there = [name for name in CLIENTS if name == "connector" or importlib.util.find_spec(name)]
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    port = listener.getsockname()[1]
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listener,), daemon=True)
    server.start()
    keep_to(0)
    try:
        runs = [{name: measure(name, port, given.requests) for name in there} for _ in range(given.runs)]
    finally:
        server.kill()
        server.join()
    results = {
        name: {key: statistics.median(run[name][key] for run in runs) for key in runs[0][name]} for name in there
    }
    said = {name: asyncio.run(promises(name)) for name in there}
    table(results, said)
    if given.json:
        given.json.write_text(json.dumps({"results": results, "promises": said}, indent=2) + "\n")


if __name__ == "__main__":
    main()
