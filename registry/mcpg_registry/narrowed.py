"""A network of a few hosts: nothing else is asked, whatever a registry names. It opens nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpg.contract.problems import RegistryFailed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager

    from mcpg_registry.hosts import HostSettings
    from mcpg_registry.http import Answer, Http, Request

__all__ = ["OnlyHosts"]


class OnlyHosts:
    """Lets requests to `hosts` (each HOST or HOST:PORT) through to `http`; `RegistryFailed` for every other."""

    def __init__(self, http: Http, hosts: Iterable[str]) -> None:
        self._http = http
        self._hosts = frozenset(host.lower() for host in hosts)

    def send(self, request: Request, settings: HostSettings) -> AbstractAsyncContextManager[Answer]:
        """Send one request, if its host is one of those that were told."""
        host = urlsplit(request.url).netloc.lower()
        if host not in self._hosts:
            raise RegistryFailed(
                f"`{host}` was wanted, and the network may not be used but for the mirrors that were named",
                code="offline",
                remedy="leave --offline out, or name a mirror that has all of it",
            )
        return self._http.send(request, settings)

    async def aclose(self) -> None:
        """Close what carries the requests."""
        await self._http.aclose()
