"""The port to HTTP: one request out, one bounded answer in. It follows no redirect, keeps no cookie, decodes no body.

`Network` is the real one, over httpx2's connection pools; `NoNetwork` stands in its place when there must be none, and
never makes a socket. Neither knows registries, credentials or retries. Every foreign exception becomes `HttpFailed`.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import httpx2

from mcpg.contract.problems import ConfigError, McpgError, RegistryFailed
from mcpg_registry.hosts import is_loopback
from mcpg_registry.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from mcpg_registry.hosts import HostSettings

__all__ = ["Answer", "Http", "HttpFailed", "Network", "NoNetwork", "Request", "TooLong"]

MAX_EXCHANGES = 16
MAX_POOLS = 32
IDLE = 30.0
MAX_DRAINED = 16 * 1024
DRAINING = 1.0
_PLAIN = (
    "if it is plain HTTP, say `--plain-http` for this machine, or `plain_http` of the host under `registries.hosts`"
)
_ROOTS = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PART = 1024 * 1024
"""How many bytes of a body are handed on at once, at least: fewer turns of the loop and of the disk's thread."""


class HttpFailed(McpgError):  # noqa: N818 - names state facts
    """One exchange failed. `again` says that another try may help; the message is a reason, without the host."""

    code = "registry-unreachable"

    def __init__(self, message: str, *, code: str | None = None, remedy: str = "", again: bool = False) -> None:
        super().__init__(message, code=code, remedy=remedy)
        self.again = again


class TooLong(HttpFailed):
    """A body has more bytes than it may have."""

    code = "registry-answer"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: `headers` in any case, `body` with its `size` in bytes. Credentials stay out of the repr."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: AsyncIterable[bytes] | bytes | None = field(default=None, repr=False)
    size: int = 0


class Http(Protocol):
    """What carries requests."""

    def send(self, request: Request, settings: HostSettings) -> AbstractAsyncContextManager[Answer]:
        """Send one request; the answer is good inside the context only. `HttpFailed` or `RegistryFailed`."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class Answer:
    """A status, headers by lower-case name, and a body that is read once and within bounds."""

    def __init__(self, response: httpx2.Response, settings: HostSettings) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._timeouts = settings.timeouts

    async def read(self, limit: int) -> bytes:
        """Return the whole body; `HttpFailed` over `limit` bytes, when it is encoded, or when it takes too long."""
        return b"".join([part async for part in self.parts(limit)])

    async def parts(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body in large parts; `HttpFailed` as in `read`, before a byte too many is handed on."""
        self._check_head(limit)
        waiting: list[bytes] = []
        held, left = 0, limit
        deadline = asyncio.get_running_loop().time() + self._timeouts.body(limit)
        stream = self._response.aiter_raw().__aiter__()
        while True:
            try:
                chunk = await self._next(stream, deadline)
            except HttpFailed:
                yield b"".join(waiting)  # what has come can be gone on from
                raise
            left, held = left - len(chunk), held + len(chunk)
            if left < 0:
                raise TooLong(f"its answer has more than {limit} bytes")
            waiting.append(chunk)
            if not chunk or held >= PART:
                yield b"".join(waiting)
                waiting.clear()
                held = 0
            if not chunk:
                return

    async def _next(self, stream: AsyncIterator[bytes], deadline: float) -> bytes:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(stream, b"")
        except TimeoutError:
            reason = f"its answer came with less than {self._timeouts.slowest} bytes a second"
            raise HttpFailed(reason, code="registry-timeout") from None
        except httpx2.TransportError as error:
            raise _failed(error) from error

    def _check_head(self, limit: int) -> None:
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", ""}:
            raise HttpFailed("it encoded the body, which nobody asked for", code="registry-answer")
        length = self.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit:
            raise TooLong(f"its answer has {length[:20]} bytes, at most {limit} are allowed")


class Network:
    """HTTP/1.1 over pooled connections: one pool for each CA file and proxy, shared by all hosts."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._pools: dict[tuple[Path | None, str | None], httpx2.AsyncHTTPTransport] = {}
        self._making = asyncio.Lock()
        self._slots = asyncio.Semaphore(MAX_EXCHANGES)

    @asynccontextmanager
    async def send(self, request: Request, settings: HostSettings) -> AsyncIterator[Answer]:
        """Send one request and hold its connection until the context ends."""
        async with self._slots:
            pool = await self._pool(request.url, settings)
            response = await _head(pool, request, settings)
            try:
                yield Answer(response, settings)
                await _drain(response)
            finally:
                await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def _pool(self, url: str, settings: HostSettings) -> httpx2.AsyncHTTPTransport:
        parts = urlsplit(url)
        loopback = is_loopback(parts.netloc)
        proxy = None if loopback else proxy_for(parts.scheme, parts.hostname or "", self._environment)
        key = settings.ca, proxy
        if key in self._pools:
            return self._pools[key]
        async with self._making:
            if key not in self._pools:
                if len(self._pools) >= MAX_POOLS:
                    raise RegistryFailed("too many hosts have settings of their own", remedy="use fewer CA files")
                self._pools[key] = await asyncio.to_thread(_new_pool, *key)
            return self._pools[key]


class NoNetwork:
    """Stands in for the network when there must be none: whoever asks it for anything gets an error."""

    def send(self, request: Request, settings: HostSettings) -> AbstractAsyncContextManager[Answer]:
        """Refuse, before anything is opened."""
        del settings
        host = urlsplit(request.url).netloc
        raise RegistryFailed(
            f"`{host}` was wanted, and the network may not be used",
            code="offline",
            remedy="leave --offline out, or bring what is missing with `mcpg plugin mirror import`",
        )

    async def aclose(self) -> None:
        """There is nothing to close."""


@lru_cache(maxsize=4)
def _system_roots(*_: str | None) -> ssl.SSLContext:
    """Return what trusts the system's roots, read once for each place that the environment names them at."""
    return httpx2.create_ssl_context()


