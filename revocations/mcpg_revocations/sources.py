"""Where lists are fetched from: an OCI registry, HTTPS, a file. It believes none of them: lists are signed.

Each `fetch` gets the mark of what was taken last and returns nothing when that is still there. Bytes are bounded before
they are read. It keeps no state and knows no interval.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from mcpg.contract.problems import ConfigError, RegistryFailed, reason_of
from mcpg_registry.exchanges import next_url, status_failed
from mcpg_registry.hosts import HostSettings, is_loopback
from mcpg_registry.http import HttpFailed, Request
from mcpg_registry.parsing import parsed
from mcpg_registry.steps import at_step
from mcpg_revocations.artifact import LIST_TYPE, parse_list_manifest
from mcpg_revocations.envelopes import MAX_OFFER
from mcpg_revocations.local import open_regular

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_registry.client import RegistryClient
    from mcpg_registry.http import Answer, Http
    from mcpg_registry.references import RegistryReference

__all__ = ["Fetched", "FileSource", "HttpsSource", "OciSource", "Source"]

MAX_REDIRECTS = 3
MAX_MARK = 256
_REMEDY = "look at the address of the feed, or bring a list by hand"
_OK, _UNCHANGED = 200, 304
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source has: the bytes to offer, and the mark that says so next time."""

    text: bytes
    mark: str


class Source(Protocol):
    """One place that has lists; `name` is for people."""

    @property
    def name(self) -> str:
        """Where the lists come from, without anything secret."""
        ...

    async def fetch(self, mark: str) -> Fetched | None:
        """Return what is there, or nothing when that is still what `mark` says; `RegistryFailed` or `PluginRefused`."""
        ...


class OciSource:
    """An artifact of ours in a registry, by tag; the mark is its manifest's digest."""

    def __init__(self, client: RegistryClient, reference: RegistryReference) -> None:
        self._client = client
        self._reference = reference

    @property
    def name(self) -> str:
        """The reference."""
        return str(self._reference)

    async def fetch(self, mark: str) -> Fetched | None:
        """Ask what the tag means, and read the list if that is news."""
        if mark and (await self._client.resolve(self._reference)).digest == mark:
            return None
        descriptor, text = await self._client.manifest(self._reference)
        if descriptor.digest == mark:
            return None
        with at_step(4, where=f"the revocation list in `{self.name}`", remedy=_REMEDY, code="revocation-list"):
            layer = await parsed(parse_list_manifest, text)
        repository = self._reference.full_name
        return Fetched(await self._client.read(repository, layer, MAX_OFFER), descriptor.digest)


class HttpsSource:
    """A URL; the mark is the ETag. No credentials are sent: what is fetched is public and signed.

    Plain HTTP is for this machine, and where the settings of the host allow it; HTTPS is never left for it.
    """

    def __init__(self, http: Http, url: str, settings: HostSettings | None = None) -> None:
        parts = urlsplit(url)
        plain = is_loopback(parts.netloc) or (settings is not None and settings.plain_http)
        if not parts.hostname or parts.scheme not in ({"https", "http"} if plain else {"https"}) or "@" in parts.netloc:
            raise ConfigError(
                "a feed's address is https://HOST/PATH, without a user in it",
                where="revocations",
                remedy="write an https address",
            )
        self._http = http
        self._url = url
        self._settings = settings or HostSettings(parts.netloc, plain_http=parts.scheme == "http")
        self.name = f"{parts.scheme}://{parts.netloc}{parts.path}"

    async def fetch(self, mark: str) -> Fetched | None:
        """Get the list, if its ETag has changed."""
        try:
            return await self._get(mark)
        except HttpFailed as error:
            message = f"cannot poll the revocation feed `{self.name}`: {error.message}"
            raise RegistryFailed(message, code=error.code, remedy=error.remedy or _REMEDY) from error

    async def _get(self, mark: str) -> Fetched | None:
        headers = {"accept": f"{LIST_TYPE}, application/json"} | ({"if-none-match": mark} if mark else {})
        url = self._url
        for _ in range(MAX_REDIRECTS + 1):
            async with self._http.send(Request("GET", url, headers), self._settings) as answer:
                if answer.status not in _REDIRECTS:
                    return await _taken(answer)
                url = next_url(url, answer.headers.get("location", ""))
        raise HttpFailed("it redirects in a circle", code="registry-redirect")


class FileSource:
    """A file, as a mirror or another program puts it there; its mark is time, size and number. Links are followed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    async def fetch(self, mark: str) -> Fetched | None:
        """Read the file, if it was changed."""
        return await asyncio.to_thread(self._fetch, mark)

    def _fetch(self, mark: str) -> Fetched | None:
        try:
            with open_regular(self._path) as file:
                found = os.fstat(file.fileno())
                now = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
                return None if now == mark else Fetched(file.read(MAX_OFFER + 1), now)
        except OSError as error:
            reason = reason_of(error)
            message = f"cannot read the revocation feed: {reason}"
            raise RegistryFailed(message, where=f"`{self._path}`", code="feed-unreadable", remedy=_REMEDY) from error


async def _taken(answer: Answer) -> Fetched | None:
    if answer.status == _UNCHANGED:
        return None
    if answer.status != _OK:
        raise status_failed(answer)
    tag = answer.headers.get("etag", "")
    mark = tag if len(tag) <= MAX_MARK and tag.isascii() and tag.isprintable() else ""
    return Fetched(await answer.read(MAX_OFFER), mark)
