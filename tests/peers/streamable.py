"""A Streamable HTTP server with sessions: 2025-03-26, 2025-06-18 and 2025-11-25, resumable streams included.

Source: basic/transports of those revisions. A request is answered with JSON unless something is sent before its
answer, or `always_streams` is set. `cut` makes the next stream end after its first event, to be resumed.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.peers.served import Served
from tests.peers.server import SEPARATE, Server
from tests.peers.session import Session, kind_of

if TYPE_CHECKING:
    from tests.peers.served import Incoming, Outgoing

__all__ = ["StreamableServer"]

JSON, EVENTS = "application/json", "text/event-stream"
MODERN_HEADERS = ("mcp-method", "mcp-name")


class _Stream:
    """What was sent on one stream, and where it goes now; events outlive their connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[str] = []
        self.out: Outgoing | None = None
        self.done = False

    def send(self, message: Any) -> None:
        self.events.append(json.dumps(message))
        self.flush(len(self.events) - 1)

    def flush(self, first: int) -> None:
        if self.out is not None:
            for place in range(first, len(self.events)):
                self.out.event(self.events[place], event="message", event_id=f"{self.name}.{place + 1}")


class StreamableServer(Server):
    """One endpoint, many sessions."""

    def __init__(self, name: str, revision_name: str) -> None:
        super().__init__(name, revision_name)
        self.sessions: dict[str, Session] = {}
        self.deleted: list[str] = []
        self.always_streams = False
        self.cut = False
        self.resumed: list[str] = []
        self._general: dict[str, _Stream] = {}
        self._streams: dict[str, _Stream] = {}
        self._made = 0
        self._served = Served(self._handle)

    async def start(self) -> None:
        await self._served.start()
        self.url = f"{self._served.origin}/mcp"

    async def stop(self) -> None:
        for session in self.sessions.values():
            session.close()
        await self._served.stop()
        self.problems += self._served.mistakes

    def forget(self) -> None:
        """End all sessions and streams, as a server does that is started anew."""
        for session in self.sessions.values():
            session.close()
        for stream in self._general.values():
            if stream.out is not None:
                stream.out.cut()
        self._general.clear()
        self.sessions.clear()

    async def changed(self, method: str, params: dict[str, Any]) -> None:
        message = {"jsonrpc": "2.0", "method": method} | ({"params": params} if params else {})
        for name, session in self.sessions.items():
            if method == "notifications/resources/updated" and params["uri"] not in session.subscriptions:
                continue
            if (stream := self._general.get(name)) is not None:
                stream.send(message)

    async def _handle(self, incoming: Incoming, out: Outgoing) -> None:
        if incoming.target != "/mcp":
            out.send(404)
        elif incoming.verb == "POST":
            await self._post(incoming, out)
        elif (session := self._session(incoming, out)) is None:
            return
        elif incoming.verb == "GET":
            await self._get(incoming, out, session)
        else:
            self.deleted.append(session.id)
            self.sessions.pop(session.id).close()
            out.send(204)
            self.wake()

    async def _post(self, incoming: Incoming, out: Outgoing) -> None:
        accept = incoming.header("accept")
        if JSON not in accept or EVENTS not in accept or incoming.header("content-type") != JSON:
            self.problem(f"POST with accept {accept!r}, content-type {incoming.header('content-type')!r}")
        message = json.loads(incoming.body)
        method = message.get("method", "") if isinstance(message, dict) else ""
        if method == "server/discover":
            refusal = {"code": -32000, "message": "no session"}
            out.json({"jsonrpc": "2.0", "id": None, "error": refusal}, 400)
            return
        if method not in SEPARATE and any(incoming.header(name) for name in MODERN_HEADERS):
            self.problem(f"{method} with headers of 2026-07-28")
        if method == "initialize":
            await self._open(message, incoming, out)
            return
        session = self._session(incoming, out)
        if session is None:
            return
        if isinstance(message, list) and not self.revision.batches:
            self.problem("a batch")
            out.send(400)
            return
        await self._answer(message, session, incoming, out)

    def _session(self, incoming: Incoming, out: Outgoing) -> Session | None:
        session = self.sessions.get(incoming.header("mcp-session-id"))
        if session is None:
            if not incoming.header("mcp-session-id"):
                self.problem(f"{incoming.verb} without a session")
            out.send(404 if incoming.header("mcp-session-id") else 400)
            return None
        version = incoming.header("mcp-protocol-version")
        if (self.revision.version_header or version) and version != self.revision.name:
            self.problem(f"{incoming.verb} with header mcp-protocol-version {version!r}")
            out.send(400)
            return None
        return session

    async def _open(self, message: Any, incoming: Incoming, out: Outgoing) -> None:
        if incoming.header("mcp-session-id"):
            self.problem("initialize with a session id")
        self._made += 1
        session = Session(self, f"{self.name}-session-{self._made}")
        self.sessions[session.id] = session
        answers: list[Any] = []
        await session.take(message, answers.append, incoming.headers)
        out.json(answers[0], mcp_session_id=session.id)

    async def _answer(self, message: Any, session: Session, incoming: Incoming, out: Outgoing) -> None:
        messages = message if isinstance(message, list) else [message]
        wanted = sum(kind_of(each) == "request" for each in messages)
        if not wanted:
            for each in messages:
                await session.take(each, lambda _: None, incoming.headers)
            out.send(202)
            return
        stream = self._new_stream(session)
        begun = asyncio.Event()
        early: list[Any] = []

        def send(each: Any) -> None:
            if not begun.is_set() and not self.always_streams and "method" not in each and wanted == 1:
                early.append(each)
                return
            if not begun.is_set():
                begun.set()
                self._begin(stream, out)
            stream.send(each)

        work = asyncio.gather(*(session.take(each, send, incoming.headers) for each in messages))
        await work
        stream.done = True
        if early:
            out.json(early[0])
        elif not begun.is_set():  # cancelled before it had said anything
            out.begin()
        if stream.out is not None:
            stream.out.end()
        self.wake()

    def _new_stream(self, session: Session) -> _Stream:
        stream = _Stream(f"{session.id}/{len(self._streams)}")
        self._streams[stream.name] = stream
        return stream

    def _begin(self, stream: _Stream, out: Outgoing) -> None:
        out.begin()
        if self.cut:
            self.cut = False
            out.event("", event_id=f"{stream.name}.0", retry=10)
            out.end()
        else:
            stream.out = out

    async def _get(self, incoming: Incoming, out: Outgoing, session: Session) -> None:
        if EVENTS not in incoming.header("accept"):
            self.problem(f"GET with accept {incoming.header('accept')!r}")
        last = incoming.header("last-event-id")
        if last:
            await self._resume(last, out)
            return
        stream = self._general.setdefault(session.id, self._new_stream(session))
        if stream.out is not None and not stream.out.gone.is_set():
            self.problem("a second GET stream in one session")
        out.begin()
        stream.out = out
        self.listeners += 1
        self.wake()
        await out.gone.wait()
        self.listeners -= 1
        if stream.out is out:
            stream.out = None

    async def _resume(self, last: str, out: Outgoing) -> None:
        name, _, place = last.rpartition(".")
        stream = self._streams.get(name)
        if stream is None or not place.isdecimal():
            self.problem(f"resumed {last!r}, which was never sent")
            out.send(400)
            return
        self.resumed.append(last)
        out.begin()
        stream.out = out
        stream.flush(int(place))
        done = asyncio.ensure_future(self.until(lambda: stream.done, 60))
        gone = asyncio.ensure_future(out.gone.wait())
        await asyncio.wait([done, gone], return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
        gone.cancel()
