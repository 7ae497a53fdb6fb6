"""MCP over Streamable HTTP (both eras): each call is one POST in its caller's own task. It reconnects nothing.

Legacy: session header, resumption by `Last-Event-ID`, cancellation by notification, DELETE at the end. Modern: routing
headers, cancellation by closing the stream. Source: basic/transports of 2025-11-25 and 2026-07-28.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from mcpg.protocol import frames
from mcpg.protocol.headers import SESSION
from mcpg.upstreams.asks import Asks
from mcpg.upstreams.bodies import EventStream, media_type, read_messages
from mcpg.upstreams.clients import PLAIN
from mcpg.upstreams.completions import COMPLETE, Completions
from mcpg.upstreams.courier import Courier
from mcpg.upstreams.eras import BEFORE_HANDSHAKE, CAPABILITIES, KINDS, dress, listen_params, routing_headers
from mcpg.upstreams.faults import Fault, Lost, Nonsense, NotSent, Rejected, SessionGone
from mcpg.upstreams.link import ACKNOWLEDGED, CANCELLED, CHANGES, HANDSHAKES, UPDATED, nowhere, unheeded
from mcpg.upstreams.oauth import declaring
from mcpg.upstreams.outbound import Outbound
from mcpg.upstreams.parameters import MirroredArguments
from mcpg.upstreams.tickets import progress_token, translate
from mcpg.upstreams.traces import trace_headers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from mcpg.upstreams.clients import Client, Role
    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.oauth import Streams
    from mcpg.upstreams.outbound import Reply
    from mcpg.upstreams.specs import HttpSpec
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["HttpLink"]

OK = 200
BAD_REQUEST = 400
NOT_FOUND = 404
SERVER_ERROR = 500
EVENTS = "text/event-stream"
MAX_RESUMES = 10
MAX_PAGES = 50
SKIPPED_BYTES = 64 * 1024
LINGER_SECONDS = 0.05
MAX_SESSION_ID = 1024
GOODBYE_SECONDS = 2.0


class _Call:
    """One request on its way: our id and what its caller wants to hear."""

    __slots__ = ("notify", "number", "progress", "token")

    def __init__(self, number: int, params: dict[str, Any], notify: Notify | None) -> None:
        self.number = number
        self.notify = notify
        self.token = progress_token(params) if notify is not None else None
        self.progress = number

    def owns(self, message: frames.Message) -> bool:
        """Whether `message` is the answer to this call."""
        return isinstance(message, frames.Response | frames.Failure) and message.id == self.number


class HttpLink:
    """One agreed relation to a URL, over pooled connections. Implements `Link`."""

    old = False

    def __init__(
        self,
        spec: HttpSpec,
        max_message: int,
        connector: Streams,
        changed: Callable[[str], None],
        role: Role = PLAIN,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.agreement: Agreement = BEFORE_HANDSHAKE
        self.lost: asyncio.Future[Fault] = loop.create_future()
        self.listening = asyncio.Event()
        self.heard = 0
        self.nonsense = 0
        self.session = ""
        self.level = ""
        self.role = role
        self._spec = spec
        self.completions = Completions()
        self._max = max_message
        self._outbound = Outbound(spec, connector, max_message)
        self._changed = changed
        self.elsewhere: Callable[[Fault], bool] = nowhere
        self.updated: Callable[[dict[str, Any]], bool] = unheeded
        self._next = 0
        self._mirrored = MirroredArguments()
        self._followed: dict[int, _Call] = {}
        """Calls whose progress may come on a stream that is no call's: of tasks that they began."""
        self._fixed = tuple(
            {**spec.headers, "content-type": "application/json", "accept": f"application/json, {EVENTS}"}.items()
        )
        self._courier = Courier(self._post_quietly)
        self.asks = Asks(role.capabilities, self._post, self._courier.put, describes=role.describes)
        self.lacking = self.asks.lacking
        self._lingers = True
        self._listened = False

    async def open(self) -> None:
        """Make ready; connections are opened by the calls."""
        self._courier.start()

    def grumbles(self) -> tuple[str, ...]:
        """Return nothing: only a child has a standard error."""
        return ()

    def lose(self, fault: Fault) -> None:
        """Give the link up; calls in flight may still end."""
        if not self.lost.done():
            self.lost.set_result(fault)

    async def close(self) -> None:
        """End the session (legacy), best effort."""
        fault = self.lost.result() if self.lost.done() and not self.lost.cancelled() else None
        self.lose(Lost("was stopped"))
        await self._courier.stop()
        if not self.agreement.session or isinstance(fault, SessionGone):
            return
        try:
            async with (
                asyncio.timeout(GOODBYE_SECONDS),
                self._outbound.stream("DELETE", self._get_headers()),
            ):
                pass
        except (Fault, TimeoutError):
            return

    async def exchange(
        self, method: str, params: dict[str, Any], notify: Notify | None = None, client: Client | None = None
    ) -> Answer:
        """Send one request and return its answer; raises `Fault`. Cancelling it cancels the request upstream."""
        answer = await self._exchange_once(method, params, notify, client)
        if method == "tools/list" and self.agreement.modern and isinstance(answer, frames.Response):
            return frames.Response(answer.id, self._mirrored.learn(answer.result))
        if method == "tools/call" and isinstance(answer, frames.Failure) and answer.code == frames.HEADER_MISMATCH:
            await self._learn_tools()
            return await self._exchange_once(method, params, notify, client)
        return answer

    async def send(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Send one notification; raises `Fault`."""
        await self._post(frames.encode_notification(method, params), method)

    def request_soon(self, method: str, params: dict[str, Any]) -> None:
        """Send one request in passing; its answer is not looked at."""
        self._next += 1
        self._courier.put(frames.encode_request(self._next, method, params))

    async def listen(self) -> bool:
        """Take in list_changed: by GET (legacy), by `subscriptions/listen` (modern)."""
        if not self.agreement.modern:
            return await self._listen("GET", b"", self._get_headers())
        params = listen_params(self.agreement)
        if not params["notifications"]:
            return False
        method = "subscriptions/listen"
        self._next += 1
        body = frames.encode_request(self._next, method, dress(params, modern=True, token=None))
        return await self._listen("POST", body, self._headers(method, params))

    async def follow(self, uris: Sequence[str], acknowledged: Callable[[dict[str, Any]], None]) -> bool:
        """Keep a subscription to resources open (modern)."""
        method, params = "subscriptions/listen", {"notifications": {"resourceSubscriptions": list(uris)}}
        self._next += 1
        body = frames.encode_request(self._next, method, dress(params, modern=True, token=None))
        async with self._outbound.stream("POST", self._headers(method, params), body) as reply:
            if reply.status != OK or media_type(reply) != EVENTS:
                return reply.status >= SERVER_ERROR
            return await self._take_news(reply, acknowledged)

    async def _exchange_once(
        self, method: str, params: dict[str, Any], notify: Notify | None, client: Client | None
    ) -> Answer:
        self._next += 1
        call = _Call(self._next, params, notify)
        token = call.number if call.token is not None else None
        if client is not None and client.progress is not None:
            call.progress, call.token = client.progress
        dressed = dress(params, modern=self.agreement.modern, token=token, client=client)
        if self._spec.oauth is not None and self.agreement.modern:
            dressed["_meta"][CAPABILITIES] = declaring(dressed["_meta"][CAPABILITIES])
        body = frames.encode_request(call.number, method, dressed)
        if len(body) > self._max:
            raise NotSent(f"cannot be sent more than {self._max} bytes at once")
        headers = self._headers(method, params)
        headers += trace_headers(dressed)
        if method == "tools/call" and self.agreement.modern:
            headers += self._mirrored.headers(params).items()
        if client is None or (client.sink is None and client.progress is None):
            return await self._send(method, call, headers, body)
        if client.sink is not None:
            self.asks.begin(call.number, client.sink)
        if client.progress is not None:
            self._followed[call.progress] = call
        try:
            return await self._send(method, call, headers, body)
        finally:
            self.asks.end(call.number)
            self._followed.pop(call.progress, None)

    async def _send(self, method: str, call: _Call, headers: list[tuple[str, str]], body: bytes) -> Answer:
        try:
            async with self._outbound.stream("POST", headers, body) as reply:
                self.heard += 1
                if method == "initialize":
                    self._note_session(reply)
                if reply.status == OK and media_type(reply) == EVENTS:
                    stream = EventStream(self._max)
                    answer = await self._read_stream(reply, stream, call)
                else:
                    return await self._read_json(reply, call)
            return answer if answer is not None else await self._resume(stream, call)
        except Fault:
            raise
        except BaseException:
            self._cancel(call, method)
            raise

    async def _read_json(self, reply: Reply, call: _Call) -> Answer:
        status = reply.status
        if media_type(reply) != "application/json" or (status == NOT_FOUND and self.agreement.session):
            await self._skip(reply)
            if status == NOT_FOUND and self.agreement.session:
                raise SessionGone("has forgotten the session")
            raise Rejected(status) if status >= BAD_REQUEST else Nonsense("answered with neither JSON nor events")
        try:
            messages = read_messages(await reply.read(self._max))
        except Nonsense:
            if status >= BAD_REQUEST:
                raise Rejected(status) from None
            self.nonsense += 1
            raise
        for message in messages:
            if call.owns(message):
                return self._judged(message, status)
            if status >= BAD_REQUEST and isinstance(message, frames.Failure) and message.id is None:
                return self._judged(message, status)
            await self._take(message, call)
        raise Rejected(status) if status >= BAD_REQUEST else Nonsense("answered another request than the one it got")

    def _judged(self, message: frames.Message, status: int) -> Answer:
        """Return an answer in a body; raises `SessionGone` for the 400 that some servers say it with."""
        if isinstance(message, frames.Response):
            return message
        assert isinstance(message, frames.Failure)  # noqa: S101 - the caller has looked
        if status == BAD_REQUEST and self.agreement.session and "session" in message.message.lower():
            raise SessionGone("has forgotten the session")
        if status >= SERVER_ERROR:
            raise Rejected(status)
        return message

    async def _read_stream(self, reply: Reply, stream: EventStream, call: _Call) -> Answer | None:
        """Return the answer in a stream, None if it ended without and can be resumed; raises `Lost` if it cannot."""
        try:
            async with aclosing(stream.messages(reply)) as messages:
                async for message in messages:
                    if call.owns(message) and isinstance(message, frames.Response | frames.Failure):
                        await self._linger(messages)
                        return message
                    await self._take(message, call)
        except Lost:
            if not stream.last_id or self.agreement.modern:
                raise
        if not stream.last_id or self.agreement.modern:
            raise Lost("cut the stream before the answer")
        return None

    async def _linger(self, messages: AsyncGenerator[frames.Message, None]) -> None:
        """Read to the end of the stream, so that its connection can be used again, unless the server keeps it open."""
        if not self._lingers:
            return
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                async for _ in messages:
                    pass
        except TimeoutError:
            self._lingers = False
        except Fault:
            return

    async def _resume(self, stream: EventStream, call: _Call) -> Answer:
        """Fetch the rest of a cut stream (2025-11-25, resumability); raises `Lost` when that does not help."""
        for _ in range(MAX_RESUMES):
            await asyncio.sleep(stream.retry)
            headers = self._get_headers(("last-event-id", stream.last_id))
            async with self._outbound.stream("GET", headers) as reply:
                if reply.status != OK or media_type(reply) != EVENTS:
                    raise Lost("cut the stream before the answer and would not resume it")
                answer = await self._read_stream(reply, stream, call)
            if answer is not None:
                return answer
        raise Lost("cut the stream again and again before the answer")

    async def _take(self, message: frames.Message, call: _Call) -> None:
        """Handle what comes beside the answer on a call's own stream."""
        if isinstance(message, frames.Request):
            self._asked(message, call.number)
        elif isinstance(message, frames.Notification):
            if (kind := CHANGES.get(message.method)) is not None:
                self._changed(kind)
            elif message.method == UPDATED:
                self.updated(message.params)
            elif message.method == CANCELLED:
                self.asks.cancelled(message)
            else:
                await self._tell(message, call)
        else:
            self.nonsense += 1

    async def _tell(self, message: frames.Notification, call: _Call) -> None:
        """Tell a call's caller of what came for it."""
        if message.method == COMPLETE:
            self.completions.note(message.params)
        if call.notify is not None and (params := translate(message, call.progress, call.token)) is not None:
            await call.notify(message.method, params)

    async def _take_of_no_call(self, message: frames.Notification) -> None:
        """Take in what concerns a call, on a stream that is no call's."""
        if message.method == COMPLETE:
            self.completions.note(message.params)
        number = message.params.get("progressToken") if message.method == "notifications/progress" else None
        if type(number) is int and (call := self._followed.get(number)) is not None:
            await self._tell(message, call)

    async def _listen(self, method: str, body: bytes, headers: list[tuple[str, str]]) -> bool:
        again, self._listened = self._listened, True
        async with self._outbound.stream(method, headers, body) as reply:
            self.listening.set()
            if reply.status == NOT_FOUND and self.agreement.session:
                self.lose(SessionGone("has forgotten the session"))
            if reply.status != OK or media_type(reply) != EVENTS:
                return reply.status >= SERVER_ERROR
            if again:
                self._all_changed()
            return await self._take_news(reply)

    async def _take_news(self, reply: Reply, acknowledged: Callable[[dict[str, Any]], object] = unheeded) -> bool:
        """Take in what comes on a stream that is no call's until it ends; return whether it is worth opening again."""
        async with aclosing(EventStream(self._max).messages(reply)) as messages:
            async for message in messages:
                self.heard += 1
                if isinstance(message, frames.Request):
                    self._asked(message)
                elif isinstance(message, frames.Failure):
                    return False
                elif not isinstance(message, frames.Notification):
                    continue
                elif message.method in CHANGES:
                    self._changed(CHANGES[message.method])
                elif message.method == UPDATED:
                    self.updated(message.params)
                elif message.method == ACKNOWLEDGED:
                    acknowledged(message.params)
                elif message.method == CANCELLED:
                    self.asks.cancelled(message)
                else:
                    await self._take_of_no_call(message)
        return True

    def _all_changed(self) -> None:
        if not self.agreement.modern:
            self.updated({})  # it was listening on this stream that told of resources, too
        for kind in KINDS:
            if self.agreement.offers(kind):
                self._changed(kind)

    async def _learn_tools(self) -> None:
        """Read the whole tools/list again for its mirrored arguments."""
        params: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            answer = await self.exchange("tools/list", params)
            cursor = answer.result.get("nextCursor") if isinstance(answer, frames.Response) else None
            if not isinstance(cursor, str):
                return
            params = {"cursor": cursor}

    def _headers(self, method: str, params: dict[str, Any]) -> list[tuple[str, str]]:
        return [*self._fixed, *routing_headers(self.agreement, method, params)]

    def _get_headers(self, *more: tuple[str, str]) -> list[tuple[str, str]]:
        return [*self._spec.headers.items(), ("accept", EVENTS), *routing_headers(self.agreement, "", {}), *more]

    def _note_session(self, reply: Reply) -> None:
        session = reply.header(SESSION)
        sound = len(session) <= MAX_SESSION_ID and session.isascii() and session.isprintable() and " " not in session
        self.session = session if sound else ""

    def _asked(self, request: frames.Request, number: int | None = None) -> None:
        """Take in a request of a legacy server; a modern one has none to send."""
        if not self.agreement.modern:
            self.asks.take(request, number)

    def _cancel(self, call: _Call, method: str) -> None:
        """Tell a legacy server; for a modern one the closed stream says it."""
        if not self.agreement.modern and method not in HANDSHAKES:
            self._courier.put(frames.encode_notification(CANCELLED, {"requestId": call.number}))

    async def _skip(self, reply: Reply) -> None:
        """Read a short body that nobody needs, so that its connection can be used again."""
        if media_type(reply) != EVENTS:
            with suppress(Nonsense):
                await reply.read(SKIPPED_BYTES)

    async def _post_quietly(self, body: bytes) -> None:
        try:
            await self._post(body)
        except Fault:
            self.nonsense += 1

    async def _post(self, body: bytes, method: str = "") -> None:
        headers = self._headers(method, {})
        async with self._outbound.stream("POST", headers, body) as reply:
            await self._skip(reply)
            if reply.status == NOT_FOUND and self.agreement.session:
                raise SessionGone("has forgotten the session")
            if reply.status >= BAD_REQUEST:
                raise Rejected(reply.status)