async def _head(pool: httpx2.AsyncHTTPTransport, request: Request, settings: HostSettings) -> httpx2.Response:
    times = settings.timeouts
    timeout = {"connect": times.connect, "read": times.read, "write": times.read, "pool": times.pool}
    headers = {"accept-encoding": "identity", "user-agent": "mcpg", **request.headers}
    if request.size:
        headers["content-length"] = str(request.size)
    try:
        out = httpx2.Request(
            request.method, request.url, headers=headers, content=request.body, extensions={"timeout": timeout}
        )
        async with asyncio.timeout(times.body(request.size)):
            return await pool.handle_async_request(out)
    except TimeoutError:
        raise HttpFailed("it did not answer in time", code="registry-timeout") from None
    except httpx2.TransportError as error:
        raise _failed(error) from error
    except httpx2.InvalidURL as error:
        raise HttpFailed("the address is malformed", code="registry-answer") from error


async def _drain(response: httpx2.Response) -> None:
    """Read a short body that nobody wanted: only then can its connection be used again."""
    length = response.headers.get("content-length", "")
    if response.is_stream_consumed or not (length.isascii() and length.isdigit() and int(length[:9]) <= MAX_DRAINED):
        return
    with suppress(httpx2.TransportError, TimeoutError):
        async with asyncio.timeout(DRAINING):
            async for _ in response.aiter_raw():
                pass


def _new_pool(ca: Path | None, proxy: str | None) -> httpx2.AsyncHTTPTransport:
    """Return a pool; it reads the CA file, so call it off the event loop."""
    try:
        context = _system_roots(*map(os.environ.get, _ROOTS)) if ca is None else ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        reason = (error.strerror or "it holds no certificate").lower()
        raise ConfigError(f"the CA file `{ca}` cannot be used: {reason}", remedy="name a PEM file") from error
    limits = httpx2.Limits(
        max_connections=MAX_EXCHANGES, max_keepalive_connections=MAX_EXCHANGES, keepalive_expiry=IDLE
    )
    try:
        return httpx2.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)
    except (ImportError, ValueError, httpx2.InvalidURL):
        # The error is not kept: its text may hold the proxy's password.
        raise ConfigError("the proxy that the environment names cannot be used", remedy="name an http proxy") from None


def _failed(error: httpx2.TransportError) -> HttpFailed:
    """Return what a failed exchange means: time, certificate, or a connection that broke or never stood."""
    if isinstance(error, httpx2.TimeoutException):
        silent = "no connection in time" if isinstance(error, httpx2.ConnectTimeout) else "it fell silent"
        return HttpFailed(silent, code="registry-timeout")
    tls = _cause(error, ssl.SSLError)
    if isinstance(tls, ssl.SSLError):
        return _no_tls(tls)
    if isinstance(error, httpx2.ProxyError):
        return HttpFailed("the proxy refused", remedy="check the proxy that the environment names")
    if isinstance(error, httpx2.ConnectError):
        return HttpFailed(f"it cannot be reached: {_reason(error)}", again=True)
    if isinstance(error, httpx2.NetworkError):
        return HttpFailed("the connection broke", again=True)
    return HttpFailed("it does not speak HTTP, or broke off in mid-answer", code="registry-answer", again=True)


def _no_tls(error: ssl.SSLError) -> HttpFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"its certificate is not trusted: {error.verify_message.lower().rstrip('.')}"
        remedy = "name its CA as `ca` of this host under `registries.hosts`, or with `--ca` at `mcpg login`"
        return HttpFailed(reason, code="registry-tls", remedy=remedy)
    return HttpFailed("it speaks no TLS that we speak", code="registry-tls", remedy=_PLAIN)


def _reason(error: BaseException) -> str:
    """Return what the system said about a connection that did not come to stand."""
    for each in _causes(error):
        if isinstance(each, OSError) and each.errno:
            # A resolver's numbers are negative, and asyncio writes the address into its texts.
            return (os.strerror(each.errno) if each.errno > 0 else each.strerror or "no address").lower()
    return "no connection"


def _cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Return the nearest cause of that kind."""
    return next((each for each in _causes(error) if isinstance(each, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes; of several errors at once, the first."""
    current: BaseException | None = error
    for _ in range(16):
        if current is None:
            return
        yield current
        inner = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else None
        current = inner or current.__cause__ or current.__context__
