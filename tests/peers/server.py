"""What the servers of all revisions share: what they have seen, what was wrong with it, what a test makes happen.

`start_server` serves one on loopback in the test's own loop. Independent of the gateway's protocol room by design.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.peers.features import Features
from tests.peers.record import Log, PeerError, Seen
from tests.peers.revisions import ALL, revision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.peers.tasks import Book

__all__ = ["Server", "start_server"]

CAPABILITY = {name: name for name in ("tools", "prompts", "resources", "logging")} | {"completion": "completions"}
"""The capability that covers a request, by the first part of its method."""
RESERVED = "io.modelcontextprotocol/"
SEPARATE = frozenset({"server/discover", "initialize"})
"""What a client of several revisions may try on a server that does not know it."""


class Server(Log):
    """One server: `seen` is every message that it got, `problems` what its revision forbids."""

    url = ""
    tasks: Book | None = None
    """Where a modern server keeps tasks; it knows none without."""

    def __init__(self, name: str, revision_name: str) -> None:
        super().__init__()
        self.name = name
        self.revision = revision(revision_name)
        self.features = Features(self)
        self.seen: list[Seen] = []
        self.problems: list[str] = []
        self.without: set[str] = set()
        """Capabilities that this server does not declare, and may not be asked for."""
        self.capabilities: list[dict[str, Any]] = []
        """What clients declared, in the order of their sessions (legacy) or of first use (modern)."""
        self.subscribed: list[str] = []
        """Resource URIs that are subscribed to now."""
        self.listeners = 0
        """Streams on which changes are told now."""

    async def start(self) -> None:
        """Serve; `url` is known afterwards."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End all sessions and streams."""
        raise NotImplementedError

    async def changed(self, method: str, params: dict[str, Any]) -> None:
        """Tell every session or subscription that wants it."""
        raise NotImplementedError

    async def grow(self) -> str:
        """Add a tool and tell; returns its name."""
        self.features.grown.append(f"grown-{len(self.features.grown) + 1}")
        await self.changed("notifications/tools/list_changed", {})
        return self.features.grown[-1]

    async def touch(self, note: str = "") -> None:
        """Change the resource `note` and tell."""
        self.features.note = note or self.features.note + "!"
        await self.changed("notifications/resources/updated", {"uri": self.features.uri("note")})

    def problem(self, what: str) -> None:
        """Note something that the peer must not have done."""
        self.problems.append(f"{self.name}: {what}")
        self.wake()

    def note(self, seen: Seen) -> None:
        """Note a message."""
        self.seen.append(seen)
        self.wake()

    def requests(self, method: str) -> list[Seen]:
        """Return what was seen of one method."""
        return [each for each in self.seen if each.method == method]

    def lacks(self, capabilities: list[str]) -> dict[str, Any]:
        """Say that the client's capabilities do not suffice, in the revision's way."""
        if self.revision.modern:
            needed = {each: {} for each in capabilities}
            raise PeerError(-32021, "the client lacks a capability", {"requiredCapabilities": needed})
        words = f"the client declared no {', '.join(capabilities)}"
        return {"content": [{"type": "text", "text": words}], "isError": True}

    def described(self) -> dict[str, Any]:
        """Return the server's capabilities as its revision writes them."""
        known: dict[str, Any] = {
            "tools": {"listChanged": True},
            "prompts": {"listChanged": True},
            "resources": {"subscribe": True, "listChanged": True},
            "logging": {},
        }
        known |= {"completions": {}} if self.revision.since("2025-03-26") else {}
        return {name: value for name, value in known.items() if name not in self.without}

    def check_params(self, method: str, params: dict[str, Any]) -> None:
        """Note members that this revision does not have."""
        meta = params.get("_meta") or {}
        if CAPABILITY.get(method.partition("/")[0]) in self.without:
            self.problem(f"{method}, for which no capability was declared")
        if not self.revision.modern and method not in SEPARATE and any(key.startswith(RESERVED) for key in meta):
            self.problem(f"{method} with reserved members in `_meta`: {sorted(meta)}")
        if not self.revision.modern and {"inputResponses", "requestState"} & params.keys():
            self.problem(f"{method} with members of multi-round-trip requests")
        if not self.revision.since("2025-11-25") and "task" in params:
            self.problem(f"{method} with `task`")


@asynccontextmanager
async def start_server(revision_name: str, name: str = "peer") -> AsyncIterator[Server]:
    """Serve over HTTP: HTTP+SSE for 2024-11-05, Streamable HTTP else; `.url` is where."""
    from tests.peers.modern import ModernServer  # noqa: PLC0415 - they import this
    from tests.peers.sse import SseServer  # noqa: PLC0415 - likewise
    from tests.peers.streamable import StreamableServer  # noqa: PLC0415 - likewise

    assert revision_name in ALL
    kinds = {"sse": SseServer, "streamable": StreamableServer, "modern": ModernServer}
    server = kinds[revision(revision_name).transport](name, revision_name)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
