"""One client on one connection that carries messages both ways: stdio, and HTTP+SSE of 2024-11-05. It reads none.

The transport hands in what it has classified, and takes what is written. Requests run concurrently, as many as
`max_pending`; notifications/cancelled ends one, and it then gets no answer. The session is the connection.
Source: MCP basic/lifecycle, basic/utilities/cancellation; MCP 2024-11-05 and later, basic/transports (stdio).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import CannotAsk, Refusal
from mcpg.edge.answers import internal, offers
from mcpg.edge.batches import Part
from mcpg.edge.listens import Listens
from mcpg.edge.measures import EdgeMeasures
from mcpg.edge.sights import Sight
from mcpg.edge.streams import CHANGES
from mcpg.edge.subscriptions import Subscriptions
from mcpg.protocol import frames
from mcpg.protocol.classify import ModernCall, ModernNote, Opening, session_call
from mcpg.protocol.frames import Failure, FrameError, Notification, Request, Response
from mcpg.protocol.handshake import initialize_result, shake
from mcpg.protocol.notices import Notices
from mcpg.protocol.refusals import unknown_method
from mcpg.protocol.shapes import lower_notification
from mcpg.protocol.versions import LATEST_HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall
    from mcpg.edge.answers import Answers
    from mcpg.edge.asks import Asks
    from mcpg.edge.load import Load
    from mcpg.edge.streams import Stream, Streams
    from mcpg.protocol.classify import Posted, SessionTraffic
    from mcpg.protocol.frames import Message, RequestId
    from mcpg.protocol.sessions import Session

__all__ = ["Conversation", "Who", "Write"]

Who = Callable[[], Awaitable["Caller"]]
"""Says who sent a message; raises `Refusal`."""
Write = Callable[[bytes], Awaitable[None]]
"""Takes one message to the client, after those before it; raises `OSError` or `CannotAsk` when it is gone."""

_BATCHING = "2025-03-26"
_IN_WORK = "a request with this id is in work"
_NOTES = 16
"""Notifications that the service takes in at the same time; further ones are dropped."""


class Conversation:
    """Requests of one client both ways. `modern` says if messages of versions without a handshake are taken too."""

    def __init__(
        self,
        answers: Answers,
        asks: Asks,
        streams: Streams,
        session: Session,
        write: Write,
        *,
        modern: bool,
        max_pending: int = 256,
        max_watches: int = 64,
        load: Load | None = None,
        measures: EdgeMeasures | None = None,
    ) -> None:
        self.session = session
        self._answers = answers
        self._asks = asks
        self._streams = streams
        self._write = write
        self._modern = modern
        self._limit = max_pending
        self._load = load
        self._measures = measures or EdgeMeasures()
        self._shaken = False
        self._running: set[asyncio.Task[None]] = set()
        self._by_id: dict[RequestId, asyncio.Task[None] | Part] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._stream: Stream | None = None
        self._teller: asyncio.Task[None] | None = None
        self._watched = Subscriptions(self._deliver, per_session=max_watches)
        self._listens = Listens(answers, streams, write, max_watches=max_watches)

    async def take(self, posted: Posted, who: Who) -> None:
        """Take what the client has sent; what it is answered is written, now or later."""
        match posted:
            case ModernCall(call=call) if self._modern:
                await self._begin(call.request_id, lambda: self._modern_answer(call, who))
            case ModernCall(call=call):
                text = "this transport has no place for versions without a handshake"
                await self._write(frames.encode_failure(call.request_id, frames.INVALID_REQUEST, text))
            case ModernNote(note=note):
                self._note(note, who)
            case Opening(request=request):
                await self._open(request, who)
            case _:
                await self._traffic(posted, who)

    async def finish(self, grace: float) -> None:
        """Give requests in work `grace` seconds to finish, and end subscriptions in order."""
        self._listens.close()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)

    def close(self) -> None:
        """Cancel what is in work and watch nothing more."""
        for task in (*self._running, *self._notes):
            task.cancel()
        if self._teller is not None:
            self._teller.cancel()
        if self._stream is not None:
            self._streams.discard(self._stream)
        self._watched.close(self.session.id)
        self._asks.close(self.session.id)

    async def _open(self, request: Request, who: Who) -> None:
        session = self.session
        try:
            if self._shaken:
                raise Refusal(frames.INVALID_REQUEST, "initialize was done already")  # noqa: TRY301 - one way out
            agreed = shake(request.params)
            session.caller = await who()
        except Refusal as refusal:
            await self._write(self._answers.refuse(refusal, request.id, LATEST_HANDSHAKE).body)
            return
        self._shaken = True
        session.version, session.capabilities = agreed.version, agreed.capabilities
        session.principal = session.caller.identity
        result = initialize_result(self._answers.describe(), agreed.version)
        await self._write(frames.encode_response(request.id, result))

    async def _traffic(self, posted: SessionTraffic, who: Who) -> None:
        if posted.batch:
            if not self._shaken or self.session.version != _BATCHING:
                text = "batches are not part of this protocol version"
                await self._write(frames.encode_failure(None, frames.INVALID_REQUEST, text))
                return
            for message in posted.messages:
                self._settle(message)
            ids = [each.id for each in posted.messages if isinstance(each, Request) and each.id not in self._by_id]
            parts = {request_id: Part() for request_id in ids}
            await self._begin(None, lambda: self._batch(posted.messages, parts, who), parts)
            return
        message = posted.messages[0]
        self._settle(message)
        if isinstance(message, Notification):
            self._note(message, who)
        elif isinstance(message, Request):
            if not self._shaken:
                text = "no session; initialize first"
                text += ", or name a protocol version in `_meta`" if self._modern else ""
                await self._write(frames.encode_failure(message.id, frames.INVALID_REQUEST, text))
                return
            await self._begin(message.id, lambda: self._single(message, who))

    def _settle(self, message: Message | FrameError) -> None:
        if isinstance(message, Response | Failure):
            self._asks.settle(self.session.id, message)

    def _note(self, note: Notification, who: Who) -> None:
        if note.method == "notifications/initialized":
            self._tell_from_now_on()
        elif note.method == "notifications/cancelled":
            request_id = note.params.get("requestId")
            if isinstance(request_id, str | int) and not isinstance(request_id, bool) and request_id in self._by_id:
                self._by_id[request_id].cancel()
        elif self._shaken and len(self._notes) < _NOTES:
            task = asyncio.create_task(self._pass_on(note, who))
            self._notes.add(task)
            task.add_done_callback(self._notes.discard)

    async def _pass_on(self, note: Notification, who: Who) -> None:
        version, session = self.session.version, self.session.id
        try:
            caller = await who()
            await self._answers.service.note(caller, note.method, note.params, version=version, session=session)
        except Refusal:
            return  # who sends a notification is told nothing
        except Exception as error:  # noqa: BLE001 - the same
            internal(error, note.method)

    def _tell_from_now_on(self) -> None:
        session = self.session
        if not self._shaken or session.ready or session.caller is None:
            return
        session.ready = True
        sight = Sight(self._answers, session.caller, session.version, session.id)
        try:
            description = self._answers.describe()
            kinds = frozenset(kind for kind in CHANGES if offers(description, kind, "listChanged"))
            self._stream = self._streams.open(session.principal, kinds, version=session.version, sight=sight)
        except Refusal:
            return  # too many streams: this client lists again when it wants to know
        self._teller = asyncio.create_task(self._tell(self._stream, sight))

    async def _tell(self, stream: Stream, sight: Sight) -> None:
        await sight.look(stream.kinds)
        while (message := await stream.next(3600.0)) is not None:
            if message:
                try:
                    await self._write(message)
                except (OSError, CannotAsk):
                    return

    def _deliver(self, _: Session, method: str, params: dict[str, Any]) -> None:
        if self._stream is not None:
            self._streams.offer(self._stream, method, params, str(params.get("uri")))

    async def _begin(
        self,
        request_id: RequestId | None,
        work: Callable[[], Awaitable[bytes]],
        parts: Mapping[RequestId, Part] | None = None,
    ) -> None:
        """Run a request, or the `parts` of a batch, in a task of its own, unless its id is in work or too many are."""
        refused = ""
        if request_id in self._by_id:
            refused = _IN_WORK
        elif len(self._running) >= self._limit:
            refused = "too many requests are in work"
        if refused:
            await self._write(frames.encode_failure(request_id, frames.INVALID_REQUEST, refused))
            return

        in_work = _InWork()
        try:
            if self._load is not None:
                self._load.begin(in_work)
        except Refusal as refusal:
            await self._write(frames.encode_failure(request_id, refusal.code, str(refusal)))
            return

        async def run() -> None:
            if body := await work():
                await self._write(body)

        task = in_work.task = asyncio.create_task(run())
        claimed = parts or {} if request_id is None else {request_id: task}
        self._running.add(task)
        self._by_id.update(claimed)
        task.add_done_callback(lambda done: self._ended(claimed, in_work, done))

    def _ended(self, claimed: Iterable[RequestId], in_work: _InWork, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        for request_id in claimed:
            del self._by_id[request_id]
        if self._load is not None:
            self._load.end(in_work)
        if not task.cancelled():
            task.exception()  # only a closed output raises here, and reading has its own end

    async def _modern_answer(self, call: McpCall, who: Who) -> bytes:
        try:
            caller = await who()
            if call.method == "subscriptions/listen":
                return await self._listens.listen(caller, call)
        except Refusal as refusal:
            return self._answers.refuse(refusal, call.request_id, call.version, call.method).body
        except OSError:
            raise  # the client is gone
        except Exception as error:  # noqa: BLE001 - the boundary where errors become answers
            broken = internal(error, call.method)
            return self._answers.refuse(broken, call.request_id, call.version, call.method).body
        self.session.caller = caller
        return await self._answer(caller, replace(call, session=self.session.id))

    async def _single(self, request: Request, who: Who) -> bytes:
        session = self.session
        try:
            call = session_call(request, session)
            caller = session.caller = await who()
            if call.method in {"resources/subscribe", "resources/unsubscribe"}:
                return frames.encode_response(request.id, await self._subscribe(caller, call))
        except Refusal as refusal:
            return self._answers.refuse(refusal, request.id, session.version, request.method).body
        except Exception as error:  # noqa: BLE001 - the boundary where errors become answers
            broken = internal(error, request.method)
            return self._answers.refuse(broken, request.id, session.version, request.method).body
        return await self._answer(caller, call, session)

    async def _answer(self, caller: Caller, call: McpCall, session: Session | None = None) -> bytes:
        start, outcome = monotonic(), "cancelled"
        try:
            answer = await self._answers.answer(caller, call, _Channel(self, call, session), session)
            outcome = str(answer.code) if answer.code else "ok"
            return answer.body
        finally:
            self._measures.answered(call.version, call.method, outcome, monotonic() - start)

    async def _subscribe(self, caller: Caller, call: McpCall) -> dict[str, Any]:
        if not offers(self._answers.describe(), "resources", "subscribe"):
            raise unknown_method(call.method, call.version)
        if call.method == "resources/unsubscribe":
            return self._watched.unsubscribe(self.session.id, call.params["uri"])
        return await self._watched.subscribe(self._answers.service, caller, call, self.session)

    async def _batch(self, messages: list[Message | FrameError], parts: Mapping[RequestId, Part], who: Who) -> bytes:
        bodies: list[bytes] = []
        waiting = dict(parts)
        for message in messages:
            if isinstance(message, FrameError):
                bodies.append(frames.encode_failure(message.request_id, message.code, message.message))
            elif isinstance(message, Request):
                part = waiting.pop(message.id, None)
                if part is None:
                    bodies.append(frames.encode_failure(message.id, frames.INVALID_REQUEST, _IN_WORK))
                elif (body := await part.run(self._single(message, who))) is not None:
                    bodies.append(body)
            elif isinstance(message, Notification):
                self._note(message, who)
        return b"[" + b",".join(bodies) + b"]" if bodies else b""

    async def tell(self, method: str, params: dict[str, Any], version: str) -> None:
        """Write a notification in the shape of `version`, which may have no such notification."""
        lowered = lower_notification(method, params, version)
        if lowered is not None:
            await self._write(frames.encode_notification(method, lowered))

    async def ask(self, session: Session, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request to the client and return its answer. See `Channel.ask`."""
        return await self._asks.ask(session, self._carry, method, params)

    async def _carry(self, message: bytes) -> None:
        try:
            await self._write(message)
        except OSError:
            raise CannotAsk("the client is gone") from None


class _InWork:
    """A request in work, as `Load` counts it."""

    detached = False
    task: asyncio.Task[None] | None = None

    def cancel(self, by: str) -> None:  # noqa: ARG002 - whoever it is, there is no answer
        if self.task is not None:
            self.task.cancel()


class _Channel:
    """The client's side of one call."""

    __slots__ = ("_conversation", "_notices", "_session", "_version")

    def __init__(self, conversation: Conversation, call: McpCall, session: Session | None = None) -> None:
        self._conversation = conversation
        self._notices = Notices(call)
        self._session = session
        self._version = call.version

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        admitted = self._notices.admit(method, params)
        if admitted is not None:
            await self._conversation.tell(method, admitted, self._version)

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if self._session is None:
            raise CannotAsk(f"clients of `{self._version}` take no requests")
        return await self._conversation.ask(self._session, method, params)
