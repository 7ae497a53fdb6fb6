"""A client of HTTP+SSE, 2024-11-05: one stream for all that comes, POST for all that goes.

Source: 2024-11-05 basic/transports.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from tests.peers.client import encode
from tests.peers.client_handshake import HandshakeClient
from tests.peers.fetch import fetch
from tests.peers.record import PeerError

if TYPE_CHECKING:
    from tests.peers.client import Pending
    from tests.peers.fetch import Event, Reply

__all__ = ["ChannelClient", "SseClient"]


class ChannelClient(HandshakeClient):
    """A client with one channel for everything; how a message is sent is its subclass's business."""

    where = "sse"

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._waiting: dict[Any, asyncio.Future[dict[str, Any]]] = {}

    async def exchange(self, pending: Pending, method: str, params: dict[str, Any]) -> dict[str, Any]:
        pending.id = self.number()
        future = self._waiting[pending.id] = asyncio.get_running_loop().create_future()
        try:
            await self.send({"jsonrpc": "2.0", "id": pending.id, "method": method, "params": params})
            return await future
        finally:
            del self._waiting[pending.id]

    async def watch(self) -> None:
        """Do nothing: what changes is told on the one channel."""

    def take(self, message: Any) -> None:
        """Take one message of the server."""
        if "method" in message:
            self.hear(message, self.where)
        elif (future := self._waiting.get(message.get("id"))) is not None and not future.done():
            future.set_result(message)
        else:
            self.problem(f"an answer that nobody waits for: {message!r:.200}")

    def broken(self, why: str) -> None:
        """Fail what waits."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(PeerError(0, why))


class SseClient(ChannelClient):
    """`address` is where messages are posted, as the server's first event says."""

    address = ""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._stream: Reply | None = None
        self._known = asyncio.Event()

    async def open(self) -> None:
        self._stream = await fetch("GET", self.url, {**self.headers, "accept": "text/event-stream"})
        if self._stream.status != 200 or self._stream.media != "text/event-stream":
            raise PeerError(-self._stream.status, "no event stream", (await self._stream.body()).decode())
        self.spawn(self._read(self._stream))
        async with asyncio.timeout(5):
            await self._known.wait()
        await super().open()

    async def close(self) -> None:
        await super().close()
        if self._stream is not None:
            self._stream.close()

    async def send(self, message: Any) -> None:
        headers = {**self.headers, "content-type": "application/json"}
        reply = await fetch("POST", self.address, headers, encode(message))
        body = await reply.body()
        if reply.status != 202:
            raise PeerError(-reply.status, f"HTTP {reply.status}", body.decode(errors="replace"))

    async def _read(self, stream: Reply) -> None:
        async for event in stream.events():
            if not self.address:
                self._begin(event)
            elif event.name != "message":
                self.problem(f"an event named {event.name!r}")
            else:
                self.take(json.loads(event.data))
        self.broken("the stream has ended")

    def _begin(self, event: Event) -> None:
        if event.name != "endpoint":
            self.problem(f"the first event is {event.name!r}")
        self.address = urljoin(self.url, event.data)
        if urlsplit(self.address).netloc != urlsplit(self.url).netloc:
            self.problem(f"messages are to go to another origin: {self.address}")
        self._known.set()
