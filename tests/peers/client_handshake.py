"""What clients of the revisions with a handshake share: the handshake, work of their own, answers to the server.

How a message is sent, and where answers come from, is their transport's business.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.peers.client import Client

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.peers.client import Pending

__all__ = ["HandshakeClient"]


class HandshakeClient(Client):
    """A client that begins with `initialize`."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, message: Any) -> None:
        """Send one message that gets no answer."""
        raise NotImplementedError

    async def open(self) -> None:
        params = {
            "protocolVersion": self.revision.name,
            "capabilities": self.capabilities,
            "clientInfo": {"name": "peer-client", "version": "1"},
        }
        self.server = await self.request("initialize", params)
        if self.server["protocolVersion"] != self.revision.name:
            self.problem(f"was answered version {self.server['protocolVersion']}")
        await self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self, pending: Pending) -> None:
        params = {"requestId": pending.id, "reason": "the test says so"}
        await self.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})

    async def subscribe(self, uri: str) -> None:
        await self.request("resources/subscribe", {"uri": uri})

    async def set_level(self, level: str) -> None:
        await self.request("logging/setLevel", {"level": level})

    def hear(self, message: Any, where: str) -> None:
        """Take a request or a notification of the server; a request is answered, unless it is withdrawn meanwhile."""
        if (asked := self.message(message, where)) is not None:
            self.spawn(self._answer(asked))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do some work until it is done or the client is closed."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.problem(f"{error!r}")

    async def _answer(self, message: dict[str, Any]) -> None:
        answer = await self.respond(message)
        if message["id"] not in self.withdrawn:
            await self.send({"jsonrpc": "2.0", "id": message["id"], **answer})
