"""The HTTP+SSE server of 2024-11-05: one stream for all messages, POST to the address that its first event names.

Source: 2024-11-05 basic/transports.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.peers.served import Served
from tests.peers.server import Server
from tests.peers.session import Session

if TYPE_CHECKING:
    from tests.peers.served import Incoming, Outgoing

__all__ = ["SseServer"]

FOREIGN = ("mcp-session-id", "mcp-method", "mcp-name", "last-event-id")


class SseServer(Server):
    """`url` is the event stream's; a session lasts as long as its stream."""

    def __init__(self, name: str, revision_name: str = "2024-11-05") -> None:
        super().__init__(name, revision_name)
        self.sessions: dict[str, tuple[Session, Outgoing]] = {}
        self.working: set[asyncio.Task[None]] = set()
        self._made = 0
        self._served = Served(self._handle)

    async def start(self) -> None:
        await self._served.start()
        self.url = f"{self._served.origin}/sse"

    async def stop(self) -> None:
        for session, _ in self.sessions.values():
            session.close()
        await self._served.stop()
        self.problems += self._served.mistakes

    async def changed(self, method: str, params: dict[str, Any]) -> None:
        message = {"jsonrpc": "2.0", "method": method} | ({"params": params} if params else {})
        for session, out in self.sessions.values():
            if method != "notifications/resources/updated" or params["uri"] in session.subscriptions:
                out.event(message)

    async def _handle(self, incoming: Incoming, out: Outgoing) -> None:
        parts = urlsplit(incoming.target)
        if incoming.verb == "GET" and parts.path == "/sse":
            await self._stream(out)
        elif incoming.verb == "POST" and parts.path == "/messages":
            self._message(incoming, parse_qs(parts.query).get("session", [""])[0], out)
        else:  # what a Streamable HTTP client tries first
            out.send(405 if parts.path == "/sse" else 404)

    async def _stream(self, out: Outgoing) -> None:
        self._made += 1
        session = Session(self, f"{self.name}-{self._made}")
        self.sessions[session.id] = session, out
        self.listeners += 1
        out.begin()
        out.event(f"/messages?session={session.id}", event="endpoint")
        self.wake()
        await out.gone.wait()
        self.listeners -= 1
        del self.sessions[session.id]
        session.close()
        self.wake()

    def _message(self, incoming: Incoming, name: str, out: Outgoing) -> None:
        found = self.sessions.get(name)
        if found is None:
            self.problem(f"a message to session {name!r}, whose stream is not open")
            out.send(404)
            return
        if strange := [header for header in FOREIGN if incoming.header(header)]:
            self.problem(f"a message with headers of later revisions: {strange}")
        session, stream = found
        message = json.loads(incoming.body)
        out.send(202, b"Accepted", media="text/plain")
        task = asyncio.ensure_future(session.take(message, lambda each: stream.event(each, event="message")))
        self.working.add(task)
        task.add_done_callback(self.working.discard)
