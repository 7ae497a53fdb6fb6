"""One HTTP/1.1 connection, seen from the client: bytes and state, parsed by llhttp (httptools). It chooses no address.

It is our own because three things must be certain that libraries blur: whether a request left (`HttpFailed.sent`), that
giving up ends the connection at once, and that nothing but the pinned address is ever connected to. HTTP/1.1 only: no
upgrade, no pipelining, no trailers, no HTTP/0.9. Source: RFC 9112.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from mcpg.contract.problems import EffectDenied
from mcpg.effects.transport import HttpFailed

if TYPE_CHECKING:
    from mcpg.effects.transport import Outgoing, Sent

__all__ = ["Connection", "check_header", "frame"]

MAX_HEAD = 64 * 1024
_MAX_INTERIM = 8
_HIGH = 256 * 1024
_OVERHEAD = 16
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})


def frame(outgoing: Outgoing, authority: str, path: str) -> bytes:
    """Return the request as it goes out; raises `EffectDenied` for a header that could break its framing."""
    lines = [f"{outgoing.method} {path} HTTP/1.1", f"host: {authority}"]
    for name, value in outgoing.headers:
        check_header(name, value)
        lines.append(f"{name}: {value}")
    if outgoing.body or outgoing.method in {"POST", "PUT", "PATCH"}:
        lines.append(f"content-length: {len(outgoing.body)}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + outgoing.body


def check_header(name: str, value: str) -> None:
    """Return if a header can be sent as it is; raises `EffectDenied`. The value is not quoted: it may be secret."""
    if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise EffectDenied(f"header `{ascii(name[:64])[1:-1]}` holds characters that no header may hold")
    if name.lower() in _OURS:
        raise EffectDenied(f"header `{name}` is the connection's own and cannot be set")


class Connection(asyncio.Protocol):
    """One connection and at most one exchange on it at a time.

    `exchange` sends and waits for the head; `chunk` gives the body piece by piece, `None` at its end. Reading stops
    while 256 KiB wait to be taken. Anything unexpected closes the connection.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._failure: HttpFailed | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._chunks: deque[bytes] = deque()
        self.keep = 0.0
        """Seconds that the server says it keeps the connection, 0 if it says nothing."""
        self._begin(head_only=False)

    def _begin(self, *, head_only: bool) -> None:
        self._head_only = head_only
        self._chunks.clear()
        self._waiting = 0
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self._head_done = self._done = self._framed = False
        self._raw = self._body = self._interim = 0
        self._persistent = False

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing() or self._failure is not None

    @property
    def reusable(self) -> bool:
        """Whether the exchange has ended, all of its body was taken, and the next one may begin."""
        return self._done and not self._chunks and not self.closed and not self._head_only and self._persistent

    @property
    def waits(self) -> bool:
        """Whether `chunk` would have to wait."""
        return not self._chunks and not self._done

    async def exchange(self, request: bytes, *, head_only: bool) -> None:
        """Send `request` and wait for `status` and `headers`; `head_only` says that the answer has no body (HEAD).

        Raises `HttpFailed` with `sent` `no` when the connection had ended before, `maybe` afterwards.
        """
        if self.closed or self._transport is None:
            raise HttpFailed("broken", "the connection had ended", sent="no")
        self._begin(head_only=head_only)
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(request)
        while not self._head_done:
            await self._wait()

    async def chunk(self) -> bytes | None:
        """Return the next piece of the body as it came, or `None` at its end; raises `HttpFailed`."""
        while not self._chunks:
            if self._done:
                return None
            await self._wait()
        piece = self._chunks.popleft()
        self._waiting -= len(piece)
        if self._waiting < _HIGH and self._transport is not None and not self.closed:
            self._transport.resume_reading()
        return piece

    def close(self) -> None:
        """End the connection at once, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, code: str, message: str) -> None:
        if self._failure is None:
            sent: Sent = "answered" if self._head_done else "maybe"
            self._failure = HttpFailed(code, message, sent=sent)
        self.close()
        self._wake()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being its subclass

    def data_received(self, data: bytes) -> None:
        """Parse what came, within bounds."""
        if self._parser is None or self._done:
            self._fail("broken", "the server sent what nobody asked for")
            return
        self._raw += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("broken", "the server changed the protocol")
            return
        except httptools.HttpParserError:
            if not self._done:
                self._fail("broken", "the answer is not HTTP")
            self.close()
            return
        self._bound()

    def _bound(self) -> None:
        # Headers, chunk extensions and trailers are not body, and nothing else bounds them.
        if not self._done and self._raw - self._body > MAX_HEAD + _OVERHEAD * self._body:
            self._fail("too-large", f"the answer's headers exceed {MAX_HEAD} bytes")
        elif self._waiting >= _HIGH and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: a body without a length ends here, anything else is broken off."""
        if not self._done:
            if self._head_done and not self._framed and exc is None and self._failure is None:
                self._done = True
            else:
                self._fail("broken", "the answer broke off" if self._head_done else "the connection ended unanswered")
        self._transport = None
        self._wake()

    # llhttp calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers are dropped."""
        if not self._head_done:
            self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The head is whole: an interim one (1xx) is dropped."""
        parser = self._parser
        if parser is None or self._head_done or self._failure is not None:
            self._fail("broken", "the server sent a second answer")
            return
        self.status = parser.get_status_code()
        if self.status < 200:  # noqa: PLR2004 - RFC 9110: 1xx is interim
            self._interim += 1
            self.headers.clear()
            if self._interim > _MAX_INTERIM:
                self._fail("broken", "the server sends interim answers without end")
            return
        if sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._fail("too-large", f"the answer's headers exceed {MAX_HEAD} bytes")
            return
        names = dict(self.headers)
        self._framed = "content-length" in names or "transfer-encoding" in names
        self._persistent = parser.should_keep_alive()
        self.keep = _kept(names.get("keep-alive", ""))
        self._head_done = True
        if self._head_only:
            self._done = True
        self._wake()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body until it is taken."""
        if self._head_only or self._failure is not None:
            return
        self._body += len(body)
        self._waiting += len(body)
        self._chunks.append(body)
        self._wake()

    def on_message_complete(self) -> None:
        """The body is whole, unless what ended was an interim answer."""
        if self._head_done:
            self._done = True
            self._wake()


def _kept(value: str) -> float:
    found = re.search(r"timeout=(\d{1,6})", value)
    return float(found[1]) if found else 0.0
