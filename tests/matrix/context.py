"""One cell of the matrix under test: the client, the upstream behind the gateway, and what things are called."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager, AsyncExitStack

    from tests.peers.client import Client
    from tests.peers.gateway import Door
    from tests.peers.server import Server

__all__ = ["Cell", "Grid", "upstream_name"]


def upstream_name(revision: str) -> str:
    """Return what the upstream of a revision is called in the file; its names begin with it."""
    return f"v{revision}"


@dataclass(slots=True)
class Cell:
    """A client that is connected to the gateway, and the server that this cell is about."""

    client: Client
    server: Server
    door: Door | None
    prefixed: bool = True

    def tool(self, name: str) -> str:
        return f"{self.server.name}.{name}" if self.prefixed else name

    async def call(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        return await self.client.call(self.tool(name), arguments, **options)

    async def text(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> str:
        result = await self.call(name, arguments, **options)
        assert "isError" not in result or result["isError"] is False, result
        return result["content"][0]["text"]

    async def names(self) -> list[str]:
        return [tool["name"] for tool in await self.client.pages("tools")]

    async def definition(self, name: str) -> dict[str, Any]:
        return next(tool for tool in await self.client.pages("tools") if tool["name"] == self.tool(name))

    async def uri(self, name: str) -> str:
        """Return the address of the server's resource or template of that name, as the gateway lists it."""
        templates = await self.client.pages("resourceTemplates", "resources/templates/list")
        found = [each["uri"] for each in await self.client.pages("resources")]
        found += [each["uriTemplate"] for each in templates]
        return next(uri for uri in found if self.server.name in uri and name in uri)

    def asked(self, method: str) -> int:
        return sum(each == method for each, _ in self.client.asked)

    def another(self, **options: Any) -> AbstractAsyncContextManager[Client]:
        """Open a further client of the same revision."""
        assert self.door is not None
        return self.door.connect(self.client.revision.name, **options)

    @asynccontextmanager
    async def spotless(self) -> AsyncIterator[None]:
        """Check that neither peer has noticed anything that its revision forbids."""
        self.client.problems.clear()
        self.server.problems.clear()
        yield
        assert self.client.problems + self.server.problems == []


class Grid:
    """Five upstreams behind one gateway, and a client of each revision once it is wanted."""

    def __init__(self, servers: dict[str, Server], door: Door, stack: AsyncExitStack) -> None:
        self.servers = servers
        self.door = door
        self._stack = stack
        self._clients: dict[str, Client] = {}

    async def cell(self, client: str, upstream: str) -> Cell:
        if client not in self._clients:
            self._clients[client] = await self._stack.enter_async_context(self.door.connect(client))
        return Cell(self._clients[client], self.servers[upstream], self.door)
