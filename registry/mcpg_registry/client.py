"""The registry client: what a registry, or a mirror of it, says of an artifact, and its bytes. It proves no signature.

Every byte is checked against its digest, wherever it came from: a mirror is believed no more than a cache. Reads try
the mirrors in order and then the origin; pushes go to the origin only. Sources: OCI distribution spec 1.1.

    async with RegistryClient(hosts=Hosts(...), credentials=StoredCredentials()) as client:
        claim = await client.claim(reference)                            # steps 2, 3 and 5: fetched, nothing proven
        wasm = await client.blob(claim.repository, layer, ingest)        # step 9
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mcpg_registry import media
from mcpg_registry.claims import Claim
from mcpg_registry.credentials import NoCredentials
from mcpg_registry.digests import parse_digest
from mcpg_registry.downloads import SMALL, download, fetch_blob, fetch_head, fetch_manifest
from mcpg_registry.exchanges import Exchanges
from mcpg_registry.hosts import Hosts, Place, split_repository
from mcpg_registry.http import Network
from mcpg_registry.listing import list_tags
from mcpg_registry.logins import check_login
from mcpg_registry.manifests import Descriptor, parse_manifest, plugin_layer
from mcpg_registry.parsing import parsed
from mcpg_registry.places import Goal, Places
from mcpg_registry.pushing import Pushed, push_artifact, push_manifest
from mcpg_registry.referring import by_api, by_tag
from mcpg_registry.signatures import fetch_signatures
from mcpg_registry.sinks import MemorySink
from mcpg_registry.steps import AGAIN, at_step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from types import TracebackType

    from mcpg_registry.claims import Referrer
    from mcpg_registry.credentials import CredentialSource
    from mcpg_registry.digests import Digest
    from mcpg_registry.http import Http
    from mcpg_registry.packing import Packed
    from mcpg_registry.references import RegistryReference
    from mcpg_registry.sinks import Sink
    from mcpg_registry.uploads import Sent

__all__ = ["RegistryClient"]

T = TypeVar("T")


class RegistryClient:
    """One client for all registries, with one set of connections.

    `http` is `Network()` unless given; with `NoNetwork()` every method raises `RegistryFailed` with code `offline`.
    `tell` gets a line for people when a mirror decided what a tag means; `sleep` waits between tries. Every method
    raises `RegistryFailed` when no place could answer and `PluginRefused` when one answered with the wrong bytes.
    """

    def __init__(
        self,
        http: Http | None = None,
        *,
        hosts: Hosts | None = None,
        credentials: CredentialSource | None = None,
        tell: Callable[[str], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = http or Network()
        self._hosts = hosts or Hosts()
        self._tell = tell
        self._places = Places()
        self._credentials = credentials or NoCredentials()
        self._exchanges = Exchanges(self._http, self._hosts, self._credentials, sleep=sleep)

    async def resolve(self, reference: RegistryReference) -> Descriptor:
        """Return which manifest a tag means now, or that a digest is there: media type, digest and size as told."""
        goal = _goal("cannot resolve it", reference)
        name = str(reference.digest or reference.tag)

        async def attempt(place: Place) -> Descriptor:
            found = await fetch_head(self._exchanges, place, name)
            if found is None:
                found = (await fetch_manifest(self._exchanges, place, name, media.MAX_INDEX))[0]
            self._tell_mirror(place, reference)
            return found

        return await self._places.first(self._hosts.places(reference.full_name), goal, attempt)

    async def claim(self, reference: RegistryReference) -> Claim:
        """Return manifest, config and signatures of a plugin: bytes as promised, nothing proven; steps 2, 3 and 5."""
        repository, where = reference.full_name, _where(reference)
        descriptor, text = await self.manifest(reference)
        with at_step(3, where=where, remedy=AGAIN, code="bad-shape"):
            manifest = await parsed(parse_manifest, text)
            plugin_layer(manifest)
        async with _meanwhile(self.signatures(repository, descriptor.digest)) as signing:
            config = await self.read(repository, manifest.config, media.MAX_CONFIG)
            return Claim(repository, reference.tag, descriptor, text, config, await signing)

    async def manifest(self, reference: RegistryReference) -> tuple[Descriptor, bytes]:
        """Return a manifest's descriptor and bytes: the digest's own when one is given, else what the tag means."""
        name = str(reference.digest or reference.tag)

        async def attempt(place: Place) -> tuple[Descriptor, bytes]:
            found = await fetch_manifest(self._exchanges, place, name, media.MAX_MANIFEST)
            self._tell_mirror(place, reference)
            return found

        goal = _goal("cannot read the manifest", reference)
        return await self._places.first(self._hosts.places(reference.full_name), goal, attempt)

    async def read(self, repository: str, descriptor: Descriptor, limit: int) -> bytes:
        """Return a small blob of `HOST/REPOSITORY`, checked; `PluginRefused` over `limit` bytes."""
        with at_step(3, where=f"`{repository}`", remedy=AGAIN, code="bad-shape"):
            if descriptor.size > limit:
                raise ValueError(f"`{descriptor.digest}` has {descriptor.size} bytes, at most {limit} are allowed")
        if descriptor.size > SMALL:
            return await self._blob(repository, descriptor, MemorySink(descriptor), step=3)

        async def attempt(place: Place) -> bytes:
            return await fetch_blob(self._exchanges, place, descriptor)

        goal = Goal(f"cannot read the blob `{descriptor.digest}`", f"`{repository}`", 3, "bad-digest")
        return await self._places.first(self._hosts.places(repository), goal, attempt)

    async def blob(
        self, repository: str, descriptor: Descriptor, into: Sink, progress: Callable[[int], None] | None = None
    ) -> bytes:
        """Stream a blob into a sink, from where the sink stands, and return what its `finish` returns.

        `progress` is told how many bytes are there. What a sink holds when this fails can be gone on from.
        """
        return await self._blob(repository, descriptor, into, step=9, progress=progress)

    async def tags(self, repository: str) -> tuple[str, ...]:
        """Return all tags of `HOST/REPOSITORY` as its registry sorts them, those of signatures included."""

        async def attempt(place: Place) -> tuple[str, ...]:
            return await list_tags(self._exchanges, place)

        goal = Goal("cannot list the tags", f"`{repository}`", 2, "bad-answer")
        return await self._places.first(self._hosts.places(repository), goal, attempt)

    async def referrers(self, repository: str, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """Return what says it refers to `subject`, by the API or the fallback tag: hints, no manifest was read."""
        subject = parse_digest(subject)

        async def attempt(place: Place) -> tuple[Descriptor, ...]:
            listed = await by_api(self._exchanges, place, subject, artifact_type)
            return listed or await by_tag(self._exchanges, place, subject, artifact_type)

        goal = Goal("cannot list the referrers", f"`{repository}@{subject}`", 5, "bad-referrers")
        return await self._places.first(self._hosts.places(repository), goal, attempt)

    async def signatures(self, repository: str, subject: Digest) -> tuple[Referrer, ...]:
        """Return the signatures whose own `subject` is this one: those of the first place that has any."""
        subject = parse_digest(subject)

        async def attempt(place: Place) -> tuple[Referrer, ...]:
            return await fetch_signatures(self._exchanges, place, subject)

        goal = Goal("cannot read the signatures", f"`{repository}@{subject}`", 5, "bad-referrers")
        return await self._places.first(self._hosts.places(repository), goal, attempt, enough=bool)

    async def push(
        self,
        repository: str,
        packed: Packed,
        *,
        tag: str | None = None,
        mount_from: str = "",
        progress: Callable[[Descriptor, Sent], None] | None = None,
    ) -> Pushed:
        """Send an artifact to `HOST/REPOSITORY`: a plugin, or a signature, which is then found as its referrer.

        `mount_from` is another `HOST/REPOSITORY`; blobs are mounted from there when the host is the same.
        """
        host, source = split_repository(mount_from) if mount_from else ("", "")
        text, blobs = packed.blobs[packed.manifest.digest], packed.blobs

        async def attempt(place: Place) -> Pushed:
            known = source if host == place.host else ""
            return await push_artifact(self._exchanges, place, text, blobs, tag=tag, source=known, progress=progress)

        doing = f"cannot push `{packed.manifest.digest}`"
        return await self._places.only(self._hosts.origin(repository), doing, f"`{repository}`", attempt)

    async def push_manifest(
        self, repository: str, data: bytes, media_type: str = media.MANIFEST, *, tag: str | None = None
    ) -> Descriptor:
        """Send a manifest or an index whose parts are there; one with a subject is then found as its referrer."""

        async def attempt(place: Place) -> Descriptor:
            return (await push_manifest(self._exchanges, place, data, media_type, tag=tag))[0]

        origin = self._hosts.origin(repository)
        return await self._places.only(origin, "cannot push the manifest", f"`{repository}`", attempt)

    async def check(self, host: str) -> bool:
        """Return whether a host asks who we are, once it has taken our credentials; `RegistryFailed` if it does not.

        One that asks nobody is shown them all the same: it may refuse them.
        """
        origin = self._hosts.origin(f"{host}/any")
        place = Place(origin.host, "", origin.settings)

        async def attempt(place: Place) -> bool:
            return await check_login(self._exchanges, self._credentials, place)

        return await self._places.only(place, "cannot log in", f"`{host}`", attempt)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _blob(
        self,
        repository: str,
        descriptor: Descriptor,
        into: Sink,
        *,
        step: int,
        progress: Callable[[int], None] | None = None,
    ) -> bytes:
        async def attempt(place: Place) -> bytes:
            return await download(self._exchanges, place, descriptor, into, progress)

        goal = Goal(f"cannot read the blob `{descriptor.digest}`", f"`{repository}`", step, "bad-digest")
        return await self._places.first(self._hosts.places(repository), goal, attempt)

    def _tell_mirror(self, place: Place, reference: RegistryReference) -> None:
        if place.mirror and reference.digest is None and self._tell is not None:
            self._tell(f"{place} said what the tag `{reference.tag}` of `{reference.full_name}` means")


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Give a task that runs meanwhile; it is over when the context is."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # it was told, or what was told came before it


def _where(reference: RegistryReference) -> str:
    return f"plugin `{reference}`"


def _goal(doing: str, reference: RegistryReference) -> Goal:
    return Goal(doing, _where(reference), 2, "bad-digest")
