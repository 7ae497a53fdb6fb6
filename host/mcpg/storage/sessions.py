"""What is kept of sessions beyond one process: the port, and the store that keeps nothing. It judges no session.

A session's id is sealed and says who opened it, so a store only adds what an id cannot say: that the session has ended,
when it was used last, what it has set since, and capabilities that are too large for an id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KeptSession", "MemorySessions", "SessionStore"]


class KeptSession(NamedTuple):
    """One session as it is kept; times are seconds since 1970, `capabilities` is JSON."""

    id: str
    principal: tuple[str, str, str, str]
    endpoint: str
    version: str
    capabilities: bytes
    created: float
    touched: float
    ready: bool
    log_level: str
    ended: bool = False


class SessionStore(Protocol):
    """Keeps sessions for all processes that share it."""

    @property
    def shared(self) -> bool:
        """Whether it remembers for later processes, or for others at the same time."""
        ...

    async def save(self, sessions: Sequence[KeptSession]) -> None:
        """Keep these, durably; what has ended stays ended, and the last use never moves back. Raises `McpgError`."""
        ...

    async def find(self, session_id: str) -> KeptSession | None:
        """Return what is kept of one session, ended or not; raises `McpgError`."""
        ...

    async def news(self) -> list[KeptSession]:
        """Return what was saved since this was asked last, all of it the first time; raises `McpgError`."""
        ...

    async def floor(self) -> float:
        """Return the time up to which it no longer knows of all sessions that have ended."""
        ...

    async def forget(self, created_before: float) -> None:
        """Forget sessions that were made before then: their ids cannot be read any more."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...


class MemorySessions:
    """Implements `SessionStore` by keeping nothing: each process knows only its own sessions, and what it ended."""

    shared = False

    async def save(self, sessions: Sequence[KeptSession]) -> None:
        """Keep nothing. See `SessionStore.save`."""

    async def find(self, session_id: str) -> KeptSession | None:  # noqa: ARG002 - the port's
        """Return None. See `SessionStore.find`."""
        return None

    async def news(self) -> list[KeptSession]:
        """Return nothing. See `SessionStore.news`."""
        return []

    async def floor(self) -> float:
        """Return 0. See `SessionStore.floor`."""
        return 0.0

    async def forget(self, created_before: float) -> None:
        """Forget nothing. See `SessionStore.forget`."""

    async def close(self) -> None:
        """Let go of nothing."""
