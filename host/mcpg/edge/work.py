"""Requests in work: bounded in number, cancelled by whom the era allows to. It reads no body and identifies nobody."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.edge.answers import Answer
from mcpg.edge.asgi import send_whole
from mcpg.edge.batches import Part
from mcpg.edge.exchange import BY_CLIENT, BY_END, Exchange
from mcpg.edge.reply import CallChannel, Reply
from mcpg.protocol import frames
from mcpg.protocol.classify import session_call
from mcpg.protocol.frames import Failure, FrameError, Notification, Request, Response
from mcpg.protocol.handshake import initialize_result, shake
from mcpg.protocol.headers import SESSION
from mcpg.protocol.versions import LATEST_HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall
    from mcpg.edge.answers import Answers
    from mcpg.edge.asgi import Lines, Receive, Send
    from mcpg.edge.asks import Asks
    from mcpg.edge.listening import Listening
    from mcpg.edge.load import Load
    from mcpg.edge.measures import EdgeMeasures
    from mcpg.edge.resuming import Resuming
    from mcpg.edge.sessions import EndpointSessions
    from mcpg.edge.settings import EdgeSettings
    from mcpg.protocol.classify import SessionTraffic
    from mcpg.protocol.frames import RequestId
    from mcpg.protocol.sessions import Session

__all__ = ["Work"]

_BATCHING = "2025-03-26"
_PASSED_ON = frozenset({"notifications/roots/list_changed"})
_MOST_PASSING = 64
"""Notifications that the service takes in at the same time; further ones are dropped."""


class Work:
    """Runs requests of both eras at one endpoint, and knows which of a session are running."""

    def __init__(
        self,
        answers: Answers,
        sessions: EndpointSessions,
        settings: EdgeSettings,
        measures: EdgeMeasures,
        *,
        listening: Listening,
        load: Load,
        asks: Asks,
        resuming: Resuming,
    ) -> None:
        self._answers = answers
        self._sessions = sessions
        self._settings = settings
        self._measures = measures
        self._listening = listening
        self._load = load
        self._asks = asks
        self._resuming = resuming
        self._of_session: dict[str, dict[RequestId, Exchange]] = {}
        self._parts: dict[tuple[str, RequestId], Part] = {}
        self._passing = 0

    async def modern(self, caller: Caller, call: McpCall, receive: Receive, send: Send, lines: Lines) -> None:
        """Answer a modern request; its client's leaving cancels it."""
        if call.method == "subscriptions/listen":
            await self._listening.listen(caller, call, receive, send, lines)
            return
        reply = Reply(send, lines, self._settings)
        exchange = Exchange(reply, receive, self._settings)
        await self._run(exchange, lambda: self._measured(caller, call, reply), call.request_id)

    async def open(self, caller: Caller, request: Request, send: Send, lines: Lines) -> None:
        """Answer initialize and open a session for this caller."""
        start = monotonic()
        try:
            agreed = shake(request.params)
            session = await self._sessions.open(caller, agreed.version, agreed.capabilities)
        except Refusal as refusal:
            answer = self._answers.refuse(refusal, request.id, LATEST_HANDSHAKE)
            await Reply(send, lines, self._settings).finish(answer)
            return
        result = initialize_result(self._answers.describe(), agreed.version)
        named = [*lines, (SESSION.encode(), session.token.encode("ascii"))]
        await send_whole(send, 200, frames.encode_response(request.id, result), named)
        self._measures.answered(agreed.version, "initialize", "ok", monotonic() - start)

    async def session(
        self, caller: Caller, posted: SessionTraffic, session_id: str, receive: Receive, *, send: Send, lines: Lines
    ) -> None:
        """Take the messages of a session; raises `Refusal` where there is no such session or batch."""
        if not session_id:
            raise Refusal(frames.INVALID_REQUEST, "header `mcp-session-id` is missing; initialize first", status=400)
        session = await self._sessions.use(session_id, caller)
        if posted.batch and session.version != _BATCHING:
            raise Refusal(frames.INVALID_REQUEST, "batches are not part of this protocol version", status=400)
        reply = Reply(send, lines, self._settings, session, self._resuming)
        if posted.batch:
            await self._batch(caller, posted.messages, session, receive, reply)
            return
        message = posted.messages[0]
        if isinstance(message, Request):
            await self._single(caller, message, session, receive, reply)
            return
        self._take(message, session)
        await send_whole(send, 202, lines=lines)
        if isinstance(message, Notification):
            await self._pass_on(caller, [message], session)

    def end_session(self, session: Session) -> None:
        """Cancel what a session that has ended still had in work, and end its stream."""
        self._listening.close(session.id)
        for exchange in list(self._of_session.get(session.id, {}).values()):
            exchange.cancel(BY_END)

    async def _single(self, caller: Caller, request: Request, session: Session, receive: Receive, reply: Reply) -> None:
        async def work() -> Answer:
            return await self._in_session(caller, request, session, reply)

        exchange = Exchange(reply, receive, self._settings, self._load)
        self._claim(session, request.id, exchange)
        try:
            await self._run(exchange, work, request.id)
        finally:
            self._release(session, request.id, exchange)

    async def _batch(
        self,
        caller: Caller,
        messages: list[frames.Message | FrameError],
        session: Session,
        receive: Receive,
        reply: Reply,
    ) -> None:
        """Answer a batch message by message, in its order; each of its requests can be cancelled alone."""

        async def work() -> Answer:
            return await self._answer_batch(caller, messages, session, reply)

        for message in messages:
            if isinstance(message, Response | Failure):
                self._take(message, session)  # what has come waits for no request that stands before it
        exchange = Exchange(reply, receive, self._settings, self._load)
        claimed: list[RequestId] = []
        try:
            for message in messages:
                if isinstance(message, Request):
                    self._claim(session, message.id, exchange)
                    claimed.append(message.id)
                    self._parts[session.id, message.id] = Part()
            await self._run(exchange, work, None)
        finally:
            for request_id in claimed:
                self._release(session, request_id, exchange)
                self._parts.pop((session.id, request_id), None)
        await self._pass_on(caller, [note for note in messages if isinstance(note, Notification)], session)

    async def _answer_batch(
        self, caller: Caller, messages: list[frames.Message | FrameError], session: Session, reply: Reply
    ) -> Answer:
        bodies: list[bytes] = []
        for message in messages:
            if isinstance(message, FrameError):
                bodies.append(frames.encode_failure(message.request_id, message.code, message.message))
            elif isinstance(message, Request):
                part = self._parts[session.id, message.id]
                body = await part.run(self._in_batch(caller, message, session, reply))
                bodies += [] if body is None else [body]
            elif isinstance(message, Notification):
                self._take(message, session)
        return Answer(b"[" + b",".join(bodies) + b"]") if bodies else Answer(b"", 202)

    async def _in_batch(self, caller: Caller, request: Request, session: Session, reply: Reply) -> bytes:
        return (await self._in_session(caller, request, session, reply)).body

    async def _in_session(self, caller: Caller, request: Request, session: Session, reply: Reply) -> Answer:
        try:
            call = session_call(request, session)
        except Refusal as refusal:
            return self._answers.refuse(refusal, request.id, session.version)
        return await self._measured(caller, call, reply, session)

    async def _measured(self, caller: Caller, call: McpCall, reply: Reply, session: Session | None = None) -> Answer:
        start, outcome = monotonic(), "cancelled"
        try:
            answer = await self._answers.answer(caller, call, CallChannel(reply, call, session, self._asks), session)
            outcome = str(answer.code) if answer.code else "ok"
            return answer
        finally:
            self._measures.answered(call.version, call.method, outcome, monotonic() - start)

    async def _run(
        self, exchange: Exchange, work: Callable[[], Awaitable[Answer]], request_id: RequestId | None
    ) -> None:
        self._load.begin(exchange)
        try:
            await exchange.run(work, request_id)
        finally:
            self._load.end(exchange)
            self._measures.dropped(exchange.reply.dropped)

    def _claim(self, session: Session, request_id: RequestId, exchange: Exchange) -> None:
        running = self._of_session.setdefault(session.id, {})
        if request_id in running:
            raise Refusal(frames.INVALID_REQUEST, "a request with this id is in work", status=400)
        running[request_id] = exchange
        session.in_work += 1

    def _release(self, session: Session, request_id: RequestId, exchange: Exchange) -> None:
        session.in_work -= 1
        if exchange.watched:
            self._sessions.touch(session)  # it took its time, which the client did not idle away
        running = self._of_session.get(session.id, {})
        running.pop(request_id, None)
        if not running:
            self._of_session.pop(session.id, None)

    async def _pass_on(self, caller: Caller, notes: list[Notification], session: Session) -> None:
        """Tell the service what belongs to no request; its sender has its answer already, and hears of nothing."""
        notes = [note for note in notes if note.method in _PASSED_ON]
        if not notes or self._passing >= _MOST_PASSING:
            return
        self._passing += 1
        try:
            for note in notes:
                await self._answers.pass_on(caller, note, session)
        finally:
            self._passing -= 1

    def _take(self, message: frames.Message | FrameError, session: Session) -> None:
        """Take a message that is owed no answer."""
        if isinstance(message, Response | Failure):
            self._asks.settle(session.id, message)
        if not isinstance(message, Notification):
            return
        if message.method == "notifications/initialized":
            session.ready = True
        elif message.method == "notifications/cancelled":
            request_id = message.params.get("requestId")
            if isinstance(request_id, str | int) and not isinstance(request_id, bool):
                self._cancel(session.id, request_id)

    def _cancel(self, session_id: str, request_id: RequestId) -> None:
        """Cancel the request that its client has withdrawn, if it is in work."""
        exchange, part = self._of_session.get(session_id, {}).get(request_id), self._parts.get((session_id, request_id))
        if part is not None:
            part.cancel()
        elif exchange is not None:
            exchange.cancel(BY_CLIENT)
