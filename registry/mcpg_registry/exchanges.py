"""Requests to one place: authenticated, redirected, tried again. It knows no OCI documents and reads no body.

Tried again: GET and HEAD only, after 429, 502, 503, 504 and broken connections, at most three times and never past the
place's time. Redirected: GET and HEAD only, at most five times, never from HTTPS to HTTP. Our `Authorization` goes to
the place's own origin and nowhere else, whatever address a registry gives us.
"""

from __future__ import annotations

import asyncio
import email.utils
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from mcpg_registry.challenges import origin_of
from mcpg_registry.http import HttpFailed, Request
from mcpg_registry.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping

    from mcpg_registry.credentials import CredentialSource
    from mcpg_registry.hosts import Hosts, HostSettings, Place
    from mcpg_registry.http import Answer, Http

__all__ = ["Call", "Exchanges", "next_url", "pull_scope", "status_failed"]

MAX_REDIRECTS = 5
MAX_URL = 8192
_PAUSES = (0.1, 0.4, 1.0)
_AGAIN = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD"})
_ORDINARY = range(400)
_UNAUTHORIZED = 401
_DENIED = frozenset({401, 403})
_MISSING = 404
_BUSY = 429
_MALFORMED = 400


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a place. `path` begins with `/`; `url`, when given, is absolute and came from the place.

    `authorization` is sent at once instead of what is known, to the place's own origin only.
    """

    method: str
    path: str = ""
    scope: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], AsyncIterable[bytes]] | bytes | None = None
    size: int = 0
    url: str = ""
    authorization: str = field(default="", repr=False)


class Exchanges:
    """Sends calls; one for all places."""

    def __init__(
        self,
        http: Http,
        hosts: Hosts,
        credentials: CredentialSource,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._hosts = hosts
        self.sleep = sleep
        self._clock = clock
        self._tokens = Tokens(http, credentials, clock=clock)
        self.listing = asyncio.Lock()
        """Held while a list of referrers is read and written back: our own writers do not lose each other's entries."""

    @asynccontextmanager
    async def open(self, place: Place, call: Call) -> AsyncIterator[Answer]:
        """Send a call; the answer, of any status, is good inside the context only. `HttpFailed`."""
        async with AsyncExitStack() as stack:
            try:
                answer = await self._tried(stack, place, call)
            except HttpFailed as error:
                error.again = False  # it has been tried as often as is allowed
                raise
            yield answer

    def asked(self, place: Place) -> bool:
        """Whether the place asked who we are, for no scope in particular, and took our answer."""
        return self._tokens.known(place, "") is not None

    async def header(self, place: Place, scope: str) -> str | None:
        """Return the `Authorization` that a place takes for a scope, none where it asks for none; `HttpFailed`."""
        async with self.open(place, Call("GET", "/v2/", scope)) as answer:
            if answer.status in _DENIED:
                raise status_failed(answer)
        return self._tokens.known(place, scope)

    async def _tried(self, stack: AsyncExitStack, place: Place, call: Call) -> Answer:
        """Send a call as often as is allowed and helps."""
        deadline = self._clock() + place.settings.timeouts.total
        pauses = _PAUSES if call.method in _SAFE else ()
        for pause in pauses:
            try:
                answer = await self._authenticated(stack, place, call)
                if answer.status not in _AGAIN:
                    return answer
                wait = max(pause, _retry_after(answer))
                failed = status_failed(answer)
            except HttpFailed as error:
                if not error.again:
                    raise
                wait, failed = pause, error
            await stack.aclose()
            if self._clock() + wait > deadline:
                raise failed
            await self.sleep(wait)
        return await self._authenticated(stack, place, call)

    async def _authenticated(self, stack: AsyncExitStack, place: Place, call: Call) -> Answer:
        """Send a call with what is known of us, and once more with the answer to the place's own challenge."""
        header = call.authorization or self._tokens.known(place, call.scope)
        answer, own = await self._redirected(stack, place, call, header)
        if answer.status != _UNAUTHORIZED or not own:
            return answer
        challenge = answer.headers.get("www-authenticate", "")
        await stack.aclose()
        self._tokens.forget(place, call.scope)
        header = await self._tokens.answer(place, call.scope, challenge)
        answer, own = await self._redirected(stack, place, call, header)
        if answer.status in _DENIED:
            self._tokens.forget(place, call.scope)
        return answer

    async def _redirected(
        self, stack: AsyncExitStack, place: Place, call: Call, header: str | None
    ) -> tuple[Answer, bool]:
        """Return the answer at the end of the redirects, and whether the place itself gave it."""
        url = call.url or f"{place.origin}{call.path}"
        for _ in range(MAX_REDIRECTS + 1):
            own = origin_of(url) == origin_of(place.origin)
            headers = {**call.headers, "authorization": header} if own and header else call.headers
            settings = place.settings if own else self._foreign(url)
            body = call.body() if callable(call.body) else call.body
            request = Request(call.method, url, headers, body, call.size)
            answer = await stack.enter_async_context(self._http.send(request, settings))
            if answer.status not in _REDIRECTS or call.method not in _SAFE:
                return answer, own
            url = next_url(url, answer.headers.get("location", ""))
            await stack.aclose()
        raise HttpFailed(f"it redirects more than {MAX_REDIRECTS} times", code="registry-redirect")

    def _foreign(self, url: str) -> HostSettings:
        """Return the settings of the host that a place sent us to; without TLS only where the operator said so."""
        parts = urlsplit(url)
        settings = self._hosts.of(parts.netloc)
        if parts.scheme == "http" and not settings.plain_http:
            raise HttpFailed(f"it sends us to `http://{parts.netloc[:100]}`, without TLS", code="registry-redirect")
        return settings


