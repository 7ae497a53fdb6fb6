"""Resources that clients watch: those of sessions, and those of one subscriptions/listen. It delivers nothing itself.

Each is asked of the service, which judges it, and is closed with what it belongs to.
Source: MCP 2025-11-25, server/resources (subscriptions); MCP 2026-07-28, basic/patterns/subscriptions.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.edge.answers import internal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall, Service, Watching
    from mcpg.protocol.sessions import Session

__all__ = ["UPDATED", "Subscriptions", "asked_uris", "watch_all"]

UPDATED = "notifications/resources/updated"

_AT_ONCE = 8


class Subscriptions:
    """What sessions watch, at most `per_session` resources each; `deliver` takes what is new to a session's client."""

    def __init__(self, deliver: Callable[[Session, str, dict[str, Any]], None], *, per_session: int = 64) -> None:
        self._deliver = deliver
        self._limit = per_session
        self._of_session: dict[str, dict[str, Watching]] = {}

    def __len__(self) -> int:
        return sum(len(watched) for watched in self._of_session.values())

    async def subscribe(self, service: Service, caller: Caller, call: McpCall, session: Session) -> dict[str, Any]:
        """Answer `resources/subscribe`; raises `Refusal`."""
        uri = call.params["uri"]
        watched = self._of_session.get(session.id, {})
        if uri not in watched and len(watched) >= self._limit:
            raise Refusal(frames.INVALID_PARAMS, f"a session watches at most {self._limit} resources")
        watching = await service.watch(caller, call, uri, lambda params: self._deliver(session, UPDATED, params))
        if session.ended:
            watching.close()
            return {}
        watched = self._of_session.setdefault(session.id, {})
        before, watched[uri] = watched.get(uri), watching
        if before is not None:
            before.close()
        return {}

    def unsubscribe(self, session_id: str, uri: str) -> dict[str, Any]:
        """Answer `resources/unsubscribe`; what was not watched is not watched afterwards either."""
        watched = self._of_session.get(session_id, {})
        watching = watched.pop(uri, None)
        if watching is not None:
            watching.close()
        if not watched:
            self._of_session.pop(session_id, None)
        return {}

    def close(self, session_id: str) -> None:
        """Watch nothing more for a session that has ended."""
        for watching in self._of_session.pop(session_id, {}).values():
            watching.close()


def asked_uris(asked: Any, limit: int) -> list[str]:
    """Return the resources that a subscription's filter names, each once; raises `Refusal` -32602."""
    uris = asked.get("resourceSubscriptions", [])
    if not isinstance(uris, list) or not all(isinstance(uri, str) and uri for uri in uris):
        raise Refusal(frames.INVALID_PARAMS, "member `resourceSubscriptions` is no list of URIs")
    if len(uris) > limit:
        raise Refusal(frames.INVALID_PARAMS, f"a subscription watches at most {limit} resources")
    return list(dict.fromkeys(uris))


async def watch_all(
    service: Service, caller: Caller, call: McpCall, uris: Sequence[str], updated: Callable[[dict[str, Any]], None]
) -> dict[str, Watching]:
    """Watch the resources that the caller may watch, and return those by URI, in the order of `uris`."""
    turn = asyncio.Semaphore(_AT_ONCE)
    found: dict[str, Watching] = {}

    async def watch(uri: str) -> None:
        async with turn:
            try:
                found[uri] = await service.watch(caller, call, uri, updated)
            except Refusal:
                return  # the acknowledgement leaves it out
            except Exception as error:  # noqa: BLE001 - whatever it was, this one is not watched
                internal(error, "watch")

    try:
        await asyncio.gather(*map(watch, uris))
    except BaseException:
        for watching in found.values():
            watching.close()
        raise
    return {uri: found[uri] for uri in uris if uri in found}
