"""The calls that wait for an answer on one link: our ids, our progress tokens, and the way back. It sends nothing.

What is not ours is counted and dropped: unknown ids, second answers, progress for calls that are over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from mcpg.protocol.frames import Failure, Response
from mcpg.upstreams.link import OF_ONE_CALL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.protocol.frames import Notification, RequestId
    from mcpg.upstreams.faults import Fault

    Notify = Callable[[str, dict[str, Any]], Awaitable[None]]

__all__ = ["Answer", "Ticket", "Tickets", "progress_token", "translate"]

MAX_NEWS = 256
"""Notifications of one call that may wait for a slow reader; older ones are dropped."""

Answer = Response | Failure


def progress_token(params: dict[str, Any]) -> RequestId | None:
    """Return the client's own progress token in `params`, if it gave a sound one."""
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if isinstance(token, str | int) and not isinstance(token, bool) else None


class Ticket:
    """One call under our own id. `token` is the client's progress token, None if it wants no progress."""

    __slots__ = ("_answer", "_fault", "_news", "_wake", "id", "notify", "progress", "token")

    def __init__(self, number: int, notify: Notify | None, token: RequestId | None) -> None:
        self.id = number
        self.progress = number
        """The number under which its progress comes."""
        self.notify = notify
        self.token = token if notify is not None else None
        self._answer: Answer | None = None
        self._fault: Fault | None = None
        self._news: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MAX_NEWS)
        self._wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Queue a notification for the caller."""
        self._news.append((method, params))
        self._nudge()

    def settle(self, answer: Answer) -> None:
        """Give the answer."""
        self._answer = answer
        self._nudge()

    def fail(self, fault: Fault) -> None:
        """Give up."""
        self._fault = fault
        self._nudge()

    def _nudge(self) -> None:
        if not self._wake.done():
            self._wake.set_result(None)

    async def answer(self) -> Answer:
        """Return the answer, after the notifications that came before it; raises the `Fault` that ended the call."""
        while True:
            if self._answer is None and self._fault is None and not self._news:
                await self._wake
            while self._news and self.notify is not None:
                await self.notify(*self._news.popleft())
            if self._answer is not None:
                return self._answer
            if self._fault is not None:
                raise self._fault
            if self._wake.done():
                self._wake = asyncio.get_running_loop().create_future()


class Tickets:
    """All calls in flight on one link."""

    def __init__(self) -> None:
        self._next = 1
        self._open: dict[int, Ticket] = {}
        self._followed: dict[int, Ticket] = {}
        self.strays = 0

    def __len__(self) -> int:
        return len(self._open)

    @property
    def only(self) -> int | None:
        """The id of the one call in flight; none if there are more, or none."""
        return next(iter(self._open)) if len(self._open) == 1 else None

    def open(self, params: dict[str, Any], notify: Notify | None) -> Ticket:
        """Open a ticket under a new id."""
        ticket = Ticket(self._next, notify, progress_token(params) if notify is not None else None)
        self._open[self._next] = ticket
        self._next += 1
        return ticket

    def unused(self) -> int:
        """Return an id that no call has."""
        self._next += 1
        return self._next - 1

    def follow(self, ticket: Ticket, number: int, token: RequestId) -> None:
        """Give `ticket` the progress of the call `number` that began its task, under the client's `token`."""
        ticket.progress, ticket.token = number, token
        self._followed[number] = ticket

    def close(self, ticket: Ticket) -> None:
        """Forget a ticket: whatever still comes for it is dropped."""
        self._open.pop(ticket.id, None)
        if ticket.progress != ticket.id:
            self._followed.pop(ticket.progress, None)

    def settle(self, answer: Answer) -> bool:
        """Hand an answer to whom it belongs; return false if to nobody."""
        ticket = self._open.pop(answer.id, None) if type(answer.id) is int else None
        if ticket is None:
            self.strays += 1
            return False
        ticket.settle(answer)
        return True

    def fail_one(self, number: int, fault: Fault) -> None:
        """Fail the call of that id, if it is still open."""
        if (ticket := self._open.pop(number, None)) is not None:
            ticket.fail(fault)

    def fail_all(self, fault: Fault) -> None:
        """Fail every call in flight."""
        tickets, self._open = self._open, {}
        for ticket in tickets.values():
            ticket.fail(fault)

    def acknowledge(self, notification: Notification) -> None:
        """Hand the acknowledgment of a subscription to who opened it (2026-07-28, subscriptions)."""
        meta = notification.params.get("_meta")
        number = meta.get("io.modelcontextprotocol/subscriptionId") if isinstance(meta, dict) else None
        ticket = self._open.get(number) if type(number) is int else None
        if ticket is not None and ticket.notify is not None:
            ticket.tell(notification.method, notification.params)

    def tell_only(self, notification: Notification) -> bool:
        """Hand a notification that names no call to the only call in flight; return false if that cannot be told."""
        ticket = next(iter(self._open.values())) if len(self._open) == 1 else None
        if ticket is None or ticket.notify is None:
            self.strays += 1
            return False
        ticket.tell(notification.method, notification.params)
        return True

    def progress(self, notification: Notification) -> bool:
        """Hand a progress notification to its call; return false if there is none."""
        number = notification.params.get("progressToken")
        ticket = (self._open.get(number) or self._followed.get(number)) if type(number) is int else None
        if ticket is None:
            self.strays += 1
            return False
        if (params := translate(notification, ticket.progress, ticket.token)) is not None:
            ticket.tell(notification.method, params)
        return True


def translate(notification: Notification, number: int, token: RequestId | None) -> dict[str, Any] | None:
    """Return the params of what belongs to call `number`: its progress under the client's `token`, and log messages.

    None for anything else, and for progress that the client did not ask for (`token` is None).
    """
    if notification.method in OF_ONE_CALL:
        return notification.params
    ours = notification.method == "notifications/progress" and notification.params.get("progressToken") == number
    return {**notification.params, "progressToken": token} if ours and token is not None else None
