"""The one way out for HTTP: every address is checked, then pinned for the connection. It knows no plugin and no secret.

For each hop, the first and every redirect:
 1. the URL is read strictly (`targets`) and `Reach.admit` may refuse it;
 2. the host is resolved, once, beside the loop; an address in the URL is taken as it is;
 3. every answer is checked: one address that is not open refuses the host, so that no choice is left to chance;
 4. a connection to exactly that address carries the request; TLS verifies the host's name, not the address;
 5. only when a connection could not be opened is the next address tried: the request surely was not sent.
Proxies of the environment are never used. What the caller must still do: pass a deadline.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mcpg.contract.problems import EffectDenied
from mcpg.effects.incoming import Answer, Incoming
from mcpg.effects.pins import Pin, Pins
from mcpg.effects.resolver import Resolver, SystemResolver
from mcpg.effects.targets import Target, parse_target
from mcpg.effects.transport import HttpFailed, Outgoing, Reach
from mcpg.effects.wire import Connection, frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["GuardedConnector"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class GuardedConnector:
    """Sends HTTP requests to checked and pinned addresses over reused connections, at most `connections` at once."""

    def __init__(self, resolver: Resolver | None = None, *, connections: int = 4096, idle: int = 512) -> None:
        self._resolver = resolver if resolver is not None else SystemResolver()
        self._pins = Pins(connections, idle)

    async def request(self, outgoing: Outgoing, reach: Reach, *, deadline: float) -> Answer:
        """Return status, headers and whole body before `deadline` (loop time).

        Raises `EffectDenied` when a hop may not be reached, `HttpFailed` when there is no whole answer.
        """
        async with self.stream(outgoing, reach, deadline=deadline) as incoming:
            return Answer(incoming.status, incoming.headers, await incoming.read(), incoming.target)

    @asynccontextmanager
    async def stream(self, outgoing: Outgoing, reach: Reach, *, deadline: float | None) -> AsyncIterator[Incoming]:
        """Open an answer whose body is read chunk by chunk; leaving the block early closes the connection.

        Raises as `request` does.
        """
        if len(outgoing.body) > reach.max_request:
            raise EffectDenied(f"the request's body has more than {reach.max_request} bytes (`max_request`)")
        target = parse_target(outgoing.url)
        left = reach.redirects
        while True:
            if reach.admit is not None:
                reach.admit(target, outgoing.method)
            async with self._hop(outgoing, target, reach, deadline) as incoming:
                location = incoming.header("location") if incoming.status in _REDIRECTS else ""
                if not location or not reach.redirects:
                    yield incoming
                    return
                if not left:
                    raise HttpFailed("too-many-redirects", f"more than {reach.redirects} redirects", sent="answered")
                there = target.join(location)
            if target.scheme == "https" and there.scheme == "http":
                raise EffectDenied("a redirect leads from https to http")
            left -= 1
            outgoing = outgoing.follow(incoming.status, there, same_origin=there.origin == target.origin)
            target = there

    @asynccontextmanager
    async def _hop(
        self, outgoing: Outgoing, target: Target, reach: Reach, deadline: float | None
    ) -> AsyncIterator[Incoming]:
        request = frame(outgoing, target.authority, target.path)
        pins = await self._pinned(target, reach, deadline)
        answered = False
        for number, pin in enumerate(pins, 1):
            try:
                async with self._pins.lend(pin, deadline) as connection:
                    await _head(connection, request, deadline, head_only=outgoing.method == "HEAD")
                    answered = True
                    yield Incoming(connection, target, reach, deadline)
                    return
            except HttpFailed as failure:
                if answered or failure.sent != "no" or number == len(pins):
                    raise

    async def _pinned(self, target: Target, reach: Reach, deadline: float | None) -> list[Pin]:
        try:
            async with asyncio.timeout_at(deadline):
                addresses = (target.address,) if target.address else await self._resolver.resolve(target.host)
        except TimeoutError:
            raise HttpFailed("timeout", f"`{target.host}` was not resolved in time", sent="no") from None
        except OSError:
            raise HttpFailed("unresolved", f"`{target.host}` has no address", sent="no") from None
        for address in addresses:
            if kind := reach.private.refuses(address):
                raise EffectDenied(
                    f"`{target.host}` leads to a {kind} address, which `private` does not open", code="address-denied"
                )
        tls = reach.tls if target.scheme == "https" else None
        pins = [Pin(target.host, target.port, str(address), tls) for address in addresses]
        # A name with several addresses keeps to the one that has a connection already.
        return sorted(pins, key=lambda pin: pin not in self._pins)

    async def stop(self) -> None:
        """Close all connections. Call it once, before the loop ends."""
        await self._pins.stop()
        await self._resolver.stop()


async def _head(connection: Connection, request: bytes, deadline: float | None, *, head_only: bool) -> None:
    """Send and wait for the head: from here on a request may have been sent."""
    try:
        async with asyncio.timeout_at(deadline):
            await connection.exchange(request, head_only=head_only)
    except TimeoutError:
        raise HttpFailed("timeout", "no answer in time", sent="maybe") from None
