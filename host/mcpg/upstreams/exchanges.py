"""One call whose client can be asked while it runs: what the upstream asked, and what came meanwhile. It asks nobody.

The call runs in a task of its own, because it outlives the request that began it: that returns as soon as the upstream
asks, and the task waits for the answers. Calls whose client can be asked nothing need none of this.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.shapes import lower_response, raise_request
from mcpg.upstreams.asks import ROOTS, with_task_of, without_task

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from mcpg.upstreams.asks import Ask
    from mcpg.upstreams.calls import Calls
    from mcpg.upstreams.deliveries import Delivery
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["Exchange"]

MAX_ASKS = 16
MAX_NEWS = 256
MAX_KEPT = 256 * 1024
"""Bytes of notifications that are kept while a client is asked; later ones are dropped."""
LINGER_SECONDS = 0.01
"""How long after a first request another one may come to be asked together with it."""
CANCELLED = {"action": "cancel"}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
"""An id that is a name; what is asked under it reaches modern clients under it."""


class Exchange:
    """A call in flight among `calls`. Implements `Sink`; `version` is the upstream's."""

    def __init__(self, delivery: Delivery, calls: Calls, version: str) -> None:
        self.delivery = delivery
        self.calls = calls
        self.about = delivery.about
        self._version = version
        self._task: asyncio.Task[Answer] | None = None
        self._asks: dict[str, tuple[Ask, dict[str, Any]]] = {}
        self._asked = 0
        self._news: deque[tuple[str, dict[str, Any]]] = deque()
        self._kept = 0
        self._notify: Notify | None = None
        self._stir = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, Answer]) -> None:
        """Begin the call."""
        self._task = asyncio.create_task(work, name="upstream call that may ask")
        self._task.add_done_callback(self._ended)

    def asked(self, ask: Ask) -> bool:
        """Take a request of the upstream; return whether there was room."""
        if len(self._asks) >= MAX_ASKS:
            return False
        try:
            params = raise_request(ask.method, without_task(ask.params), self._version)
        except Refusal as refusal:
            ask.refuse(refusal.message, frames.INVALID_PARAMS)
            return True
        self._asks[self._key(ask.id)] = (ask, {"method": ask.method, "params": params})
        self._wake()
        return True

    def _key(self, request_id: frames.RequestId) -> str:
        """Return the key of a request: the name that the upstream gave it as its id, if it gave one, else a number."""
        if isinstance(request_id, str) and NAME.fullmatch(request_id) and request_id not in self._asks:
            return request_id
        self._asked += 1
        while str(self._asked) in self._asks:
            self._asked += 1
        return str(self._asked)

    def withdrawn(self, ask: Ask) -> None:
        """Forget a request that the upstream has withdrawn."""
        for key, (other, _) in list(self._asks.items()):
            if other is ask:
                del self._asks[key]
        self._wake()

    async def tell(self, method: str, params: dict[str, Any]) -> None:
        """Pass a notification on, or keep it until somebody listens again."""
        if self._notify is not None:
            await self._notify(method, params)
            return
        self._kept += len(msgspec.json.encode(params))
        if self._kept <= MAX_KEPT and len(self._news) < MAX_NEWS:
            self._news.append((method, params))

    def waiting(self) -> dict[str, dict[str, Any]]:
        """Return the requests that the upstream still wants answered, by key, in the newest shape.

        Once the call is answered, only questions about the client itself (its roots) are of use to the upstream.
        """
        if self._task is None or not self._task.done():
            return {key: request for key, (_, request) in self._asks.items()}
        if self._task.cancelled() or self._task.exception() is not None:
            return {}
        return {key: request for key, (ask, request) in self._asks.items() if ask.method == ROOTS}

    async def next(self, notify: Notify | None) -> Answer | None:
        """Return the answer, or None as soon as the upstream asks; raises `Fault`."""
        assert self._task is not None  # noqa: S101 - it was started
        try:
            while True:
                stir = self._stir
                while self._news and notify is not None:
                    await notify(*self._news.popleft())
                self._kept = 0
                self._notify = notify
                if self.waiting():
                    await asyncio.sleep(LINGER_SECONDS)
                    if self.waiting():
                        return None
                    continue
                if self._task.done():
                    return self._task.result()
                await stir.wait()
        finally:
            self._notify = None

    async def settled(self) -> None:
        """Return once the upstream waits for no answer."""
        while self.waiting():
            await self._stir.wait()

    async def answer(self, responses: Mapping[str, Any]) -> None:
        """Send the answers that there are to the upstream; raises `Fault`. Requests without one stay open."""
        for key, response in responses.items():
            if key not in self.waiting() or not isinstance(response, dict):
                continue
            ask, _ = self._asks.pop(key)
            ask.ended()
            await ask.send(self._encoded(ask, response))

    def _encoded(self, ask: Ask, response: Mapping[str, Any]) -> bytes:
        error = response.get("error")
        if isinstance(error, dict):
            code = error.get("code", frames.INTERNAL_ERROR)
            return frames.encode_failure(ask.id, code, error.get("message", "no answer"), error.get("data"))
        try:
            result = lower_response(ask.method, response.get("result") or {}, self._version)
            return frames.encode_response(ask.id, with_task_of(ask.params, result))
        except Refusal as refusal:
            return frames.encode_failure(ask.id, frames.INTERNAL_ERROR, refusal.message)

    async def close(self) -> None:
        """End the call if it still runs, which cancels it upstream, and what it asked."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        asks, self._asks = self._asks, {}
        for ask, _ in asks.values():
            if not ask.pass_on(ask):
                ask.refuse("the call in which this was asked has ended")
        self._wake()

    async def expire(self) -> None:
        """End the call because its client did not answer in time: elicitations count as dismissed."""
        asks, self._asks = self._asks, {}
        for ask, _ in asks.values():
            if ask.method == "elicitation/create":
                ask.ended()
                ask.drop(frames.encode_response(ask.id, CANCELLED))
            else:
                ask.refuse("the client did not answer in time")
        await self.close()

    def _wake(self) -> None:
        self._stir.set()
        self._stir = asyncio.Event()

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        if not task.cancelled():
            task.exception()  # looked at, also when nobody waits any more
        self._wake()
