"""Who listens for changes: a session's GET stream, and a modern client's subscriptions/listen. It tells nothing itself.

A session has one stream; a newer GET takes its place, since the client has lost the older one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.edge.guards import accepts
from mcpg.edge.streams import CHANGES, honoured
from mcpg.protocol import frames
from mcpg.protocol.headers import SESSION, VERSION
from mcpg.protocol.shapes import SUBSCRIPTION_KEY, shape
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall
    from mcpg.edge.answers import Answers
    from mcpg.edge.asgi import Lines, Receive, Send
    from mcpg.edge.sessions import EndpointSessions
    from mcpg.edge.streams import Stream, Streams
    from mcpg.protocol.headers import Headers

__all__ = ["Listening"]

_ALL = frozenset(CHANGES)


class Listening:
    """Opens and ends the streams of sessions and subscriptions."""

    def __init__(self, answers: Answers, sessions: EndpointSessions, streams: Streams) -> None:
        self._answers = answers
        self._sessions = sessions
        self._streams = streams
        self._of_session: dict[str, Stream] = {}

    def applies(self, headers: Headers) -> bool:
        """Return whether GET and DELETE mean something for this request: it names a session and no modern version."""
        return SESSION in headers and headers.get(VERSION) not in MODERN

    def close(self, session_id: str) -> None:
        """End the stream of a session that has ended."""
        stream = self._of_session.pop(session_id, None)
        if stream is not None:
            stream.close()

    async def get(self, caller: Caller, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        """Serve a session's stream for server notifications; raises `Refusal` 404, 406 or 503."""
        if not accepts(headers.get("accept", ""), "text/event-stream"):
            text = "header `accept` does not take `text/event-stream`"
            raise Refusal(frames.INVALID_REQUEST, text, status=406)
        session = await self._sessions.use(headers[SESSION], caller)
        self.close(session.id)
        stream = self._of_session[session.id] = self._streams.open(session.principal, _ALL)
        try:
            await self._streams.serve(stream, receive, send, lines, on_beat=lambda: self._sessions.touch(session))
        finally:
            if self._of_session.get(session.id) is stream:
                del self._of_session[session.id]

    async def listen(self, caller: Caller, call: McpCall, receive: Receive, send: Send, lines: Lines) -> None:
        """Serve a modern subscription: what is honoured first, then changes, and a result when we end it."""
        description = self._answers.describe()
        agreed = honoured(call.params.get("notifications"), description)
        meta = {SUBSCRIPTION_KEY: call.request_id}
        kinds = frozenset(kind for kind, member in CHANGES.items() if member in agreed)
        stream = self._streams.open(caller.identity, kinds, meta)
        first = frames.encode_notification(
            "notifications/subscriptions/acknowledged", {"notifications": agreed, "_meta": meta}
        )
        result = shape(call.method, {"_meta": meta}, call.version, description.get("serverInfo", {}))
        last = frames.encode_response(call.request_id, result)
        await self._streams.serve(stream, receive, send, lines, first=first, last=last)
