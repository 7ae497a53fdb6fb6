"""MCP over a pair of message streams (stdio, the old HTTP with SSE): one table of calls for all that comes in.

It opens and closes nothing and knows no bytes but messages: a transport gives it `_write`, `_write_soon`, and feeds
`_take`. Log messages name no request on such a transport: they are given to a call only where the link serves one
caller and the call is its only one; one caller's must not reach another.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.protocol import frames
from mcpg.upstreams.asks import Asks
from mcpg.upstreams.clients import PLAIN
from mcpg.upstreams.completions import COMPLETE, Completions
from mcpg.upstreams.eras import BEFORE_HANDSHAKE, dress, listen_params
from mcpg.upstreams.faults import Fault, Nonsense, NotSent
from mcpg.upstreams.link import ACKNOWLEDGED, CANCELLED, CHANGES, HANDSHAKES, OF_ONE_CALL, UPDATED, nowhere, unheeded
from mcpg.upstreams.tickets import Tickets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg.upstreams.clients import Client, Role
    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.tickets import Answer, Notify, Ticket

__all__ = ["Duplex"]

MAX_NOISE = 100
"""Messages in a row that are none before the link is given up."""
MAX_STRAYS = 20_000
"""Messages without an answer among them before the link is given up."""


class Duplex:
    """One link over two message streams. A transport adds `open`, `close`, `_write` and `_write_soon`."""

    old = False

    def __init__(self, max_message: int, changed: Callable[[str], None], role: Role = PLAIN) -> None:
        loop = asyncio.get_running_loop()
        self.agreement: Agreement = BEFORE_HANDSHAKE
        self.lost: asyncio.Future[Fault] = loop.create_future()
        self.listening = asyncio.Event()
        self.listening.set()  # all of it comes the same way
        self.heard = 0
        self.nonsense = 0
        self.session = ""
        self.level = ""
        self.role = role
        self.elsewhere: Callable[[Fault], bool] = nowhere
        self.updated: Callable[[dict[str, Any]], bool] = unheeded
        self.completions = Completions()
        self._max = max_message
        self._changed = changed
        self._tickets = Tickets()
        self.asks = Asks(role.capabilities, self._write, self._write_soon, describes=role.describes)
        self.lacking = self.asks.lacking
        self._noise = 0
        self._idle = 0

    async def _write(self, line: bytes) -> None:
        """Send one message, waiting while the upstream takes none; raises `Fault`."""
        raise NotImplementedError

    def _write_soon(self, line: bytes) -> None:
        """Send one message in passing; one that cannot be sent is dropped."""
        raise NotImplementedError

    async def exchange(
        self, method: str, params: dict[str, Any], notify: Notify | None = None, client: Client | None = None
    ) -> Answer:
        """Send one request and return its answer; raises `Fault`. Cancelling it tells the upstream."""
        ticket = self._tickets.open(params, notify)
        sink = client.sink if client is not None else None
        sent = False
        try:
            token = ticket.id if ticket.token is not None else None
            dressed = dress(params, modern=self.agreement.modern, token=token, client=client)
            if client is not None and client.progress is not None:
                self._tickets.follow(ticket, *client.progress)
            if sink is not None:
                self.asks.begin(ticket.id, sink)
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
            if sink is not None:
                self.asks.end(ticket.id)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Send one notification; raises `Fault`."""
        await self._write(frames.encode_notification(method, params))

    def request_soon(self, method: str, params: dict[str, Any]) -> None:
        """Send one request in passing; its answer comes for nobody."""
        self._write_soon(frames.encode_request(self._tickets.unused(), method, params))

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
        """Return nothing: only a child has a standard error."""
        return ()

    def lose(self, fault: Fault) -> None:
        """Give the link up; calls in flight fail."""
        self._end(fault)

    def _ready_to_write(self, line: bytes) -> None:
        """Return if `line` may be sent; raises `NotSent`."""
        if self.lost.done():
            raise NotSent("is not connected")
        if len(line) > self._max:
            raise NotSent(f"cannot be sent more than {self._max} bytes at once")

    def _cancel(self, ticket: Ticket) -> None:
        self._write_soon(frames.encode_notification(CANCELLED, {"requestId": ticket.id}))

    def _end(self, fault: Fault) -> None:
        if not self.lost.done():
            self.lost.set_result(fault)
        self._tickets.fail_all(fault)

    def _take_text(self, text: bytes) -> None:
        """Take in a message, or a batch of them (2025-03-26)."""
        for part in _messages(text):
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
            self.asks.take(message, only=self._tickets.only)
        elif self._take_news(message):
            return
        self._count_idle()

    def _take_news(self, message: frames.Notification) -> bool:
        """Hand on a notification; return whether it had to do with a call in flight."""
        method = message.method
        if method == "notifications/progress":
            return self._tickets.progress(message)
        if method in OF_ONE_CALL:
            if method == COMPLETE:
                self.completions.note(message.params)
            return self.role.private and self._tickets.tell_only(message)
        if method == CANCELLED:
            return self.asks.cancelled(message)
        if method == ACKNOWLEDGED:
            self._tickets.acknowledge(message)
        elif method == UPDATED:
            return self.updated(message.params)
        elif (kind := CHANGES.get(method)) is not None:
            self._changed(kind)
        return False

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


def _messages(text: bytes) -> list[frames.Message | frames.FrameError]:
    try:
        return frames.parse_batch(text) if frames.is_batch(text) else [frames.parse(text)]
    except frames.FrameError as error:
        return [error]
