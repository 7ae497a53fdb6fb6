"""What `requests` may do while a library of others drives it: one registry, bounded in time, number and size.

Credentials are put on here, for the registry's own origin alone; whatever the library puts on is taken off. It blocks,
and knows no registry protocol. Import it lazily: `requests` is slow to load.
"""

from __future__ import annotations

import io
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from mcpg_registry.challenges import origin_of
from mcpg_registry.hosts import is_loopback
from mcpg_registry.http import HttpFailed
from mcpg_registry.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg_registry.hosts import Hosts, Place

__all__ = ["Guard", "guarded_session"]

MAX_REQUESTS = 256
MAX_ANSWER = 4 * 1024 * 1024
MAX_REDIRECTS = 5
PART = 64 * 1024


class Guard(HTTPAdapter):
    """Sends what is allowed: `header` to the place's origin only, nothing after `deadline` on `clock`."""

    def __init__(
        self,
        place: Place,
        hosts: Hosts,
        header: str | None,
        deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(max_retries=0)
        self._place = place
        self._hosts = hosts
        self._header = header
        self._deadline = deadline
        self._clock = clock
        self._sent = 0

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send one request and read its answer, both within bounds; `HttpFailed`."""
        self._sent += 1
        if self._sent > MAX_REQUESTS:
            raise HttpFailed(f"more than {MAX_REQUESTS} requests were wanted", code="registry-answer")
        url = request.url or ""
        own = self._is_own(url)
        settings = self._place.settings if own else self._hosts.of(urlsplit(url).netloc)
        if url.startswith("http:") and not settings.plain_http:
            raise HttpFailed("it sends us somewhere without TLS", code="registry-redirect")
        for name in ("Authorization", "Cookie"):
            request.headers.pop(name, None)
        if own and self._header is not None:
            request.headers["Authorization"] = self._header
        request.headers["Accept-Encoding"] = "identity"
        times = min(settings.timeouts.connect, self._left()), min(settings.timeouts.read, self._left())
        verify = str(settings.ca) if settings.ca is not None else _roots()
        try:
            return self._read(super().send(request, True, times, verify, None, self._proxies(url)))
        except requests.exceptions.SSLError:
            raise HttpFailed("its certificate is not trusted", code="registry-tls", remedy="give its CA") from None
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            raise HttpFailed("it fell silent", code="registry-timeout") from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise HttpFailed(f"there is no connection, or it broke ({type(error).__name__})") from None

    def _is_own(self, url: str) -> bool:
        try:
            return origin_of(url) == origin_of(self._place.origin)
        except ValueError:
            raise HttpFailed("it sends us to a malformed address", code="registry-redirect") from None

    def _left(self) -> float:
        left = self._deadline - self._clock()
        if left <= 0:
            raise HttpFailed("it took too long", code="registry-timeout")
        return left

    def _read(self, response: requests.Response) -> requests.Response:
        """Take the body in, up to its limit and before the deadline: nobody reads from the connection later."""
        data = bytearray()
        try:
            while part := response.raw.read1(PART, decode_content=False):
                data += part
                self._left()
                if len(data) > MAX_ANSWER:
                    raise HttpFailed(f"its answer has more than {MAX_ANSWER} bytes", code="registry-answer")
        finally:
            response.raw.close()
        response.raw = io.BytesIO(bytes(data))
        return response

    def _proxies(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        proxy = None if is_loopback(parts.netloc) else proxy_for(parts.scheme, parts.hostname or "")
        return {parts.scheme: proxy} if proxy else {}


def guarded_session(guard: Guard) -> requests.Session:
    """Return a session that can only send through the guard: no netrc, no cookies, few redirects."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = MAX_REDIRECTS
    session.adapters.clear()
    session.mount("https://", guard)
    session.mount("http://", guard)
    return session


def _roots() -> str | bool:
    """Return the system's certificates, as the other client uses them; those of `requests` where there are none."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True
