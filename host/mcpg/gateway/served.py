"""A gateway with all its endpoints over one hub: what `mcpg serve` puts on a listener, and what a program embeds.

Endpoints come and go with the file; the hub keeps their sessions apart and what they share in bounds. It binds nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from ipaddress import ip_network
from typing import TYPE_CHECKING

from mcpg.config.endpoints import MAIN
from mcpg.edge.hub import Hub
from mcpg.edge.settings import EdgeSettings
from mcpg.edge.wellknown import Protected
from mcpg.gateway.gateway import Gateway
from mcpg.storage import MemorySessions, SqliteSessions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mcpg.config import Config, Loaded
    from mcpg.config.endpoints import Endpoint
    from mcpg.contract.ports import RunWatcher
    from mcpg.edge.asgi import App
    from mcpg.edge.endpoint import McpEndpoint
    from mcpg.gateway.supplying import Intake
    from mcpg.storage import SessionStore

__all__ = ["Served", "edge_settings", "protected", "say"]

EXPIRE = 30.0
"""Seconds between two looks for what clients left behind."""


def say(line: str) -> None:
    """Tell the operator how far the start is, on standard error."""
    sys.stderr.write(f"mcpg: {line}\n")
    sys.stderr.flush()


class Served:
    """A gateway with its MCP endpoints: `lifespan` starts it, `resolve` finds the endpoint of a path."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        loopback: bool,
        intake: Intake | None = None,
        progress: Callable[[str], None] = say,
        watcher: RunWatcher | None = None,
    ) -> None:
        self.gateway = Gateway(
            loaded, intake=intake, progress=progress, changed=self._changed, moved=self._place, watcher=watcher
        )
        self.hub: Hub
        self._open = False
        self._settings = edge_settings(loaded.config, loopback=loopback)
        self._places: dict[str, tuple[str, McpEndpoint]] = {}
        self._paths: dict[str, App] = {}
        self._due: set[str] = set()
        self.listeners: list[Callable[[str, str], None]] = []
        """Who is told, by endpoint and kind, which list has changed."""

    @property
    def resolve(self) -> Callable[[str], App | None]:
        """What finds the application of a path, for `front_doors`: one look into a mapping."""
        return self._paths.get

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[McpEndpoint]:
        """Start the gateway, yield the endpoint that has everything, stop it."""
        await self.gateway.start()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.gateway.stop)
            store = await _session_store(self.gateway.loaded)
            stack.push_async_callback(store.close)
            self.hub = Hub(self._settings, sealer=self.gateway.rooms.sealer, store=store)
            self._open = True
            self._place()
            stack.push_async_callback(self._close)
            tending = [asyncio.create_task(self.hub.run()), asyncio.create_task(self._expire())]
            stack.push_async_callback(_end, tending)
            yield self._places[MAIN][1]

    def _place(self) -> None:
        """Have an endpoint at each path that the file in force asks for, and none elsewhere."""
        if not self._open:
            return
        wanted = self.gateway.endpoints
        for name in [name for name in self._places if name not in wanted]:
            path, _ = self._places.pop(name)
            self._paths.pop(path, None)
            self.hub.remove(name)
        for name, endpoint in wanted.items():
            shield = protected(self.gateway.loaded.config, endpoint)
            end = self.hub.endpoint(name, self.gateway.services[name], protected=shield)
            if name in self._places:
                self._paths.pop(self._places[name][0], None)
            self._places[name] = (endpoint.path, end)
        self._paths.update(self._places.values())

    def _changed(self, endpoint: str, kind: str) -> None:
        for listener in self.listeners:
            listener(endpoint, kind)
        if self._open:
            if not self._due:
                asyncio.get_running_loop().call_soon(self._tell)
            self._due.add(kind)

    def _tell(self) -> None:
        """Tell clients once, however many endpoints a change has touched."""
        due, self._due = sorted(self._due), set()
        for kind in due:
            self.hub.notify_changed(kind)

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(EXPIRE)
            self.hub.expire_sessions()

    async def _close(self) -> None:
        """Keep what sessions have come to, and let go of what those that ended had."""
        self._open = False
        await self.hub.sessions.tend(everything=True)
        await self.hub.released()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _session_store(loaded: Loaded) -> SessionStore:
    if loaded.config.server.sessions == "memory":
        return MemorySessions()
    return await SqliteSessions(loaded.state / "sessions.db").open()


def edge_settings(config: Config, *, loopback: bool) -> EdgeSettings:
    """Return the edge's settings as the file has them."""
    server, limits = config.server, config.server.limits
    return EdgeSettings(
        loopback=loopback,
        origins=frozenset(server.origins),
        proxies=frozenset(ip_network(network) for network in server.trusted_proxies),
        legacy_sse=server.legacy_sse,
        max_body=limits.max_body,
        max_pending=limits.max_in_flight,
        max_sessions=limits.max_sessions,
        max_sessions_each=min(limits.max_sessions_per_caller, limits.max_sessions),
        max_sessions_tenant=min(limits.max_sessions_per_tenant, limits.max_sessions),
        session_idle=limits.session_idle,
        session_age=limits.session_age,
        max_streams=limits.max_streams,
        stream_poll_after=limits.poll_after or 0.0,
        event_total=limits.event_memory,
    )


def protected(config: Config, endpoint: Endpoint) -> Protected | None:
    """Return whose tokens an endpoint takes, if the file says it: for its metadata as a protected resource."""
    own = endpoint.profile.authorization if endpoint.profile is not None else None
    said = own or config.server.authorization
    if said is None:
        return None
    return Protected(said.servers, said.scopes, said.public_url or "")
