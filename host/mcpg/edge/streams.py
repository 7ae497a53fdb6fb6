"""Streams on which the gateway tells clients that something has changed: GET streams of sessions, and modern listens.

What waits on a stream is state and no history: a change that waits already is not told twice, so that a stream that
nobody reads holds each thing once, within a bound. A change of a list goes only to those who see it differ; that is
asked in the background, a few at a time, once for all changes that came meanwhile.
Source: MCP 2025-11-25 basic/transports (listening for messages), MCP 2026-07-28 basic/patterns/subscriptions.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from time import time
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.shapes import lower_notification
from mcpg.protocol.sse import KEEP_ALIVE, encode_event
from mcpg.protocol.versions import LATEST_MODERN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mcpg.edge.asgi import Receive
    from mcpg.edge.measures import EdgeMeasures
    from mcpg.edge.settings import EdgeSettings
    from mcpg.edge.sights import Sight
    from mcpg.edge.wires import Wire
    from mcpg.protocol.sessions import Principal

__all__ = ["CHANGES", "Notice", "Stream", "Streams", "change_method", "honoured"]

CHANGES = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}
"""What can change, and the member of a subscription's filter that asks for it."""

Notice = tuple[str, str]
"""A method, and what it is about: of two that are the same the later one says it all."""

_CHECKERS = 4
"""Fingerprints that are asked for at the same time."""


def change_method(kind: str) -> str:
    """Return the notification that says that `kind` has changed."""
    return f"notifications/{kind}/list_changed"


def honoured(asked: Any, description: dict[str, Any]) -> dict[str, Any]:
    """Return the lists of a subscription's filter whose changes the service's capabilities can honour."""
    if not isinstance(asked, dict):
        raise Refusal(frames.INVALID_PARAMS, "parameter `notifications` is not an object", status=200)
    capabilities = description.get("capabilities", {})
    return {
        member: True
        for kind, member in CHANGES.items()
        if asked.get(member) is True and (capabilities.get(kind) or {}).get("listChanged")
    }


class Stream:
    """One open stream; `kinds` are the lists whose changes it is told, `meta` stands in each notification.

    Without a `sight` it is told of every change.
    """

    def __init__(
        self,
        principal: Principal,
        kinds: frozenset[str],
        *,
        version: str = LATEST_MODERN,
        meta: dict[str, Any] | None = None,
        sight: Sight | None = None,
        queue: int = 64,
    ) -> None:
        self.principal = principal
        self.kinds = kinds
        self.sight = sight
        self.closed = False
        self.told: dict[Notice, dict[str, Any]] = {}
        """What was written last, of each thing once: nobody knows yet if it arrived."""
        self._version = version
        self._meta = meta
        self._limit = queue
        self._waiting: dict[Notice, dict[str, Any]] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, method: str, params: dict[str, Any] | None = None, about: str = "") -> bool:
        """Queue a notification in the place of one about the same; returns false if it had to be dropped."""
        if self.closed:
            return True
        if (method, about) not in self._waiting and len(self._waiting) >= self._limit:
            return False
        self._waiting[method, about] = params or {}
        self._wake.set()
        return True

    def rest(self, *, told: bool) -> dict[Notice, dict[str, Any]]:
        """Take away and return what waits, after what was `told` last if that may not have arrived."""
        rest = {**(self.told if told else {}), **self._waiting}
        self._waiting, self.told = {}, {}
        return rest

    def close(self) -> None:
        """End the stream after what is queued."""
        self.closed = True
        self._wake.set()

    async def next(self, timeout: float) -> bytes | None:  # noqa: ASYNC109 - silence is an answer, not an error
        """Return the next notification, empty bytes after `timeout` seconds of silence, or none at the end."""
        while True:
            while self._waiting:
                if (message := self._take()) is not None:
                    return message
            if self.closed:
                return None
            self._wake.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                return b""

    def _take(self) -> bytes | None:
        notice = next(iter(self._waiting))
        params = self._waiting.pop(notice)
        self.told.pop(notice, None)
        self.told[notice] = params
        if len(self.told) > self._limit:
            del self.told[next(iter(self.told))]
        if self._meta:
            params = {**params, "_meta": {**params.get("_meta", {}), **self._meta}}
        lowered = lower_notification(notice[0], params, self._version)
        return None if lowered is None else frames.encode_notification(notice[0], lowered or None)


