"""What the library `oras` carries: pushes with `--via oras`, tag lists, and the entry of a log-in. Never a pull.

Its holes stay outside: a fresh object for each use, credentials put on by `guarded` for one origin only, no retries of
its own, no configuration read, a limit for the whole, digests and fallback tags seen to by our own client. It runs on a
thread. This is the only module that imports `oras`, and only when it is used.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mcpg.contract.problems import ConfigError
from mcpg_registry import media
from mcpg_registry.client import RegistryClient
from mcpg_registry.credential_programs import tell_program
from mcpg_registry.credentials import Credentials, KnownCredentials, NoCredentials, server_of
from mcpg_registry.docker_config import drop_entries, edit_config, program_for, read_config
from mcpg_registry.downloads import fetch_head
from mcpg_registry.exchanges import Exchanges, pull_scope
from mcpg_registry.hosts import Hosts
from mcpg_registry.http import HttpFailed, Network
from mcpg_registry.manifests import describe, parse_manifest
from mcpg_registry.places import Places
from mcpg_registry.pushing import Pushed, tag_referrer
from mcpg_registry.references import is_tag
from mcpg_registry.uploads import Sent, push_scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcpg_registry.credentials import CredentialSource
    from mcpg_registry.digests import Digest
    from mcpg_registry.hosts import Place
    from mcpg_registry.http import Http
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.packing import Packed

__all__ = ["Carrier", "log_in", "log_out"]

SECONDS = 300.0
MAX_TAGS = 20_000
_STORED = frozenset({200, 201, 202})
T = TypeVar("T")


class Carrier:
    """Pushes and tag lists over `oras`; `seconds` is the limit of each use as a whole."""

    def __init__(
        self,
        http: Http | None = None,
        *,
        hosts: Hosts | None = None,
        credentials: CredentialSource | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._hosts = hosts or Hosts()
        self._http = http or Network()
        self._exchanges = Exchanges(self._http, self._hosts, credentials or NoCredentials())
        self._places = Places()
        self._seconds = seconds

    async def push(self, repository: str, packed: Packed, *, tag: str | None = None) -> Pushed:
        """Send an artifact's very bytes to `HOST/REPOSITORY`; `RegistryFailed`."""

        async def attempt(place: Place) -> Pushed:
            header = await self._exchanges.header(place, push_scope(place))
            upload = _Upload(packed, tag)
            sent, subject = await self._on_thread(place, header, upload.run)
            return Pushed(packed.manifest, sent, await self._see_to(place, packed, subject))

        return await self._alone(repository, f"cannot push `{packed.manifest.digest}` over oras", attempt)

    async def tags(self, repository: str) -> tuple[str, ...]:
        """Return all tags of `HOST/REPOSITORY`; `RegistryFailed`."""

        async def attempt(place: Place) -> tuple[str, ...]:
            header = await self._exchanges.header(place, pull_scope(place))
            found = await self._on_thread(place, header, lambda registry, container: registry.get_tags(container))
            if not isinstance(found, list) or len(found) > MAX_TAGS or not all(map(_is_tag, found)):
                raise HttpFailed("its list of tags holds something else than tags", code="registry-answer")
            return tuple(dict.fromkeys(found))

        return await self._alone(repository, "cannot list the tags over oras", attempt)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _alone(self, repository: str, doing: str, attempt: Callable[[Place], Awaitable[T]]) -> T:
        return await self._places.only(self._hosts.origin(repository), doing, f"`{repository}`", attempt)

    async def _on_thread(self, place: Place, header: str | None, use: Callable[[Any, Any], T]) -> T:
        """Run `use` with a registry object of its own, to its end or to the limit."""
        deadline = time.monotonic() + self._seconds

        def run() -> T:
            registry = _registry(place, self._hosts, header, deadline)
            try:
                return use(registry, _container(registry.hostname, place.repository))
            finally:
                registry.session.close()

        try:
            async with asyncio.timeout(self._seconds):
                return await _apart(run)
        except TimeoutError:
            raise HttpFailed(f"it took longer than {self._seconds:g} s", code="registry-timeout") from None
        except HttpFailed:
            raise
        except Exception as error:  # noqa: BLE001 - it raises bare exceptions
            # What it raises may quote answers and addresses: only its kind is told.
            raise HttpFailed(f"oras gave up ({type(error).__name__})", code="registry-error") from None

    async def _see_to(self, place: Place, packed: Packed, subject: str | None) -> bool:
        """Check that the manifest is there, and list it under the fallback tag where nobody else does."""
        if await fetch_head(self._exchanges, place, packed.manifest.digest) is None:
            raise HttpFailed("it does not say which manifest it has", code="registry-answer")
        text = packed.blobs[packed.manifest.digest]
        manifest = parse_manifest(text)
        if manifest.subject is None or subject == manifest.subject.digest:
            return False
        kind = manifest.artifact_type or manifest.config.media_type
        entry = describe(media.MANIFEST, text, kind, **manifest.annotations)
        async with self._exchanges.listing:
            await tag_referrer(self._exchanges, place, entry, manifest.subject.digest)
        return True


