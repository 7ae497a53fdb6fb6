"""Connections to checked addresses, kept for reuse. It checks no grant; the connector does.

A connection belongs to one `Pin`: the host that TLS verifies, the port, the one address behind it and the TLS setting.
Nothing here resolves a name, reads the environment or follows a redirect.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from mcpg.effects.transport import HttpFailed, Tls
from mcpg.effects.wire import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Pin", "Pins"]

_KEEP = 4.0
"""Seconds an idle connection is kept: less than common servers do, so that few requests meet one that is ending."""
_CONNECT = 10.0
_CONTEXTS = 64


class Pin(NamedTuple):
    """Where a connection leads; `tls` is `None` for plain HTTP."""

    host: str
    port: int
    address: str
    tls: Tls | None


class Pins:
    """At most `limit` connections, of which at most `idle` wait to be used again."""

    def __init__(self, limit: int, idle: int) -> None:
        self._limit = limit
        self._most_idle = idle
        self._open = 0
        self._idle: OrderedDict[Pin, deque[tuple[float, Connection]]] = OrderedDict()
        self._idle_count = 0
        self._contexts: OrderedDict[Tls, asyncio.Future[ssl.SSLContext]] = OrderedDict()
        self._sweeping: asyncio.TimerHandle | None = None
        self._lent: set[Connection] = set()

    def __contains__(self, pin: Pin) -> bool:
        return pin in self._idle

    @asynccontextmanager
    async def lend(self, pin: Pin, deadline: float | None) -> AsyncIterator[Connection]:
        """Lend a connection to `pin`; raises `HttpFailed` (`busy`, `unreachable`, `timeout`, `tls`), nothing sent."""
        connection = self._take(pin)
        if connection is None:
            connection = await self._connect(pin, deadline)
        self._lent.add(connection)
        try:
            yield connection
        finally:
            self._lent.discard(connection)
            if connection.reusable:
                self._keep(pin, connection)
            else:
                self._end(connection)

    def _take(self, pin: Pin) -> Connection | None:
        waiting, now = self._idle.get(pin), asyncio.get_running_loop().time()
        while waiting:
            until, connection = waiting.pop()
            self._idle_count -= 1
            if not waiting:
                del self._idle[pin]
            if until > now and connection.reusable:
                return connection
            self._end(connection)
        return None

    def _keep(self, pin: Pin, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        keep = min(_KEEP, connection.keep - 1) if connection.keep else _KEEP
        self._idle.setdefault(pin, deque()).append((loop.time() + keep, connection))
        self._idle.move_to_end(pin)
        self._idle_count += 1
        if self._idle_count > self._most_idle:
            self._drop_oldest()
        if self._sweeping is None:
            self._sweeping = loop.call_later(1.0, self._sweep)

    def _drop_oldest(self) -> None:
        pin, waiting = next(iter(self._idle.items()))
        self._end(waiting.popleft()[1])
        self._idle_count -= 1
        if not waiting:
            del self._idle[pin]

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for pin, waiting in tuple(self._idle.items()):
            kept = deque(entry for entry in waiting if entry[0] > now and entry[1].reusable)
            for entry in waiting:
                if entry not in kept:
                    self._end(entry[1])
            self._idle_count -= len(waiting) - len(kept)
            if kept:
                self._idle[pin] = kept
            else:
                del self._idle[pin]
        self._sweeping = loop.call_later(1.0, self._sweep) if self._idle else None

    def _end(self, connection: Connection) -> None:
        self._open -= 1
        connection.close()

    async def _connect(self, pin: Pin, deadline: float | None) -> Connection:
        if self._open >= self._limit and self._idle:
            self._drop_oldest()
        if self._open >= self._limit:
            raise HttpFailed("busy", "too many connections are open", sent="no")
        self._open += 1
        loop = asyncio.get_running_loop()
        until = loop.time() + _CONNECT
        try:
            async with asyncio.timeout_at(until if deadline is None else min(until, deadline)):
                context = await self._context(pin.tls) if pin.tls is not None else None
                name = pin.host if context else None
                _, connection = await loop.create_connection(
                    Connection, pin.address, pin.port, ssl=context, server_hostname=name
                )
        except BaseException as error:
            self._open -= 1
            if isinstance(error, OSError):
                raise _unreachable(error) from None
            raise
        return connection

    async def _context(self, tls: Tls) -> ssl.SSLContext:
        made = self._contexts.get(tls)
        if made is None:
            # Reading the trust roots takes tens of milliseconds: beside the loop, once per setting.
            made = self._contexts[tls] = asyncio.ensure_future(asyncio.to_thread(tls.context))
            if len(self._contexts) > _CONTEXTS:
                self._contexts.popitem(last=False)
        try:
            return await asyncio.shield(made)
        except (OSError, ssl.SSLError):
            self._contexts.pop(tls, None)
            raise HttpFailed("tls", "the CA or the client certificate cannot be used", sent="no") from None

    async def stop(self) -> None:
        """Close every connection; exchanges under way fail."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for waiting in self._idle.values():
            for _, connection in waiting:
                self._end(connection)
        self._idle.clear()
        self._idle_count = 0
        for connection in tuple(self._lent):
            connection.close()
        # Transports report their end in the loop's next turn.
        await asyncio.sleep(0)


def _unreachable(error: OSError) -> HttpFailed:
    """Say why there is no connection, in words of our own."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return HttpFailed("tls", "the server's certificate was not accepted", sent="no")
    if isinstance(error, ssl.SSLError):
        return HttpFailed("tls", "the TLS handshake failed", sent="no")
    if isinstance(error, TimeoutError):
        return HttpFailed("timeout", "no connection in time", sent="no")
    if isinstance(error, ConnectionRefusedError):
        return HttpFailed("unreachable", "the connection was refused", sent="no")
    return HttpFailed("unreachable", "no connection could be opened", sent="no")
