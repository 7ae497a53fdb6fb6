"""The stdio server: one client, one configured caller, newline-delimited messages of both eras. It opens no stream.

Requests run concurrently, as many as `max_pending`; notifications/cancelled ends one, and it then gets no answer. The
session of an older client is the process. When the input ends, requests in work have `grace` seconds to finish.
Source: MCP basic/transports (stdio), basic/utilities/cancellation.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.documents import Caller, Credentials
from mcpg.contract.ports import Refusal
from mcpg.edge.answers import Answers
from mcpg.edge.session_ids import new_name
from mcpg.edge.streams import CHANGES, change_method, honoured
from mcpg.protocol import frames
from mcpg.protocol.classify import ModernCall, ModernNote, Opening, classify, session_call
from mcpg.protocol.frames import FrameError, Notification, Request
from mcpg.protocol.handshake import initialize_result, shake
from mcpg.protocol.lines import LineDecoder
from mcpg.protocol.notices import Notices
from mcpg.protocol.refusals import Rejected
from mcpg.protocol.sessions import Session
from mcpg.protocol.shapes import SUBSCRIPTION_KEY, shape
from mcpg.protocol.versions import LATEST_HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.ports import McpCall, Service
    from mcpg.protocol.classify import SessionTraffic
    from mcpg.protocol.frames import RequestId

__all__ = ["StdioServer", "StdioSettings"]

_BATCHING = "2025-03-26"
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class StdioSettings:
    """Bounds of the stdio server; times in seconds, sizes in bytes."""

    max_line: int = 4 * 1024 * 1024
    max_pending: int = 256
    grace: float = 10.0


class StdioServer:
    """Serves one client. `who` is the configured caller, or credentials that are judged anew for each request."""

    def __init__(
        self,
        service: Service,
        who: Caller | Credentials,
        writer: asyncio.StreamWriter,
        settings: StdioSettings | None = None,
    ) -> None:
        self._settings = settings or StdioSettings()
        self._answers = Answers(service)
        self._who = who
        self._writer = writer
        self._lock = asyncio.Lock()
        self._session: Session | None = None
        self._running: dict[RequestId, asyncio.Task[None]] = {}
        self._listens: dict[RequestId, tuple[frozenset[str], McpCall]] = {}
        self._changed: set[str] = set()
        self._wake = asyncio.Event()

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Serve until the input ends."""
        lines = LineDecoder(self._settings.max_line)
        teller = asyncio.create_task(self._tell())
        try:
            while chunk := await reader.read(_CHUNK):
                for line in lines.feed(chunk):
                    await self._line(line)
            await self._finish()
        finally:
            teller.cancel()
            for task in self._running.values():
                task.cancel()

    def notify_changed(self, kind: str) -> None:
        """Tell the client that the list of `tools`, `prompts` or `resources` has changed, if it wants to know."""
        self._answers.forget()
        self._changed.add(kind)
        self._wake.set()

    async def _line(self, line: bytes | None) -> None:
        if line is None:
            text = f"message is longer than {self._settings.max_line} bytes"
            await self._write(frames.encode_failure(None, frames.INVALID_REQUEST, text))
            return
        try:
            posted = classify(line, None)
        except Rejected as refusal:
            await self._write(frames.encode_failure(refusal.request_id, refusal.code, str(refusal), refusal.data))
            return
        match posted:
            case ModernCall(call=call):
                await self._begin(call.request_id, lambda: self._modern(call))
            case ModernNote(note=note):
                self._note(note)
            case Opening(request=request):
                await self._open(request)
            case _:
                await self._traffic(posted)

    async def _open(self, request: Request) -> None:
        try:
            if self._session is not None:
                raise Refusal(frames.INVALID_REQUEST, "initialize was done already")  # noqa: TRY301 - one way out
            agreed = shake(request.params)
            caller = await self._identify()
        except Refusal as refusal:
            await self._write(self._answers.refuse(refusal, request.id, LATEST_HANDSHAKE).body)
            return
        self._session = Session(new_name(), caller.identity, agreed.version, agreed.capabilities, caller=caller)
        result = initialize_result(self._answers.describe(), agreed.version)
        await self._write(frames.encode_response(request.id, result))

    async def _traffic(self, posted: SessionTraffic) -> None:
        session = self._session
        if posted.batch:
            if session is None or session.version != _BATCHING:
                text = "batches are not part of this protocol version"
                await self._write(frames.encode_failure(None, frames.INVALID_REQUEST, text))
                return
            key = next((message.id for message in posted.messages if isinstance(message, Request)), "batch")
            await self._begin(key, lambda: self._batch(posted.messages, session))
            return
        message = posted.messages[0]
        if isinstance(message, Notification):
            self._note(message)
        elif isinstance(message, Request):
            if session is None:
                text = "no session; initialize first, or name a protocol version in `_meta`"
                await self._write(frames.encode_failure(message.id, frames.INVALID_REQUEST, text))
                return
            await self._begin(message.id, lambda: self._single(message, session))

    def _note(self, note: Notification) -> None:
        if note.method == "notifications/initialized" and self._session is not None:
            self._session.ready = True
        elif note.method == "notifications/cancelled":
            request_id = note.params.get("requestId")
            if isinstance(request_id, str | int) and not isinstance(request_id, bool):
                self._listens.pop(request_id, None)
                if request_id in self._running:
                    self._running[request_id].cancel()

    async def _begin(self, request_id: RequestId, work: Callable[[], Awaitable[bytes]]) -> None:
        """Run a request in a task of its own, unless its id is in work or there are too many."""
        refused = ""
        if request_id in self._running or request_id in self._listens:
            refused = "a request with this id is in work"
        elif len(self._running) + len(self._listens) >= self._settings.max_pending:
            refused = "too many requests are in work"
        if refused:
            await self._write(frames.encode_failure(request_id, frames.INVALID_REQUEST, refused))
            return

        async def run() -> None:
            if body := await work():
                await self._write(body)

        task = asyncio.create_task(run())
        self._running[request_id] = task
        task.add_done_callback(lambda done: self._ended(request_id, done))

    def _ended(self, request_id: RequestId, task: asyncio.Task[None]) -> None:
        del self._running[request_id]
        if not task.cancelled():
            task.exception()  # only a closed output raises here, and reading has its own end

    async def _modern(self, call: McpCall) -> bytes:
        if call.method == "subscriptions/listen":
            return await self._listen(call)
        return await self._answer(call)

    async def _single(self, request: Request, session: Session) -> bytes:
        try:
            call = session_call(request, session)
        except Refusal as refusal:
            return self._answers.refuse(refusal, request.id, session.version).body
        return await self._answer(call, session)

    async def _batch(self, messages: list[frames.Message | FrameError], session: Session) -> bytes:
        bodies: list[bytes] = []
        for message in messages:
            if isinstance(message, FrameError):
                bodies.append(frames.encode_failure(message.request_id, message.code, message.message))
            elif isinstance(message, Request):
                bodies.append(await self._single(message, session))
            elif isinstance(message, Notification):
                self._note(message)
        return b"[" + b",".join(bodies) + b"]" if bodies else b""

    async def _answer(self, call: McpCall, session: Session | None = None) -> bytes:
        try:
            caller = await self._identify()
        except Refusal as refusal:
            return self._answers.refuse(refusal, call.request_id, call.version).body
        answer = await self._answers.answer(caller, call, _StdioChannel(self._write, call), session)
        return answer.body

    async def _identify(self) -> Caller:
        return self._who if isinstance(self._who, Caller) else await self._answers.identify(self._who)

    async def _listen(self, call: McpCall) -> bytes:
        try:
            await self._identify()
            agreed = honoured(call.params.get("notifications"), self._answers.describe())
        except Refusal as refusal:
            return self._answers.refuse(refusal, call.request_id, call.version).body
        self._listens[call.request_id] = (frozenset(kind for kind, name in CHANGES.items() if name in agreed), call)
        params = {"notifications": agreed, "_meta": {SUBSCRIPTION_KEY: call.request_id}}
        return frames.encode_notification("notifications/subscriptions/acknowledged", params)

    async def _tell(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            for kind in sorted(self._changed):
                self._changed.discard(kind)
                if self._session is not None and self._session.ready:
                    await self._write(frames.encode_notification(change_method(kind)))
                for request_id, (kinds, _) in list(self._listens.items()):
                    if kind in kinds:
                        meta = {"_meta": {SUBSCRIPTION_KEY: request_id}}
                        await self._write(frames.encode_notification(change_method(kind), meta))

    async def _finish(self) -> None:
        """Let requests in work finish, then answer the subscriptions."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=self._settings.grace)
        info = self._answers.describe().get("serverInfo", {})
        for request_id, (_, call) in self._listens.items():
            result = shape(call.method, {"_meta": {SUBSCRIPTION_KEY: request_id}}, call.version, info)
            await self._write(frames.encode_response(request_id, result))

    async def _write(self, message: bytes) -> None:
        async with self._lock:
            self._writer.write(message + b"\n")
            await self._writer.drain()


class _StdioChannel:
    """The client's side of one call."""

    __slots__ = ("_notices", "_write")

    def __init__(self, write: Callable[[bytes], Awaitable[None]], call: McpCall) -> None:
        self._write = write
        self._notices = Notices(call)

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        admitted = self._notices.admit(method, params)
        if admitted is not None:
            await self._write(frames.encode_notification(method, admitted))
