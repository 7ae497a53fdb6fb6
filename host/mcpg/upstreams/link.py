"""What a supervisor wants of a transport, and what every transport does with messages that belong to no call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from mcpg.protocol import frames

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.faults import Fault
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["ACKNOWLEDGED", "CHANGES", "HANDSHAKES", "UPDATED", "Link", "answer_for", "unheeded"]

ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
UPDATED: Final = "notifications/resources/updated"

CHANGES: Final = {
    "notifications/tools/list_changed": "tools",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
}


HANDSHAKES: Final = ("initialize", "server/discover")
"""Requests that are never cancelled."""


class Link(Protocol):
    """One connection to an upstream, from its start to its end; entered and left by the supervisor's task only."""

    agreement: Agreement
    lost: asyncio.Future[Fault]
    """Done when the link is of no more use, with the reason."""
    heard: int
    """Signs of life so far: a count, because a loop's clock may stand still between two of them."""
    session: str
    """The session id that came with the answer to initialize, empty if none did."""
    nonsense: int
    """Messages that were none of ours or not MCP."""
    updated: Callable[[dict[str, Any]], None]
    """Gets the params of each `notifications/resources/updated`; the supervisor of a main link puts it there."""

    async def open(self) -> None:
        """Start the process, or make ready to connect; raises `Fault`."""
        ...

    async def exchange(self, method: str, params: dict[str, Any], notify: Notify | None = None) -> Answer:
        """Send one request and return its answer; raises `Fault`. Cancelling it cancels the request upstream."""
        ...

    async def send(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Send one notification; raises `Fault`."""
        ...

    async def listen(self) -> bool:
        """Take in list_changed until the stream ends; return whether it is worth listening again."""
        ...

    async def follow(self, uris: Sequence[str], acknowledged: Callable[[dict[str, Any]], None]) -> bool:
        """Keep one `subscriptions/listen` for these resources open until it ends (modern); `Fault` when it is cut.

        `acknowledged` gets the params of the acknowledgment. Returns whether it is worth opening again.
        """
        ...

    def grumbles(self) -> tuple[str, ...]:
        """The last lines that a child wrote to standard error, for the operator only."""
        ...

    def lose(self, fault: Fault) -> None:
        """Give the link up: `lost` is done, no new call is taken."""
        ...

    async def close(self) -> None:
        """End the connection, or the process with its whole group; fails all calls in flight. Never raises."""
        ...


def unheeded(_params: dict[str, Any]) -> None:
    """Hear of an updated resource that nobody watches."""


def answer_for(request: frames.Request) -> bytes:
    """Return the bytes that answer an upstream's request: ping is answered, nothing else was offered."""
    if request.method == "ping":
        return frames.encode_response(request.id, {})
    return frames.encode_failure(request.id, frames.METHOD_NOT_FOUND, "this client offers no such method")
