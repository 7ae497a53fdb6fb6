"""What a supervisor wants of a transport, and the names of what belongs to no call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from mcpg.upstreams.asks import Asks
    from mcpg.upstreams.clients import Client, Role
    from mcpg.upstreams.completions import Completions
    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.faults import Fault
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = [
    "ACKNOWLEDGED",
    "CANCELLED",
    "CHANGES",
    "HANDSHAKES",
    "OF_ONE_CALL",
    "UPDATED",
    "Link",
    "nowhere",
    "unheeded",
]

ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
CANCELLED: Final = "notifications/cancelled"
UPDATED: Final = "notifications/resources/updated"
OF_ONE_CALL: Final = frozenset({"notifications/message", "notifications/elicitation/complete"})
"""What is meant for whoever made a call, without saying which."""

CHANGES: Final = {
    "notifications/tools/list_changed": "tools",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
}


HANDSHAKES: Final = ("initialize", "server/discover")
"""Requests that are never cancelled."""


class Link(Protocol):
    """One connection to an upstream, from its start to its end; entered and left by the supervisor's task only."""

    old: bool
    """Whether the transport is of 2024-11-05, so that no modern server can be behind it."""
    agreement: Agreement
    lost: asyncio.Future[Fault]
    """Done when the link is of no more use, with the reason."""
    listening: asyncio.Event
    """Set once what the server says beside calls can be heard, or will not be."""
    heard: int
    """Signs of life so far: a count, because a loop's clock may stand still between two of them."""
    role: Role
    """Whom the link stands for."""
    level: str
    """The log level that a legacy server was last asked for, empty if none was."""
    asks: Asks
    """What the server asks of clients."""
    lacking: dict[int, dict[str, Any]]
    """By the id of a call, what its client lacked for what the server asked in it."""
    completions: Completions
    """What the server says of the URLs that it wanted opened."""
    session: str
    """The session id that came with the answer to initialize, empty if none did."""
    nonsense: int
    """Messages that were none of ours or not MCP."""
    elsewhere: Callable[[Fault], bool]
    """Says, when the link did not come up, whether another transport is worth trying at once."""
    updated: Callable[[dict[str, Any]], bool]
    """Gets the params of each `notifications/resources/updated`, nothing when some may have been missed, and returns
    whether anybody watches; the supervisor puts it there."""

    async def open(self) -> None:
        """Start the process, or make ready to connect; raises `Fault`."""
        ...

    async def exchange(
        self, method: str, params: dict[str, Any], notify: Notify | None = None, client: Client | None = None
    ) -> Answer:
        """Send one request and return its answer; raises `Fault`. Cancelling it cancels the request upstream.

        `client` says on whose behalf, and takes what a legacy upstream asks meanwhile.
        """
        ...

    async def send(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Send one notification; raises `Fault`."""
        ...

    def request_soon(self, method: str, params: dict[str, Any]) -> None:
        """Send one request in passing, whose answer nobody waits for; one that cannot be sent is dropped."""
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


def nowhere(_fault: Fault) -> bool:
    """Say that there is no other transport to try."""
    return False


def unheeded(_params: dict[str, Any]) -> bool:
    """Hear of an updated resource that nobody watches."""
    return False
