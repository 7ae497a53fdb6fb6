"""Names to addresses without blocking the event loop. It judges no address; `addresses` does, in the connector.

The system's own resolver is used, so that /etc/hosts, search order and local caches hold. Answers are kept for a short
time, and one question is asked once however many requests wait for it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mcpg.effects.addresses import Address

__all__ = ["Resolver", "SystemResolver"]

_MAX_ADDRESSES = 16


class Resolver(Protocol):
    """Something that knows the addresses of a host."""

    async def resolve(self, host: str) -> tuple[Address, ...]:
        """Return the addresses of `host`, best first; `OSError` when it has none."""
        ...

    async def stop(self) -> None:
        """Let go of what it holds."""
        ...


class SystemResolver:
    """`getaddrinfo` in a pool of its own: a slow name server holds up to `threads` questions, never the loop."""

    def __init__(self, *, threads: int = 4, keep: float = 30.0, names: int = 1024) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mcpg-resolve")
        self._keep = keep
        self._names = names
        self._known: OrderedDict[str, tuple[float, tuple[Address, ...]]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[tuple[Address, ...]]] = {}

    async def resolve(self, host: str) -> tuple[Address, ...]:
        """Return the addresses of `host`; `OSError` when there is none or too many questions wait."""
        known = self._known.get(host)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        task = self._asked.get(host)
        if task is None:
            if len(self._asked) >= self._names:
                raise OSError("too many names are being resolved")
            task = self._asked[host] = asyncio.create_task(self._ask(host))
            task.add_done_callback(lambda done: self._answered(host, done))
        return await asyncio.shield(task)

    async def _ask(self, host: str) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._pool, _lookup, host)
        addresses = tuple(dict.fromkeys(ipaddress.ip_address(text) for text in found))[:_MAX_ADDRESSES]
        if not addresses:
            raise OSError("the name has no address")
        return addresses

    def _answered(self, host: str, task: asyncio.Task[tuple[Address, ...]]) -> None:
        self._asked.pop(host, None)
        # Asking for the exception also keeps asyncio from reporting one that nobody waits for any more.
        if task.cancelled() or task.exception() is not None:
            return
        self._known[host] = (time.monotonic() + self._keep, task.result())
        self._known.move_to_end(host)
        while len(self._known) > self._names:
            self._known.popitem(last=False)

    async def stop(self) -> None:
        """Stop asking; questions under way are not waited for."""
        for task in tuple(self._asked.values()):
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _lookup(host: str) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
