"""The keys under `server`: listeners, their limits, TLS, and who calls through stdio. It binds nothing."""

from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator

from mcpg.config.about import Info
from mcpg.config.base import Section
from mcpg.config.values import Address, Count, Duration, Listen, SecretText, Size, Text, wrong

__all__ = ["Authorization", "Server", "ServerLimits", "Stdio", "StdioCaller", "Tls"]


class Tls(Section):
    """TLS for the MCP listener. Paths are relative to the file."""

    certificate: Text = Field(description="The certificate chain, PEM.")
    key: Text = Field(description="The private key, PEM, readable by the owner only.")
    client_ca: Text | None = Field(
        default=None, description="Certificates that client certificates must chain to, PEM; with it, one is required."
    )


class ServerLimits(Section):
    """What the front door takes at most."""

    max_body: Size = Field(default=4 * 2**20, description="The size of one request.")
    max_in_flight: Count = Field(
        default=2048, description="Requests at work at the same time; one more is answered 503."
    )
    max_sessions: Count = Field(default=10_000, description="Sessions of clients that speak MCP 2025-11-25 and older.")
    max_sessions_per_caller: Count = Field(
        default=1000, description="Sessions of one caller; with one more its oldest ends."
    )
    max_sessions_per_tenant: Count = Field(
        default=10_000, description="Sessions of one tenant; a caller who has none gets none beyond."
    )
    session_idle: Duration = Field(default=1800.0, description="How long a session may rest before it ends.")
    session_age: Duration = Field(default=86_400.0, description="How long a session may last, however busy it is.")
    max_streams: Count = Field(default=4096, description="Streams for notifications that are open at the same time.")
    poll_after: Duration | None = Field(
        default=None, description="When a client of 2025-11-25 is sent away from a long answer, to come back for it."
    )
    event_memory: Size = Field(
        default=64 * 2**20, description="What is kept of streams, for clients that lost theirs and come back."
    )
    call_timeout: Duration = Field(default=60.0, description="How long one call may take when its tool does not say.")
    ask_timeout: Duration = Field(
        default=600.0, description="How long a client may take to answer what a server asks it in the middle of a call."
    )


class StdioCaller(Section):
    """Who is calling when MCP is spoken over stdio: there is nobody to ask, so the operator says it."""

    id: Text = Field(description="The caller's id, as policies see it.")
    kind: Literal["user", "service", "workload"] = Field(default="user", description="What kind of caller it is.")
    tenant: Text = Field(default="default", description="The tenant whose ledger and limits apply.")
    groups: tuple[Text, ...] = Field(default=(), description="Groups, as policies see them.")
    roles: tuple[Text, ...] = Field(default=(), description="Roles, as policies see them.")
    scopes: tuple[Text, ...] = Field(default=(), description="Scopes, as policies see them.")
    attributes: dict[str, str] = Field(default_factory=dict, description="Anything else that policies want to know.")


class Stdio(Section):
    """MCP over the process's own standard input and output (`mcpg serve --stdio`)."""

    caller: StdioCaller = Field(description="Who is calling; without it `--stdio` is refused.")


class Authorization(Section):
    """Whose tokens are taken, as clients are told (RFC 9728); the identity chain is what verifies them."""

    servers: tuple[Text, ...] = Field(min_length=1, description="Authorization servers, by their issuer URLs.")
    scopes: tuple[Text, ...] = Field(default=(), description="Scopes that a client should ask for at first.")
    public_url: Text | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="Where clients find this gateway, such as `https://mcp.example.com`. Default: what they call it.",
    )


class Server(Section):
    """Where MCPG listens and what it takes."""

    listen: Listen = Field(default=Address("127.0.0.1", 8787), description="The MCP listener.")
    path: str = Field(default="/mcp", pattern=r"^/[A-Za-z0-9._~/-]*$", description="The path of the MCP endpoint.")
    origins: tuple[Text, ...] = Field(
        default=(), description="Origins of browser clients to let in, such as `https://app.example`."
    )
    trusted_proxies: tuple[Text, ...] = Field(
        default=(),
        description="Networks of proxies in front, such as `10.0.0.0/8`: what they say in X-Forwarded-For is believed.",
    )
    legacy_sse: bool = Field(
        default=True, description="Whether clients of 2024-11-05 find HTTP with SSE at `<path>/sse` of each endpoint."
    )
    tls: Tls | None = Field(default=None, description="TLS; without it, put a proxy in front of anything but loopback.")
    admin: Listen | None = Field(
        default=None, description="The second listener: admin API and metrics. Off if not given."
    )
    admin_token: SecretText | None = Field(default=None, description="The bearer token of the second listener.")
    limits: ServerLimits = Field(default_factory=ServerLimits, description="What the front door takes at most.")
    stdio: Stdio | None = Field(default=None, description="Settings for `mcpg serve --stdio`.")
    sessions: Literal["memory", "sqlite"] = Field(
        default="memory", description="Where sessions are kept; with `sqlite`, in `state`, they survive a restart."
    )
    authorization: Authorization | None = Field(
        default=None, description="The document at `/.well-known/oauth-protected-resource`; none if not given."
    )
    info: Info = Field(default_factory=Info, description="What the gateway is called.")
    list_ttl: Duration | None = Field(
        default=None, description="How long clients of 2026-07-28 may keep lists and descriptions; not at all if unset."
    )
    instructions: Text | None = Field(
        default=None, description="What clients are told of its use, before what upstreams say of theirs."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError:
                raise wrong(f"`{network}` is not a network", "write one such as `10.0.0.0/8` or `fd00::/8`") from None
        return value

    @field_validator("origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or set(rest) & set("/*?# "):
                raise wrong(
                    f"`{origin}` is not an origin", "write scheme, host and port only: `https://app.example:8443`"
                )
        return value
