"""What an operator may set at the edge. It reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.edge.events import EventBounds
from mcpg.edge.feeds import FeedBounds
from mcpg.protocol.sessions import SessionLimits

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["EdgeSettings"]


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Bounds and rules of the MCP endpoint; times in seconds, sizes in bytes."""

    loopback: bool = False
    """Whether the listener is bound to a loopback address: then Host must name loopback, and callers may be `local`."""
    origins: frozenset[str] = frozenset()
    """Origins of browsers that may call, exactly as they send them; all others are refused."""
    proxies: frozenset[IPv4Network | IPv6Network] = frozenset()
    """Proxies in front of us: only what they say of whom they were called by is believed."""
    legacy_sse: bool = True
    """Whether HTTP+SSE of 2024-11-05 is served beside each endpoint."""
    max_body: int = 4 * 1024 * 1024
    body_timeout: float = 30.0
    max_reading: int = 64 * 1024 * 1024
    """Bytes of all request bodies that have come in part."""
    max_pending: int = 2048
    """Requests in work, those included whose client has gone."""
    max_pending_each: int = 64
    """Requests in work on one stream of HTTP+SSE (2024-11-05)."""
    max_detached: int = 256
    """Requests of sessions that go on although their client has gone; beyond, they are cancelled."""
    max_streams: int = 4096
    """Open streams for server notifications, and those that clients came back to."""
    stream_queue: int = 64
    """Notifications that wait on one stream; beyond, they are dropped and counted."""
    stream_bytes: int = 256 * 1024
    """Bytes that wait on one stream; beyond, notifications are dropped, and who takes nothing has to come back."""
    stream_prime_after: float = 1.0
    """An answer that takes longer becomes a stream, which its client (2025-11-25) can come back to."""
    stream_poll_after: float = 0.0
    """After so long an answer's connection is ended, and its client (2025-11-25) comes back for it; 0: never."""
    stream_retry: float = 1.0
    """Seconds after which a client that was sent away is to come back."""
    max_watches: int = 64
    """Resources that one session, or one subscription, watches."""
    max_asks: int = 16
    """Requests of ours that one session's client has open."""
    event_count: int = 512
    """Events kept for one session, so that its client can come back for them."""
    event_bytes: int = 4 * 1024 * 1024
    """Bytes of events kept for one session."""
    event_total: int = 64 * 1024 * 1024
    """Bytes of events kept for all sessions."""
    event_age: float = 300.0
    """An event is kept no longer."""
    stream_age: float = 3600.0
    """A stream for server notifications ends then, so that its caller identifies again."""
    keep_alive: float = 15.0
    """Silence after which an answer becomes a stream, and a stream gets a comment."""
    write_timeout: float = 10.0
    """A client that takes none of a stream for so long counts as gone."""
    watch_after: float = 0.02
    """A request that runs longer is watched for its client's leaving."""
    max_sessions: int = 10_000
    max_sessions_each: int = 1_000
    """Sessions of one caller; beyond, its own oldest ends."""
    max_sessions_tenant: int = 10_000
    """Sessions of one tenant; beyond, the caller's own oldest ends, and who has none gets none."""
    session_idle: float = 1800.0
    session_age: float = 86_400.0
    """A session ends then, however busy it is."""

    @property
    def feed_bounds(self) -> FeedBounds:
        """The part of it that bounds one stream."""
        return FeedBounds(self.stream_queue, self.stream_bytes)

    @property
    def event_bounds(self) -> EventBounds:
        """The part of it that bounds what is kept of streams."""
        return EventBounds(self.event_count, self.event_bytes, self.event_total, self.event_age)

    @property
    def session_limits(self) -> SessionLimits:
        """The part of it that bounds sessions."""
        return SessionLimits(
            most=self.max_sessions,
            per_caller=self.max_sessions_each,
            per_tenant=self.max_sessions_tenant,
            idle=self.session_idle,
            age=self.session_age,
            tombstones=4 * self.max_sessions,
        )
