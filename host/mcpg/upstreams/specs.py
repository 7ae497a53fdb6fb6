"""What the operator says about each upstream, as plain values. It neither reads the file nor checks a grant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg.sealing import AssertionKey

__all__ = ["HttpSpec", "Mode", "OAuthSpec", "Sessions", "StdioSpec", "UpstreamSpec"]

Mode = Literal["auto", "legacy", "modern"]
Sessions = Literal["caller", "session", "shared"]


@dataclass(frozen=True, slots=True)
class StdioSpec:
    """A server that we start as a child and talk to over its standard input and output.

    The child's environment is PATH, HOME and `environment`, nothing else. `memory` (bytes of address space) and `files`
    (open files) and `cpu` (seconds of processor time) become resource limits of the child and of what it starts; 0
    leaves the gateway's own. `grace` is in seconds: how long the child may take to leave after its input was closed,
    and again after SIGTERM.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: Path | None = None
    memory: int = 0
    cpu: int = 0
    files: int = 0
    grace: float = 1.0


@dataclass(frozen=True, slots=True)
class OAuthSpec:
    """How we get tokens for a server as a client of its authorization server (OAuth 2.1, client credentials).

    Either `secret` or `key` says who we are. `issuer` and `token_url` are found out where they are empty; `resource` is
    the server's URL unless given. `method` is `basic`, `post`, or what the server prefers.
    """

    client_id: str
    secret: str = field(default="", repr=False)
    key: AssertionKey | None = field(default=None, repr=False, compare=False)
    key_digest: str = ""
    """What tells one key from another when two specs are compared."""
    key_id: str = ""
    method: Literal["", "basic", "post"] = ""
    token_url: str = ""
    issuer: str = ""
    scopes: tuple[str, ...] = ()
    resource: str = ""


@dataclass(frozen=True, slots=True)
class HttpSpec:
    """A server at a URL. `headers` may hold a credential; `private` and `ca` are for the guarded connector.

    `kind` is the transport: Streamable HTTP, the HTTP+SSE of 2024-11-05, or found out.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    private: bool = False
    ca: Path | None = None
    kind: Literal["auto", "streamable", "sse"] = "streamable"
    oauth: OAuthSpec | None = None


@dataclass(frozen=True, slots=True)
class UpstreamSpec:
    """One upstream by the operator's name for it. Times are in seconds, `max_message` in bytes.

    `max_in_flight` calls run at once, four times as many may wait for a place. `failures` in a row open the breaker for
    `cooldown`. With `listen` the upstream's list_changed notifications are asked for. Lists that an
    upstream does not announce changes of count as changed every `refresh` seconds, never if 0.

    `sessions` says whose calls share a link where a link holds state of its client: one per `caller`, one per
    `session` of a client, or `shared` by all; a modern server over HTTP holds none, all share one link. At most
    `max_links` such links are open, each ends `idle` after its last call. At most `max_parked` calls wait for an answer
    of their client, each no longer than `ask_timeout`. With `baggage` the client's W3C baggage is passed on.
    """

    name: str
    transport: StdioSpec | HttpSpec
    mode: Mode = "auto"
    call_timeout: float = 60.0
    connect_timeout: float = 10.0
    max_in_flight: int = 64
    max_message: int = 8 * 1024 * 1024
    failures: int = 5
    cooldown: float = 5.0
    listen: bool = True
    refresh: float = 0.0
    sessions: Sessions = "caller"
    max_links: int = 256
    idle: float = 300.0
    max_parked: int = 256
    ask_timeout: float = 600.0
    baggage: bool = False
