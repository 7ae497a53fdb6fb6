"""HTTP+SSE of 2024-11-05: a stream that tells where to post, and posts that are answered on it. It checks no Host.

The session is the stream: it ends with it, it belongs to the caller that opened it, each post has to come from the same
one, and no store hears of it, for no other process could serve it. Any version with a handshake may be agreed on.
Source: MCP 2024-11-05, basic/transports (HTTP with SSE).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from mcpg.contract.ports import Refusal
from mcpg.edge.asgi import STREAM_LINES, send_whole
from mcpg.edge.conversation import Conversation
from mcpg.edge.guards import accepts, check_json, credentials_of
from mcpg.edge.outlet import Outlet
from mcpg.protocol import frames
from mcpg.protocol.classify import ModernCall, ModernNote, classify
from mcpg.protocol.sessions import no_session
from mcpg.protocol.sse import KEEP_ALIVE, encode_event

if TYPE_CHECKING:
    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import Service
    from mcpg.edge.answers import Answers
    from mcpg.edge.asgi import Lines, Receive, Scope, Send
    from mcpg.edge.sessions import EndpointSessions
    from mcpg.edge.shared import Shared
    from mcpg.protocol.headers import Headers
    from mcpg.protocol.sessions import Session

__all__ = ["LegacySse"]

_VERSION = "2024-11-05"
_PARAMETER = "sessionId"


class LegacySse:
    """The two resources of this transport at one endpoint: `stream` for GET, `post` for POST."""

    def __init__(self, answers: Answers, sessions: EndpointSessions, shared: Shared) -> None:
        self._answers = answers
        self._sessions = sessions
        self._shared = shared
        self._settings = shared.settings
        self._lines: dict[str, _Line] = {}

    def forget(self) -> None:
        """Forget nothing: whose answers these are is forgotten by the endpoint itself."""

    def session_ended(self, session: Session) -> Service:
        """End the stream of a session; return whom to tell that it has ended."""
        line = self._lines.pop(session.token, None)
        if line is not None:
            line.outlet.close()
        return self._answers.service

    def drained(self) -> None:
        """End all streams."""
        for line in list(self._lines.values()):
            self._sessions.close(line.session)

    async def stream(self, scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        """Serve a client's stream until it leaves, reads too slowly, or its session ends; raises `Refusal`."""
        if scope["method"] != "GET":
            raise _not_served("GET")
        if not accepts(headers.get("accept", ""), "text/event-stream"):
            text = "header `accept` does not take `text/event-stream`"
            raise Refusal(frames.INVALID_REQUEST, text, status=406)
        self._shared.refuse_when_draining()
        caller = await self._answers.identify(credentials_of(scope, headers, self._settings))
        with self._shared.streams.counted():
            session = await self._sessions.open(caller, _VERSION, {}, bound=True)
            line = self._lines[session.token] = _Line(self._answers, self._shared, session, send)
            try:
                await self._serve(line, receive, send, lines)
            finally:
                line.outlet.close()
                line.conversation.close()
                self._sessions.close(session)

    async def post(self, scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        """Take what a client has posted; raises `Refusal`."""
        if scope["method"] != "POST":
            raise _not_served("POST")
        check_json(headers)
        posted = classify(await self._shared.intake.read(headers, receive), None)
        if isinstance(posted, ModernCall | ModernNote):
            text = "this transport has no place for versions without a handshake"
            raise Refusal(frames.INVALID_REQUEST, text, status=400)
        self._shared.refuse_when_draining(posted)
        caller = await self._answers.identify(credentials_of(scope, headers, self._settings))
        line = self._lines.get(_session_of(scope))
        if line is None or line.outlet.closed or line.session.principal != caller.identity:
            raise no_session()
        self._sessions.touch(line.session)

        async def who() -> Caller:
            return caller

        try:
            await line.conversation.take(posted, who)
        except OSError:
            raise no_session() from None
        await send_whole(send, 202, lines=lines)

    async def _serve(self, line: _Line, receive: Receive, send: Send, lines: Lines) -> None:
        loop = asyncio.get_running_loop()
        leaving = loop.create_task(_left(receive, line))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_LINES, *lines]})
            where = f"messages?{_PARAMETER}={line.session.token}"
            await line.outlet.write(encode_event(where, event="endpoint"))
            while not line.closed.is_set():
                try:
                    async with asyncio.timeout(self._settings.keep_alive):
                        await line.closed.wait()
                except TimeoutError:
                    await line.outlet.write(KEEP_ALIVE)
                    self._sessions.touch(line.session)
        except OSError:
            return  # the client takes nothing: the server ends the connection of an unfinished answer
        else:
            if not (leaving.done() or line.outlet.choked):
                await line.end()
        finally:
            leaving.cancel()


class _Line:
    """One client's stream, and what is said on it."""

    def __init__(self, answers: Answers, shared: Shared, session: Session, send: Send) -> None:
        settings = shared.settings
        self.session = session
        self.closed = asyncio.Event()
        self._send = send
        self._timeout = settings.write_timeout
        self.outlet = Outlet(
            self._push, limit=settings.stream_bytes, timeout=settings.write_timeout, given_up=self.closed.set
        )
        self.conversation = Conversation(
            answers,
            shared.asks,
            shared.streams,
            session,
            self._write,
            modern=False,
            max_pending=settings.max_pending_each,
            max_watches=settings.max_watches,
            load=shared.load,
            measures=shared.measures,
        )

    async def end(self) -> None:
        """End the answer in order."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return

    async def _write(self, message: bytes) -> None:
        await self.outlet.write(b"event: message\ndata: %s\n\n" % message)

    async def _push(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


async def _left(receive: Receive, line: _Line) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    line.outlet.close()


def _session_of(scope: Any) -> str:
    given = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=8).get(_PARAMETER, [])
    if len(given) != 1:
        raise Refusal(frames.INVALID_REQUEST, f"query parameter `{_PARAMETER}` is missing", status=400)
    return str(given[0])


def _not_served(allowed: str) -> Refusal:
    text = f"only {allowed} is served here"
    return Refusal(frames.INVALID_REQUEST, text, status=405, headers=[("allow", allowed)])
