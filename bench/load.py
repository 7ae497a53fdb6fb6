"""A load generator for the benchmarks: keep-alive connections that each send one request after the other.

It checks every status and keeps every latency. It is meant for a core of its own; it knows nothing of MCP.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Any

__all__ = ["Figures", "load", "request_bytes"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests per second, and latencies in ms."""

    rate: float
    p50: float
    p99: float
    count: int
    failed: int

    @classmethod
    def of(cls, latencies: list[float], seconds: float, failed: int) -> Figures:
        """Return the figures of one run."""
        ordered = sorted(latencies)
        at = [ordered[min(int(len(ordered) * q), len(ordered) - 1)] * 1000 for q in (0.5, 0.99)] if ordered else [0, 0]
        return cls(len(ordered) / seconds, at[0], at[1], len(ordered), failed)

    @classmethod
    def median(cls, runs: list[Figures]) -> Figures:
        """Return the run whose rate is the median of all."""
        middle = statistics.median_low([run.rate for run in runs])
        return next(run for run in runs if run.rate == middle)


def request_bytes(path: str, body: bytes, headers: dict[str, str], host: str = "127.0.0.1") -> bytes:
    """Return one HTTP/1.1 request."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Client(asyncio.Protocol):
    def __init__(
        self, request: bytes, until: float, latencies: list[float], done: asyncio.Future[int], expect: bytes
    ) -> None:
        self._request = request
        self._until = until
        self._latencies = latencies
        self._done = done
        self._expect = expect
        self._buffer = b""
        self._sent = 0.0
        self._failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self._buffer[:head].lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        now = time.perf_counter()
        body = self._buffer[head + 4 : head + 4 + length]
        if not self._buffer.startswith(b"HTTP/1.1 200") or self._expect not in body:
            self._failed += 1
        self._latencies.append(now - self._sent)
        self._buffer = b""
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(self._failed)


async def load(
    port: int, request: bytes, *, connections: int = 16, seconds: float = 3.0, expect: bytes = b""
) -> Figures:
    """Send the request over and over on so many connections for so long."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    start = time.perf_counter()
    endings = []
    for _ in range(connections):
        done: asyncio.Future[int] = loop.create_future()
        endings.append(done)
        await loop.create_connection(
            lambda done=done: _Client(request, start + seconds, latencies, done, expect), "127.0.0.1", port
        )
    failed = sum(await asyncio.gather(*endings))
    return Figures.of(latencies, time.perf_counter() - start, failed)
