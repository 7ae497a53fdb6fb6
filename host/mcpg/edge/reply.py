"""The answer to one posted message: whole JSON, or a stream once something had to be said earlier. It answers nothing.

Until the first notification or the first keep-alive nothing is written, so that a quick answer is one piece with its
own status. Writes to a stream wait for the client `write_timeout` seconds at most; then it counts as gone.
Source: MCP basic/transports (Streamable HTTP: sending messages).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcpg.edge.asgi import STREAM_LINES, encode_lines, send_whole
from mcpg.protocol.frames import encode_notification
from mcpg.protocol.notices import Notices
from mcpg.protocol.sse import KEEP_ALIVE, encode_event

if TYPE_CHECKING:
    from typing import Any

    from mcpg.contract.ports import McpCall
    from mcpg.edge.answers import Answer
    from mcpg.edge.asgi import Lines, Send

__all__ = ["CallChannel", "Reply"]


class Reply:
    """What is written for one request; `lines` are headers that every answer carries."""

    __slots__ = ("_lines", "_lock", "_send", "_timeout", "done", "gone", "streaming")

    def __init__(self, send: Send, lines: Lines, write_timeout: float) -> None:
        self._send = send
        self._lines = lines
        self._timeout = write_timeout
        self._lock: asyncio.Lock | None = None
        self.streaming = False
        self.gone = False
        """Whether nobody reads any more: what is sent from then on is dropped."""
        self.done = False

    async def event(self, data: bytes) -> None:
        """Send one message as an event, which makes the answer a stream."""
        await self._write(encode_event(data))

    async def beat(self) -> None:
        """Send a comment, so that nothing between us and the client takes the silence for an end."""
        await self._write(KEEP_ALIVE)

    async def finish(self, answer: Answer) -> None:
        """Send the answer and end: whole if nothing was sent before, else as the stream's last event."""
        self.done = True
        if self.gone:
            return
        if not self.streaming:
            await send_whole(self._send, answer.status, answer.body, [*self._lines, *encode_lines(answer.headers)])
            return
        await self._end(encode_event(answer.body))

    async def finish_empty(self) -> None:
        """End without an answer: the client has said that it wants none."""
        self.done = True
        if not self.gone:
            await self._end(b"")

    async def _write(self, data: bytes) -> None:
        if self.gone or self.done:
            return
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            if not self.done:
                await self._push(data, more=True)

    async def _end(self, data: bytes) -> None:
        async with self._lock or asyncio.Lock():
            await self._push(data, more=False)

    async def _push(self, data: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                if not self.streaming:
                    self.streaming = True
                    lines = [*STREAM_LINES, *self._lines]
                    await self._send({"type": "http.response.start", "status": 200, "headers": lines})
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            self.gone = True


class CallChannel:
    """The client's side of one call: sends what its client asked to be told, drops the rest."""

    __slots__ = ("_notices", "_reply")

    def __init__(self, reply: Reply, call: McpCall) -> None:
        self._reply = reply
        self._notices = Notices(call)

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that belongs to this request; dropped when the client cannot take it."""
        admitted = self._notices.admit(method, params)
        if admitted is not None:
            await self._reply.event(encode_notification(method, admitted))