class _Upload:
    """One artifact on its way up, on a thread."""

    def __init__(self, packed: Packed, tag: str | None) -> None:
        self._packed = packed
        self._tag = tag
        if tag is not None and not is_tag(tag):
            raise HttpFailed("the tag is malformed", code="bad-reference")

    def run(self, registry: Any, container: Any) -> tuple[Mapping[Digest, Sent], str | None]:
        """Send blobs, then the manifest under digest and tag; return what was sent and the subject that was noted."""
        text = self._packed.blobs[self._packed.manifest.digest]
        manifest, sent = parse_manifest(text), {}
        with tempfile.TemporaryDirectory(prefix="mcpg-push-") as folder:
            for part in (manifest.config, *manifest.layers):
                sent[part.digest] = self._blob(registry, container, part, Path(folder) / "blob")
        subject = None
        for reference in filter(None, (self._packed.manifest.digest, self._tag)):
            url = f"{registry.prefix}://{container.manifest_url(reference)}"
            answer = registry.do_request(url, "PUT", data=text, headers={"Content-Type": media.MANIFEST})
            _check(answer)
            subject = subject or answer.headers.get("OCI-Subject")
        return sent, subject

    def _blob(self, registry: Any, container: Any, part: Descriptor, file: Path) -> Sent:
        layer = {"digest": part.digest, "size": part.size, "mediaType": part.media_type}
        if registry.blob_exists(layer, container):
            return Sent.THERE
        file.write_bytes(self._packed.blobs[part.digest])
        _check(registry.upload_blob(str(file), container, layer))
        return Sent.UPLOADED


async def log_in(
    host: str,
    credentials: Credentials,
    *,
    file: Path,
    hosts: Hosts,
    environment: Mapping[str, str],
) -> tuple[bool, str | None]:
    """Store user and password for a host once it took them; return whether it asked, and the helper that keeps them.

    `RegistryFailed` when the host refuses them, `ConfigError` when they cannot be stored.
    """
    if not credentials.username or ":" in credentials.username or not credentials.password:
        raise ConfigError("a log-in has a user without colons and a password", remedy="give both")
    async with RegistryClient(hosts=hosts, credentials=KnownCredentials(host, credentials)) as client:
        asked = await client.check(host)
    server = server_of(host)
    program = program_for(await asyncio.to_thread(read_config, file), host)
    if program is not None:
        entry = {"ServerURL": server, "Username": credentials.username, "Secret": credentials.password}
        await tell_program(program, "store", entry, environment)
    else:
        await asyncio.to_thread(edit_config, file, lambda copy: _enter(copy, server, credentials))
    return asked, program


async def log_out(host: str, *, file: Path, environment: Mapping[str, str]) -> bool:
    """Forget a host's credentials; return whether any were stored in the file. `ConfigError`."""
    document = await asyncio.to_thread(read_config, file)
    program, dropped = program_for(document, host), []
    if program is not None:
        await tell_program(program, "erase", server_of(host), environment)
    if document.get("auths"):
        await asyncio.to_thread(edit_config, file, lambda copy: dropped.append(drop_entries(copy, host)))
    return any(dropped) or program is not None


async def _apart(run: Callable[[], T]) -> T:
    """Return what `run` returns, on a thread of its own: one that hangs must hold up neither us nor our end."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: Exception | None) -> None:
        if result.done():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]

    def target() -> None:
        value, failed = None, None
        try:
            value = run()
        except Exception as error:  # noqa: BLE001 - it is told on the loop
            failed = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, value, failed)

    threading.Thread(target=target, name="mcpg-oras", daemon=True).start()
    return await result


def _registry(place: Place, hosts: Hosts, header: str | None, deadline: float) -> Any:
    """Return an oras client that reads no configuration, tries once, and sends through the guard alone."""
    import oras.provider  # noqa: PLC0415 - slow to import

    from mcpg_registry.guarded import Guard, guarded_session  # noqa: PLC0415 - likewise

    logging.getLogger("oras.logger").disabled = True  # it prints what registries say, as they say it
    scheme, _, host = place.origin.partition("://")
    registry: Any = oras.provider.Registry(hostname=host, insecure=scheme == "http", auth_backend="basic")
    registry.session = guarded_session(Guard(place, hosts, header, deadline))
    registry.auth.session = registry.session
    registry.auth.authenticate_request = _refused
    registry.auth.load_configs = lambda *_, **__: None
    once = vars(oras.provider.Registry.do_request)["__wrapped__"]  # without its retries and their two minutes
    registry.do_request = once.__get__(registry)
    return registry


def _container(host: str, repository: str) -> Any:
    """Return what oras calls a repository; its own grammar takes `a.b/c` for a host."""
    import oras.container  # noqa: PLC0415 - slow to import

    container = oras.container.Container("any", registry=host)
    container.namespace, _, container.repository = repository.rpartition("/")
    return container


def _enter(copy: Path, server: str, credentials: Credentials) -> None:
    """Have oras write the entry into a private copy of the file."""
    import oras.main.login  # noqa: PLC0415 - slow to import

    oras.main.login.DockerClient().login(credentials.username, credentials.password, server, str(copy))


def _refused(*_: Any, **__: Any) -> NoReturn:
    raise HttpFailed("it refuses us", code="registry-denied", remedy="`mcpg login` with an account that has the right")


def _check(answer: Any) -> None:
    if answer.status_code not in _STORED:
        raise HttpFailed(f"it answered {answer.status_code} to what was pushed", code="registry-error")


def _is_tag(text: object) -> bool:
    return isinstance(text, str) and is_tag(text)
