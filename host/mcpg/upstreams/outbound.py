"""One upstream's way through the guarded connector, with failures in this room's words. It checks no address itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.problems import EffectDenied
from mcpg.effects.addresses import Private
from mcpg.effects.transport import HttpFailed, Outgoing, Reach, Tls
from mcpg.upstreams.faults import Fault, Lost, Nonsense, NotSent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from mcpg.effects.incoming import Incoming
    from mcpg.upstreams.oauth import Streams
    from mcpg.upstreams.specs import HttpSpec

__all__ = ["Opened", "Outbound", "Reply"]


class Reply:
    """The head of an HTTP answer, and its body as it comes."""

    __slots__ = ("_incoming", "status")

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self.status = incoming.status

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text; `name` in lower case."""
        return self._incoming.header(name)

    async def read(self, limit: int) -> bytes:
        """Return the whole body; raises `Nonsense` beyond `limit` bytes, `Fault` when it is cut short."""
        parts: list[bytes] = []
        size = 0
        try:
            async for chunk in self._incoming.chunks():
                size += len(chunk)
                if size > limit:
                    raise Nonsense(f"answered with more than {limit} bytes")
                parts.append(chunk)
        except HttpFailed as failure:
            raise fault_of(failure) from failure
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes; raises `Fault` when it is cut short."""
        try:
            async for chunk in self._incoming.chunks():
                yield chunk
        except HttpFailed as failure:
            raise fault_of(failure) from failure


class Outbound:
    """Sends requests to the one URL of `spec`; no redirect is followed, no address but the granted ones is met."""

    def __init__(self, spec: HttpSpec, connector: Streams, max_message: int) -> None:
        self._url = spec.url
        self._connector = connector
        self._reach = Reach(
            private=Private(everywhere=spec.private),
            tls=Tls(ca=str(spec.ca) if spec.ca is not None else ""),
            max_request=max_message,
            max_response=None,
        )

    def stream(self, method: str, headers: Iterable[tuple[str, str]], body: bytes = b"", *, url: str = "") -> Opened:
        """Send one request; leaving the block before the body's end closes the connection. Raises `Fault`.

        The deadline is the caller's, who cancels; so is the judgement of another `url` than that of the spec.
        """
        outgoing = Outgoing(method, url or self._url, tuple(headers), body)
        return Opened(self._connector.stream(outgoing, self._reach, deadline=None))


class Opened:
    """The block in which an answer is read; a class because it stands in the way of every call."""

    __slots__ = ("_inner",)

    def __init__(self, inner: AbstractAsyncContextManager[Incoming]) -> None:
        self._inner = inner

    async def __aenter__(self) -> Reply:
        try:
            return Reply(await self._inner.__aenter__())
        except (HttpFailed, EffectDenied) as error:
            raise fault_of(error) from error

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)


def fault_of(failure: HttpFailed | EffectDenied) -> Fault:
    """Return what a failed exchange means for its call."""
    if isinstance(failure, EffectDenied):
        return Fault(f"may not be reached: {failure.message}")
    if failure.code == "no-token":
        return NotSent(f"cannot be called: {failure.message}")
    if failure.sent == "no":
        return NotSent(f"could not be reached: {failure.message}")
    return (Nonsense if failure.code == "too-large" else Lost)(f"failed over HTTP: {failure.message}")
