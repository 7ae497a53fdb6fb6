"""Uvicorn's HTTP protocol with what it lacks: bounds on request heads, and client certificates. It serves no request.

Uvicorn sets no bound on the size of a request's head nor on the time it takes, merges trailers into headers after the
application may have judged those, and does not hand on client certificates. A client that takes nothing of an answer
would keep its connection, and what waits for it, until the system gives up.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["HEAD_TIMEOUT", "MAX_HEAD", "GuardedHttp"]

MAX_HEAD = 64 * 1024
"""Bytes of a request line and its headers, as far as they come alone."""

HEAD_TIMEOUT = 15.0
"""Seconds from a connection, or the first byte of a request, to the end of its head."""

STUCK = 20.0
"""Seconds in which a client has to take something of what waits for it."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class GuardedHttp(HttpToolsProtocol):
    """One HTTP/1.1 connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = False
        self._in_body = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._tls: dict[object, object] | None = None
        self._waiting = 0
        self._reader_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, with the head's time running."""
        super().connection_made(transport)
        self._tls = _client_certificate(transport)
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_timer()
        self._stop_watching()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Watch the client: more waits for it than is good."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Watch it no more."""
        self._stop_watching()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it makes a head too large."""
        if self.transport.is_closing():
            return
        if not self._in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            return
        if self._head_bytes > MAX_HEAD:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self._give_up)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head = True
        super().on_message_begin()
        if self._tls is not None:
            self.scope["extensions"] = {"tls": dict(self._tls)}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer is dropped, for nobody looks at headers again."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to serve the request."""
        self._in_head, self._in_body = False, True
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Get ready for the next request's head."""
        super().on_message_complete()
        self._in_body = False
        self._head_bytes = 0

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()

    def _watch_reader(self) -> None:
        self._stop_watching()
        self._waiting = self.transport.get_write_buffer_size()
        self._reader_timer = self.loop.call_later(STUCK, self._check_reader)

    def _check_reader(self) -> None:
        """Abort the connection, also one that is closing, if the client has taken nothing."""
        if self.transport.get_write_buffer_size() >= self._waiting:
            self.transport.abort()
        else:
            self._watch_reader()

    def _stop_watching(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _client_certificate(transport: asyncio.Transport) -> dict[object, object] | None:
    """Return the verified certificate of a TLS client: its PEM and its names, such as `DNS:a.example`."""
    channel = transport.get_extra_info("ssl_object")
    if channel is None:
        return None
    raw, parsed = channel.getpeercert(binary_form=True), channel.getpeercert()
    if not raw or not parsed:
        return None
    names = [f"{kind}:{name}" for kind, name in parsed.get("subjectAltName", ())]
    return {"client_cert_chain": [ssl.DER_cert_to_PEM_cert(raw)], "client_cert_sans": names}
