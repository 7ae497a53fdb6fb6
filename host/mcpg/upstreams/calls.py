"""Calls of others to one upstream: a place, a ready link, one deadline, what a failure means. It keeps no link."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import UpstreamFailed
from mcpg.protocol import frames
from mcpg.upstreams.breaker import Breaker
from mcpg.upstreams.eras import shown
from mcpg.upstreams.faults import Fault, NotSent, SessionGone

if TYPE_CHECKING:
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.supervisor import Supervisor
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["Calls"]

WAITING_PER_PLACE = 4
OUR_FAULTS = (frames.HEADER_MISMATCH, frames.UNSUPPORTED_VERSION)
UNAVAILABLE = "upstream-unavailable"
UNKNOWN = "upstream-unknown"


class _Progress:
    """How far one call has come."""

    __slots__ = ("began", "heard", "link", "method", "placed")

    def __init__(self, method: str, began: float) -> None:
        self.method = method
        self.began = began
        self.placed = False
        self.link: Link | None = None
        self.heard = 0
        """What had been heard of the link when it was given the request."""

    def give(self, link: Link) -> Link:
        """Note the link that is about to get the request."""
        self.link = link
        self.heard = link.heard
        return link


class Calls:
    """The calls in flight to one upstream, and its breaker."""

    def __init__(self, supervisor: Supervisor) -> None:
        spec = supervisor.spec
        self._supervisor = supervisor
        self._spec = spec
        self._places = asyncio.Semaphore(spec.max_in_flight)
        self._max_waiting = spec.max_in_flight * WAITING_PER_PLACE
        self._time = asyncio.get_running_loop().time
        self.breaker = Breaker(spec.failures, spec.cooldown)
        self.in_flight = 0
        self.waiting = 0
        self._emptied: asyncio.Event | None = None
        self._counted: Fault | None = None

    async def request(
        self, method: str, params: dict[str, Any], deadline: float, notify: Notify | None
    ) -> dict[str, Any]:
        """Return `{"result": ...}` or `{"error": ...}`; raises `UpstreamFailed`.

        Its code says what may have happened: `upstream-unavailable` nothing, `upstream-unknown` anything.
        """
        now = self._time()
        if self.waiting >= self._max_waiting:
            raise self._failed("has too many calls waiting", UNAVAILABLE)
        if (wait := self.breaker.admit(now)) > 0:
            raise self._failed(
                f"failed {self._spec.failures} times in a row and is left alone for {wait:.1f} s", UNAVAILABLE
            )
        progress = _Progress(method, now)
        limit = asyncio.timeout_at(min(deadline, now + self._spec.call_timeout))
        self.waiting += 1
        try:
            async with limit, self._places:
                self.waiting -= 1
                self.in_flight += 1
                progress.placed = True
                answer = await self._exchange(method, params, notify, progress)
        except Fault as fault:
            raise self._judge(fault) from fault
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._late(progress) from error
        finally:
            if progress.placed:
                self.in_flight -= 1
            else:
                self.waiting -= 1
            if self._emptied is not None and not self.in_flight and not self.waiting:
                self._emptied.set()
        return self._accept(answer)

    async def idle(self) -> None:
        """Return once no call is in flight or waiting."""
        self._emptied = asyncio.Event()
        if self.in_flight or self.waiting:
            await self._emptied.wait()

    async def _exchange(
        self, method: str, params: dict[str, Any], notify: Notify | None, progress: _Progress
    ) -> Answer:
        """Exchange once; once more on a new link if the first surely processed nothing because it had ended."""
        link = progress.give(self._supervisor.link or await self._ready())
        try:
            return await link.exchange(method, params, notify)
        except (SessionGone, NotSent) as fault:
            if isinstance(fault, NotSent) and not link.lost.done():
                raise
            progress.link = None
            self._supervisor.drop(link, fault)
            link = progress.give(await self._ready())
            return await link.exchange(method, params, notify)

    async def _ready(self) -> Link:
        limit = asyncio.timeout(self._spec.connect_timeout)
        try:
            async with limit:
                link = await self._supervisor.ready()
        except TimeoutError:
            if not limit.expired():
                raise
            link = None
        if link is None:
            raise self._not_connected()
        return link

    def _accept(self, answer: Answer) -> dict[str, Any]:
        """Return the answer for the caller; the upstream lives, whatever it said."""
        self._supervisor.useful = True
        if self.breaker.succeeded() and self._supervisor.agreement is not None:
            self._supervisor.changed_all(self._supervisor.agreement)
        if isinstance(answer, frames.Response):
            kind = answer.result.get("resultType", "complete")
            if kind != "complete":
                raise self._failed(f"answered with a result of type `{shown(kind)}`, which was not offered", UNKNOWN)
            return {"result": answer.result}
        if answer.code in OUR_FAULTS:
            raise self._failed(f"refused the gateway's own headers or version (error {answer.code})", UNAVAILABLE)
        error: dict[str, Any] = {"code": answer.code, "message": answer.message}
        return {"error": error if answer.data is None else error | {"data": answer.data}}

    def _judge(self, fault: Fault) -> UpstreamFailed:
        if fault is not self._counted:  # one death fails many calls, and counts once
            self._counted = fault
            self._count_failure()
        return self._failed(str(fault), UNKNOWN if fault.processed else UNAVAILABLE)

    def _late(self, progress: _Progress) -> UpstreamFailed:
        """The deadline has passed; only silence since the call was given counts against the upstream."""
        if not progress.placed:
            return self._failed("had no place for the call before its deadline", UNAVAILABLE)
        if progress.link is None:
            return self._not_connected()
        if progress.link.heard == progress.heard:
            self._count_failure()
        took = self._time() - progress.began
        return self._failed(f"did not answer `{progress.method}` within {took:.1f} s", UNKNOWN)

    def _count_failure(self) -> None:
        if self.breaker.failed(self._time()):
            self._supervisor.suspect()

    def _not_connected(self) -> UpstreamFailed:
        supervisor = self._supervisor
        if supervisor.state == "stopped":
            return self._failed("was stopped", UNAVAILABLE)
        why = f": it {supervisor.last_error}" if supervisor.last_error else ""
        return self._failed(f"is not connected{why}", UNAVAILABLE)

    def _failed(self, what: str, code: str) -> UpstreamFailed:
        return UpstreamFailed(
            f"upstream `{self._spec.name}` {what}",
            code=code,
            where=f"upstreams.{self._spec.name}",
            remedy="see its state and last error output; check that its command or url works",
        )
