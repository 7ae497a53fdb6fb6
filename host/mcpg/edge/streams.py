"""Streams on which the gateway tells clients that something has changed: GET streams of sessions, and modern listens.

Each stream's queue is bounded; a notification that already waits is not queued twice, for it would say nothing new.
Nothing is replayed: a client that was away lists again. Source: MCP 2025-11-25 basic/transports (listening for
messages), MCP 2026-07-28 basic/utilities/subscriptions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.edge.asgi import STREAM_LINES
from mcpg.protocol import frames
from mcpg.protocol.sse import KEEP_ALIVE, encode_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.edge.asgi import Lines, Receive, Send
    from mcpg.edge.settings import EdgeSettings
    from mcpg.protocol.sessions import Principal

__all__ = ["CHANGES", "Stream", "Streams", "change_method", "honoured"]

CHANGES = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}
"""What can change, and the member of a subscription's filter that asks for it."""


def change_method(kind: str) -> str:
    """Return the notification that says that `kind` has changed."""
    return f"notifications/{kind}/list_changed"


def honoured(asked: Any, description: dict[str, Any]) -> dict[str, bool]:
    """Return the part of a subscription's filter that the service's capabilities can honour."""
    if not isinstance(asked, dict):
        raise Refusal(frames.INVALID_PARAMS, "parameter `notifications` is not an object", status=200)
    capabilities = description.get("capabilities", {})
    return {
        member: True
        for kind, member in CHANGES.items()
        if asked.get(member) is True and (capabilities.get(kind) or {}).get("listChanged")
    }


class Stream:
    """One open stream; `kinds` are the changes it is told of, `meta` stands in each notification."""

    def __init__(
        self, principal: Principal, kinds: frozenset[str], *, meta: dict[str, Any] | None = None, queue: int = 64
    ) -> None:
        self.principal = principal
        self.kinds = kinds
        self._meta = meta
        self._limit = queue
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    def offer(self, method: str) -> bool:
        """Queue a notification; returns false if it had to be dropped."""
        if self._closed:
            return True
        if method not in self._waiting:
            if len(self._waiting) >= self._limit:
                return False
            self._waiting.append(method)
            self._wake.set()
        return True

    def close(self) -> None:
        """End the stream after what is queued."""
        self._closed = True
        self._wake.set()

    async def next(self, timeout: float) -> bytes | None:  # noqa: ASYNC109 - silence is an answer, not an error
        """Return the next notification, empty bytes after `timeout` seconds of silence, or none at the end."""
        while not self._waiting:
            if self._closed:
                return None
            self._wake.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                return b""
        return frames.encode_notification(self._waiting.popleft(), {"_meta": self._meta} if self._meta else None)


class Streams:
    """All open streams, bounded in number."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._settings = settings
        self._open: set[Stream] = set()
        self._draining = False
        self.dropped = 0
        """Notifications that found a queue full."""

    def __len__(self) -> int:
        return len(self._open)

    def open(self, principal: Principal, kinds: frozenset[str], meta: dict[str, Any] | None = None) -> Stream:
        """Return a new stream; raises `Refusal` 503 when there are too many."""
        if self._draining or len(self._open) >= self._settings.max_streams:
            raise Refusal(
                frames.INTERNAL_ERROR, "no further stream can be opened", status=503, headers=[("retry-after", "30")]
            )
        stream = Stream(principal, kinds, meta=meta, queue=self._settings.stream_queue)
        self._open.add(stream)
        return stream

    def discard(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        self._open.discard(stream)

    def tell(self, kind: str, only: Callable[[Principal], bool] | None = None) -> int:
        """Queue a change for every stream that asked for its kind; returns how many were dropped."""
        method, dropped = change_method(kind), 0
        for stream in self._open:
            if kind in stream.kinds and (only is None or only(stream.principal)) and not stream.offer(method):
                dropped += 1
        self.dropped += dropped
        return dropped

    def close_all(self) -> None:
        """End all streams and open no more."""
        self._draining = True
        for stream in self._open:
            stream.close()

    async def serve(
        self,
        stream: Stream,
        receive: Receive,
        send: Send,
        lines: Lines,
        *,
        first: bytes = b"",
        last: bytes = b"",
        on_beat: Callable[[], None] | None = None,
    ) -> None:
        """Send what the stream is told until it closes, its client leaves, or it is too old."""
        loop = asyncio.get_running_loop()
        leaving = loop.create_task(_left(receive, stream))
        over = loop.time() + self._settings.stream_age
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_LINES, *lines]})
            await self._push(send, encode_event(first) if first else KEEP_ALIVE)
            while (left := over - loop.time()) > 0:
                message = await stream.next(min(left, self._settings.keep_alive))
                if message is None:
                    break
                if on_beat is not None:
                    on_beat()
                await self._push(send, encode_event(message) if message else KEEP_ALIVE)
            await self._push(send, encode_event(last) if last else b"", more=False)
        except TimeoutError:
            pass  # the client takes nothing: the server ends the connection of an unfinished answer
        finally:
            leaving.cancel()
            self.discard(stream)

    async def _push(self, send: Send, data: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._settings.write_timeout):
            await send({"type": "http.response.body", "body": data, "more_body": more})


async def _left(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()
