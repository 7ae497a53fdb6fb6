"""MCP over a child's standard input and output (both eras): one line is one message. It restarts nothing.

Log messages on this transport name no request, so they belong to nobody and are dropped: one caller's must not reach
another.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from mcpg.protocol import frames
from mcpg.upstreams.child import Child
from mcpg.upstreams.eras import BEFORE_HANDSHAKE, dress, listen_params
from mcpg.upstreams.faults import Fault, Lost, Nonsense, NotSent
from mcpg.upstreams.link import ACKNOWLEDGED, CHANGES, HANDSHAKES, UPDATED, answer_for, unheeded
from mcpg.upstreams.tickets import Tickets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.lines import Line
    from mcpg.upstreams.specs import StdioSpec
    from mcpg.upstreams.tickets import Answer, Notify, Ticket

__all__ = ["StdioLink"]

MAX_NOISE = 100
"""Lines in a row that are no message before the link is given up."""
MAX_STRAYS = 20_000
"""Messages without an answer among them before the link is given up."""
_ID = re.compile(rb'"id"\s*:\s*(\d{1,15})\s*[,}]')


class StdioLink:
    """One child from its start to its end. Implements `Link`."""

    def __init__(self, spec: StdioSpec, max_message: int, changed: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        self.agreement: Agreement = BEFORE_HANDSHAKE
        self.lost: asyncio.Future[Fault] = loop.create_future()
        self.heard = 0
        self.nonsense = 0
        self.session = ""
        self._spec = spec
        self._max = max_message
        self._changed = changed
        self.updated: Callable[[dict[str, Any]], None] = unheeded
        self._tickets = Tickets()
        self._noise = 0
        self._idle = 0
        self._child: Child | None = None

    async def open(self) -> None:
        """Start the child; raises `Fault`."""
        self._child = await Child.start(self._spec, self._max, self._take_line, self._end)

    async def exchange(self, method: str, params: dict[str, Any], notify: Notify | None = None) -> Answer:
        """Send one request and return its answer; raises `Fault`. Cancelling it tells the upstream."""
        ticket = self._tickets.open(params, notify)
        sent = False
        try:
            token = ticket.id if ticket.token is not None else None
            dressed = dress(params, modern=self.agreement.modern, token=token)
            await self._write(frames.encode_request(ticket.id, method, dressed))
            sent = True
            return await ticket.answer()
        except Fault:
            raise
        except BaseException:
            if sent and method not in HANDSHAKES:
                self._cancel(ticket)
            raise
        finally:
            self._tickets.close(ticket)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Send one notification; raises `Fault`."""
        await self._write(frames.encode_notification(method, params))

    async def listen(self) -> bool:
        """Keep a subscription open (modern); a legacy server sends list_changed unasked."""
        params = listen_params(self.agreement)
        if not self.agreement.modern or not params["notifications"]:
            return False
        answer = await self.exchange("subscriptions/listen", params)
        return isinstance(answer, frames.Response)

    async def follow(self, uris: Sequence[str], acknowledged: Callable[[dict[str, Any]], None]) -> bool:
        """Keep a subscription to resources open (modern)."""

        async def take(method: str, params: dict[str, Any]) -> None:
            if method == ACKNOWLEDGED:
                acknowledged(params)

        params = {"notifications": {"resourceSubscriptions": list(uris)}}
        return isinstance(await self.exchange("subscriptions/listen", params, take), frames.Response)

    def grumbles(self) -> tuple[str, ...]:
        """Return the last lines of standard error."""
        return tuple(self._child.stderr) if self._child is not None else ()

    def lose(self, fault: Fault) -> None:
        """Give the link up; calls in flight fail."""
        self._end(fault)

    async def close(self) -> None:
        """End the child with its group; calls in flight fail."""
        self._end(Lost("was stopped"))
        if self._child is not None:
            await self._child.stop(self._spec.grace)

    async def _write(self, line: bytes) -> None:
        if self._child is None or self.lost.done():
            raise NotSent("is not connected")
        if len(line) > self._max:
            raise NotSent(f"cannot be sent more than {self._max} bytes at once")
        await self._child.write(line)

    def _cancel(self, ticket: Ticket) -> None:
        self._write_soon(frames.encode_notification("notifications/cancelled", {"requestId": ticket.id}))

    def _write_soon(self, line: bytes) -> None:
        if self._child is None or self.lost.done():
            return
        try:
            self._child.write_soon(line)
        except NotSent:
            return

    def _end(self, fault: Fault) -> None:
        if not self.lost.done():
            self.lost.set_result(fault)
        self._tickets.fail_all(fault)

    def _take_line(self, line: Line) -> None:
        if self.lost.done() or not line.text.strip():
            return
        if line.oversize:
            self._take_oversize(line.text)
            return
        for part in _messages(line.text):
            self._take(part)

    def _take(self, message: frames.Message | frames.FrameError) -> None:
        if isinstance(message, frames.FrameError):
            self._count_noise(message.request_id, "answered with something that is no MCP message")
            return
        self._noise = 0
        self.heard += 1
        if isinstance(message, frames.Response | frames.Failure):
            if self._tickets.settle(message):
                self._idle = 0
                return
        elif isinstance(message, frames.Request):
            self._write_soon(answer_for(message))
        elif message.method == "notifications/progress":
            if self._tickets.progress(message):
                return
        elif message.method == ACKNOWLEDGED:
            self._tickets.acknowledge(message)
        elif message.method == UPDATED:
            self.updated(message.params)
        elif (kind := CHANGES.get(message.method)) is not None:
            self._changed(kind)
        self._count_idle()

    def _take_oversize(self, head: bytes) -> None:
        """Fail the call that the dropped line seems to answer; a wrong guess hurts this upstream's calls only."""
        found = _ID.search(head)
        self._count_noise(int(found[1]) if found else None, f"answered with more than {self._max} bytes")

    def _count_noise(self, request_id: frames.RequestId | None, reason: str) -> None:
        self.nonsense += 1
        self._noise += 1
        if type(request_id) is int:
            self._tickets.fail_one(request_id, Nonsense(reason))
        if self._noise > MAX_NOISE:
            self._end(Nonsense("writes what is no MCP message to its output"))

    def _count_idle(self) -> None:
        self._idle += 1
        if self._idle > MAX_STRAYS:
            self._end(Nonsense("floods its output with messages that nobody asked for"))


def _messages(line: bytes) -> list[frames.Message | frames.FrameError]:
    try:
        return frames.parse_batch(line) if frames.is_batch(line) else [frames.parse(line)]
    except frames.FrameError as error:
        return [error]