def pull_scope(place: Place) -> str:
    """Return the scope of reading a place's repository."""
    return f"repository:{place.repository}:pull"


def next_url(base: str, location: str) -> str:
    """Return the address that `location` means; `HttpFailed` when it is malformed or leaves HTTPS for HTTP."""
    try:
        url = urljoin(base, location)
        scheme = origin_of(url)[0]
    except ValueError:
        raise HttpFailed("it sends us to a malformed address", code="registry-redirect") from None
    if not location or len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise HttpFailed("it sends us to a malformed address", code="registry-redirect")
    if urlsplit(base).scheme == "https" and scheme != "https":
        raise HttpFailed("it sends us from https to http", code="registry-redirect")
    return url


def status_failed(answer: Answer) -> HttpFailed:
    """Return what a status that was not hoped for means."""
    status = answer.status
    if status in _DENIED:
        remedy = "`mcpg login` with an account that has the right, or check the name"
        return HttpFailed(f"it refuses us ({status})", code="registry-denied", remedy=remedy)
    if status == _MISSING:
        return HttpFailed("it has no such thing (404)", code="not-in-registry", remedy="check name, tag and digest")
    if status == _BUSY:
        return HttpFailed("it wants fewer requests (429)", code="registry-busy", remedy="wait, or log in")
    if status in _ORDINARY:
        return HttpFailed(f"it answered {status}, which means nothing here", code="registry-answer")
    if status == _MALFORMED:
        remedy = "if it speaks TLS, leave out `--plain-http` and `plain_http`; else ask whoever runs it"
    else:
        remedy = "try again later" if status in _AGAIN else "ask whoever runs it"
    return HttpFailed(f"it answered {status}", code="registry-error", remedy=remedy)


def _retry_after(answer: Answer) -> float:
    """Return the seconds that the answer asks to wait: a number, or a date as HTTP writes it."""
    text = answer.headers.get("retry-after", "").strip()[:64]
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, when.timestamp() - time.time()) if when.tzinfo is not None else 0.0
