"""subscriptions/listen on a connection that carries messages both ways. It judges nothing, and knows no older versions.

Each is a request in work until its client cancels it or the connection ends: then it is answered.
Source: MCP 2026-07-28, basic/patterns/subscriptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.edge.sights import Sight
from mcpg.edge.streams import CHANGES, honoured
from mcpg.edge.subscriptions import UPDATED, asked_uris, watch_all
from mcpg.protocol import frames
from mcpg.protocol.shapes import SUBSCRIPTION_KEY, shape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall
    from mcpg.edge.answers import Answers
    from mcpg.edge.streams import Stream, Streams

__all__ = ["Listens"]


class Listens:
    """The subscriptions of one connection; each watches at most `max_watches` resources."""

    def __init__(
        self, answers: Answers, streams: Streams, write: Callable[[bytes], Awaitable[None]], *, max_watches: int
    ) -> None:
        self._answers = answers
        self._streams = streams
        self._write = write
        self._limit = max_watches
        self._open: set[Stream] = set()

    def close(self) -> None:
        """End all of them: their answers follow what waits."""
        for stream in self._open:
            stream.close()

    async def listen(self, caller: Caller, call: McpCall) -> bytes:
        """Tell what is honoured, then what changes, and return the answer once it is over; raises `Refusal`."""
        description = self._answers.describe()
        asked = call.params.get("notifications")
        agreed = honoured(asked, description)
        meta = {SUBSCRIPTION_KEY: call.request_id}
        kinds = frozenset(kind for kind, member in CHANGES.items() if member in agreed)
        sight = Sight(self._answers, caller, call.version)
        stream = self._streams.open(caller.identity, kinds, meta, version=call.version, sight=sight)
        self._open.add(stream)

        def updated(params: dict[str, Any]) -> None:
            self._streams.offer(stream, UPDATED, params, str(params.get("uri")))

        watched = {}
        try:
            await sight.look(kinds)
            if uris := self._uris(asked, description):
                watched = await watch_all(self._answers.service, caller, call, uris, updated)
            if watched:
                agreed["resourceSubscriptions"] = list(watched)
            first = {"notifications": agreed, "_meta": meta}
            await self._write(frames.encode_notification("notifications/subscriptions/acknowledged", first))
            while (message := await stream.next(3600.0)) is not None:
                if message:
                    await self._write(message)
        finally:
            for watching in watched.values():
                watching.close()
            self._open.discard(stream)
            self._streams.discard(stream)
        result = shape(call.method, {"_meta": meta}, call.version, description.get("serverInfo", {}))
        return frames.encode_response(call.request_id, result)

    def _uris(self, asked: Any, description: dict[str, Any]) -> list[str]:
        if not (description.get("capabilities", {}).get("resources") or {}).get("subscribe"):
            return []
        return asked_uris(asked, self._limit)
