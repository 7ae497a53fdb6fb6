"""What this room wants of an HTTP client. Addresses, TLS and redirects are not looked at here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from mcpg.upstreams.specs import HttpSpec

__all__ = ["Connector", "Reply"]


class Reply(Protocol):
    """The head of an HTTP answer, and its body as it comes."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header values by lower-case name."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Return the body's chunks; raises `Fault` when the connection ends before the body does."""
        ...


class Connector(Protocol):
    """Opens HTTP requests over pooled connections. It follows no redirect and sets no time limit of its own."""

    def stream(
        self, spec: HttpSpec, method: str, *, headers: Mapping[str, str], body: bytes | None
    ) -> AbstractAsyncContextManager[Reply]:
        """Send one request to the URL of `spec`; leaving the context gives the connection back, or ends it.

        Raises `NotSent` where the request surely did not leave, `Lost` where it may have, `Fault` where the address
        may not be reached.
        """
        ...
