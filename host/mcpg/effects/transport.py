"""The values of one outgoing HTTP exchange: what may be reached, what is sent, how it failed. It opens no socket."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mcpg.contract.problems import McpgError
from mcpg.effects.addresses import Private

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.effects.targets import Target

__all__ = ["NO_TLS", "PUBLIC_ONLY", "HttpFailed", "Outgoing", "Reach", "Sent", "Tls"]

Sent = Literal["no", "maybe", "answered"]
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class HttpFailed(McpgError):  # noqa: N818 - names state facts
    """An exchange failed; `sent` is `no` when the request surely never left, `maybe` until an answer began."""

    def __init__(self, code: str, message: str, *, sent: Sent) -> None:
        super().__init__(message, code=code)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: with `ca` only that authority is trusted, else the system's; `certificate` and `key` are ours."""

    ca: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """Read the files and return a context; blocks. Raises `OSError` or `ssl.SSLError`."""
        context = ssl.create_default_context(cafile=self.ca or None)
        context.set_alpn_protocols(["http/1.1"])
        if self.certificate:
            # An encrypted key must fail, not ask at a terminal.
            context.load_cert_chain(self.certificate, self.key or None, password=lambda: "")
        return context


PUBLIC_ONLY = Private()
NO_TLS = Tls()


@dataclass(frozen=True, slots=True)
class Reach:
    """What one user of the connector may reach. Sizes in bytes, times in seconds.

    `admit` is called with each hop's target and method, the first one included, and raises `EffectDenied` to refuse it.
    With `redirects` 0 a redirect is an answer like any other. `max_response` counts the body after decompression;
    `idle` bounds the silence between two chunks.
    """

    private: Private = PUBLIC_ONLY
    tls: Tls = NO_TLS
    redirects: int = 0
    max_request: int = 1 << 20
    max_response: int | None = 1 << 20
    idle: float | None = None
    admit: Callable[[Target, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. Header names in lower case; those in `sensitive` never follow a redirect to another origin."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    sensitive: frozenset[str] = frozenset()

    def follow(self, status: int, target: Target, *, same_origin: bool) -> Outgoing:
        """Return the request for the next hop: 303 (and 301, 302 after POST) becomes a GET without a body."""
        method, body, headers = self.method, self.body, self.headers
        if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):  # noqa: PLR2004 - RFC 9110
            method, body = "GET", b""
            headers = tuple(pair for pair in headers if not pair[0].startswith("content-"))
        if not same_origin:
            kept = _CREDENTIAL_HEADERS | self.sensitive
            headers = tuple(pair for pair in headers if pair[0] not in kept)
        return Outgoing(method, target.url, headers, body, self.sensitive)
