"""One upstream's way through the guarded connector, with failures in this room's words. It checks no address itself."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mcpg.contract.problems import EffectDenied
from mcpg.effects.addresses import Private
from mcpg.effects.transport import HttpFailed, Outgoing, Reach, Tls
from mcpg.upstreams.faults import Fault, Lost, Nonsense, NotSent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from mcpg.effects.connector import GuardedConnector
    from mcpg.effects.incoming import Incoming
    from mcpg.upstreams.specs import HttpSpec

__all__ = ["Outbound", "Reply"]


class Reply:
    """The head of an HTTP answer, and its body as it comes."""

    __slots__ = ("_incoming", "ended", "status")

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self.status = incoming.status
        self.ended = False
        """Whether the body was read to its end."""

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text; `name` in lower case."""
        return self._incoming.header(name)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes; raises `Fault` when it is cut short."""
        try:
            async for chunk in self._incoming.chunks():
                yield chunk
            self.ended = True
        except HttpFailed as failure:
            raise fault_of(failure) from failure


class Outbound:
    """Sends requests to the one URL of `spec`; no redirect is followed, no address but the granted ones is met."""

    def __init__(self, spec: HttpSpec, connector: GuardedConnector, max_message: int) -> None:
        self._url = spec.url
        self._connector = connector
        self._reach = Reach(
            private=Private(everywhere=spec.private),
            tls=Tls(ca=str(spec.ca) if spec.ca is not None else ""),
            max_request=max_message,
            max_response=None,
        )

    @asynccontextmanager
    async def stream(self, method: str, headers: Mapping[str, str], body: bytes = b"") -> AsyncIterator[Reply]:
        """Send one request; leaving the block before the body's end closes the connection. Raises `Fault`.

        The deadline is the caller's, who cancels.
        """
        outgoing = Outgoing(method, self._url, tuple(headers.items()), body)
        try:
            async with self._connector.stream(outgoing, self._reach, deadline=None) as incoming:
                reply = Reply(incoming)
                try:
                    yield reply
                finally:
                    if not reply.ended:  # a body that came but was not read must never meet the next answer
                        incoming._connection.close()  # noqa: SLF001 - the connector offers no other way
        except HttpFailed as failure:
            raise fault_of(failure) from failure
        except EffectDenied as denial:
            raise Fault(f"may not be reached: {denial.message}") from denial


def fault_of(failure: HttpFailed) -> Fault:
    """Return what a failed exchange means for its call."""
    if failure.sent == "no":
        return NotSent(f"could not be reached: {failure.message}")
    return (Nonsense if failure.code == "too-large" else Lost)(f"failed over HTTP: {failure.message}")
