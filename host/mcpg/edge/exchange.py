"""One posted request in work: watched for its client's leaving, cancelled where that is the rule. It answers no call.

The work runs in the task that the server made for the request. Only a request that runs longer than `watch_after` gets
a second task, which waits for the client to leave and breaks the silence. A modern client's leaving cancels its
request; that of a session does not, and it may come back (MCP basic/transports of both eras).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcpg.edge.answers import Answer
from mcpg.protocol.frames import INTERNAL_ERROR, INVALID_REQUEST, encode_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.edge.asgi import Receive
    from mcpg.edge.load import Load
    from mcpg.edge.reply import Reply
    from mcpg.edge.settings import EdgeSettings
    from mcpg.protocol.frames import RequestId

__all__ = ["BY_CLIENT", "BY_END", "BY_LEAVING", "BY_SHUTDOWN", "Exchange"]

BY_CLIENT = "client"
BY_END = "end"
"""The session has ended, by whomever: the client is owed a word, for it has not withdrawn this request."""
BY_LEAVING = "leaving"
BY_SHUTDOWN = "shutdown"


class Exchange:
    """A request in work; with `load` it may go on when its client has gone, as long as that has room."""

    __slots__ = ("_load", "_receive", "_settings", "_task", "_watch", "cancelled", "detached", "reply")

    def __init__(self, reply: Reply, receive: Receive, settings: EdgeSettings, load: Load | None = None) -> None:
        self.reply = reply
        self.cancelled = ""
        """Who cancelled it, empty if nobody did."""
        self.detached = False
        """Whether it goes on without its client."""
        self._receive = receive
        self._settings = settings
        self._load = load
        self._task: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[], Awaitable[Answer]], request_id: RequestId | None = None) -> Answer | None:
        """Do the work and send its answer, which is returned; none if it was cancelled."""
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self.reply.owner = self
        timer = loop.call_later(self._settings.watch_after, self._begin_watch, loop)
        try:
            answer = await work()
        except asyncio.CancelledError:
            self._stop(timer)
            if not self.cancelled or self._task is None:
                self.reply.abandon()
                raise
            self._task.uncancel()
            await self._end_cancelled(request_id)
            return None
        except BaseException:
            self._stop(timer)
            self.reply.abandon()
            raise
        self._stop(timer)
        await self.reply.finish(answer)
        return answer

    @property
    def watched(self) -> bool:
        """Whether it has run so long that its client was watched."""
        return self._watch is not None

    def cancel(self, by: str) -> None:
        """Cancel the work, unless its answer is already there."""
        if self._task is not None and not self.reply.done and not self.cancelled:
            self.cancelled = by
            self._task.cancel()

    def part(self) -> bool:
        """Go on without the client if there is room for one more that does."""
        if not self.detached:
            self.detached = self._load is not None and self._load.may_detach()
        return self.detached

    def left(self) -> None:
        """Go on without the client, or cancel the work."""
        if not self.part():
            self.cancel(BY_LEAVING)

    def returned(self) -> None:
        """Go on with the client again."""
        if self.detached and self._load is not None:
            self.detached = False
            self._load.returned()

    def _stop(self, timer: asyncio.TimerHandle) -> None:
        self.reply.done = True
        self.reply.owner = None  # they point at each other no longer: nothing is left to a collection
        timer.cancel()
        if self._watch is not None:
            self._watch.cancel()

    async def _end_cancelled(self, request_id: RequestId | None) -> None:
        if self.cancelled == BY_SHUTDOWN:
            body = encode_failure(request_id, INTERNAL_ERROR, "the gateway is shutting down; it may have happened")
            await self.reply.finish(Answer(body, 503, (("connection", "close"),), INTERNAL_ERROR))
        elif self.cancelled == BY_END:
            body = encode_failure(request_id, INVALID_REQUEST, "the session has ended; it may have happened")
            await self.reply.finish(Answer(body, 404, (), INVALID_REQUEST))
        else:
            await self.reply.finish_empty()

    def _begin_watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watch = loop.create_task(self._watch_client())

    async def _watch_client(self) -> None:
        reply = self.reply
        while True:
            silence = reply.silence
            try:
                async with asyncio.timeout(silence if silence < float("inf") else None):
                    message = await self._receive()
            except TimeoutError:
                reply.beat()
                continue
            if message["type"] == "http.disconnect":
                break
        if not reply.done:
            reply.leave()