class Streams:
    """All open streams, bounded in number."""

    def __init__(self, settings: EdgeSettings, measures: EdgeMeasures) -> None:
        self._settings = settings
        self._measures = measures
        self._open: set[Stream] = set()
        self._others = 0
        self._draining = False
        self._changed: dict[str, float] = {}
        self._stale: dict[tuple[Stream, str], None] = {}
        self._checkers: set[asyncio.Task[None]] = set()
        self.dropped = 0
        """Notifications that found a queue full."""

    def __len__(self) -> int:
        return len(self._open) + self._others

    def open(
        self,
        principal: Principal,
        kinds: frozenset[str],
        meta: dict[str, Any] | None = None,
        *,
        version: str = LATEST_MODERN,
        sight: Sight | None = None,
    ) -> Stream:
        """Return a new stream; raises `Refusal` 503 when there are too many."""
        self._check_room()
        queue = self._settings.stream_queue
        stream = Stream(principal, kinds, version=version, meta=meta, sight=sight, queue=queue)
        self._open.add(stream)
        return stream

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one open stream of another sort; raises `Refusal` 503 when there are too many."""
        self._check_room()
        self._others += 1
        try:
            yield
        finally:
            self._others -= 1

    def discard(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        stream.closed = True
        self._open.discard(stream)

    def changed_since(self, kind: str, moment: float) -> bool:
        """Return whether a list has changed after a moment (seconds since 1970), for anyone."""
        return self._changed.get(kind, 0.0) > moment

    def tell(self, kind: str, only: Callable[[Principal], bool] | None = None) -> None:
        """Queue a change for every stream that asked for its kind and whose caller sees it."""
        self._changed[kind] = time()
        for stream in self._open:
            if kind in stream.kinds and (only is None or only(stream.principal)):
                self.check(stream, kind)

    def check(self, stream: Stream, kind: str) -> None:
        """Tell a stream of a change, if its caller sees one."""
        if stream.sight is None or not stream.sight.knows(kind):
            self.offer(stream, change_method(kind))
            return
        self._stale[stream, kind] = None
        if len(self._checkers) < _CHECKERS and not self._draining:
            task = asyncio.get_running_loop().create_task(self._check())
            self._checkers.add(task)
            task.add_done_callback(self._checkers.discard)

    def offer(self, stream: Stream, method: str, params: dict[str, Any] | None = None, about: str = "") -> None:
        """Queue a notification, and count it if there is no room."""
        if not stream.offer(method, params, about):
            self.dropped += 1
            self._measures.dropped(1)

    def close_all(self) -> None:
        """End all streams and open no more."""
        self._draining = True
        for task in self._checkers:
            task.cancel()
        self._stale.clear()
        for stream in self._open:
            stream.close()

    async def serve(
        self,
        stream: Stream,
        receive: Receive,
        wire: Wire,
        *,
        prepare: Callable[[], Awaitable[bytes]] | None = None,
        last: bytes = b"",
        on_beat: Callable[[], None] | None = None,
    ) -> bool:
        """Write what the stream is told until it closes, its client leaves, or it is too old.

        `prepare` makes the first event after the head, and may take its time; `last` is written at the end.
        Returns whether it was ended in order, and the client has taken everything as far as can be known.
        """
        loop = asyncio.get_running_loop()
        leaving = loop.create_task(_left(receive, stream))
        over = loop.time() + self._settings.stream_age
        try:
            await wire.write(KEEP_ALIVE)
            if prepare is not None and (first := await prepare()):
                await wire.write(first)
            while (left := over - loop.time()) > 0:
                message = await stream.next(min(left, self._settings.keep_alive))
                if message is None:
                    break
                if on_beat is not None:
                    on_beat()
                await wire.write(encode_event(message) if message else KEEP_ALIVE)
            await wire.end(last)
        except TimeoutError:
            return False  # the client takes nothing: the server ends the connection of an unfinished answer
        else:
            return not leaving.done()
        finally:
            leaving.cancel()
            self.discard(stream)

    def _check_room(self) -> None:
        if self._draining or len(self) >= self._settings.max_streams:
            raise Refusal(
                frames.INTERNAL_ERROR, "no further stream can be opened", status=503, headers=[("retry-after", "30")]
            )

    async def _check(self) -> None:
        while self._stale:
            stream, kind = next(iter(self._stale))
            del self._stale[stream, kind]
            if not stream.closed and stream.sight is not None and await stream.sight.differs(kind):
                self.offer(stream, change_method(kind))
            await asyncio.sleep(0)  # what is remembered costs no wait: calls come between


async def _left(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()
