"""A read-only OCI registry straight out of a bundle, as an ASGI application. It opens no socket and takes no write.

Whoever pulls checks digests and signatures, as from any registry. Bytes of blobs are read off the loop, in chunks, and
no more of a blob is in memory than one chunk for each request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from mcpg_mirror.answers import (
    Answer,
    Span,
    found,
    oci_failure,
    page,
    parse_path,
    parse_query,
    parse_range,
)
from mcpg_mirror.catalogue import listed
from mcpg_registry import media
from mcpg_registry.digests import hex_of, parse_digest

if TYPE_CHECKING:
    from mcpg_mirror.answers import Asked
    from mcpg_mirror.catalogue import Catalogue, Repository
    from mcpg_mirror.reading import Bundle
    from mcpg_registry.digests import Digest
    from mcpg_registry.manifests import Descriptor

__all__ = ["MirrorApp"]

CHUNK = 256 * 1024
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_API = (b"docker-distribution-api-version", b"registry/2.0")
_ALLOW = (b"allow", b"GET, HEAD")


class MirrorApp:
    """The application for one bundle. Requests read the bundle's files while they run: close them afterwards."""

    def __init__(self, bundle: Bundle, catalogue: Catalogue) -> None:
        self._files = bundle.files
        self._layout = bundle.layout
        self._catalogue = catalogue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or stand by while the server starts and stops."""
        if scope["type"] == "lifespan":
            await _stand_by(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope)
            await self._send(answer, send, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope) -> Answer:
        if scope["method"] not in {"GET", "HEAD"}:
            return oci_failure("UNSUPPORTED", "this mirror is read-only", lines=[_ALLOW])
        asked = parse_path(scope["path"])
        if asked is None:
            return oci_failure("UNSUPPORTED", "no such endpoint", status=404)
        query = parse_query(scope.get("query_string", b""))
        if asked.kind in {"base", "catalog"}:
            return self._listing(asked, query, scope["path"])
        repository = self._catalogue.repositories.get(asked.name)
        if repository is None:
            return oci_failure("NAME_UNKNOWN", "this mirror has no such repository")
        if asked.kind == "tags":
            return _page({"name": asked.name}, "tags", sorted(repository.tags), query, scope["path"])
        return await self._content(repository, asked, query, dict(scope["headers"]))

    def _listing(self, asked: Asked, query: dict[str, str], path: str) -> Answer:
        if asked.kind == "base":
            return found({})
        return _page({}, "repositories", self._catalogue.names(), query, path)

    async def _content(
        self, repository: Repository, asked: Asked, query: dict[str, str], headers: dict[bytes, bytes]
    ) -> Answer:
        if asked.kind == "manifests" and asked.what in repository.tags:
            return await self._manifest(repository.manifests[repository.tags[asked.what]], headers)
        try:
            digest = parse_digest(asked.what)
        except ValueError:
            if asked.kind == "manifests" and not asked.what.startswith("sha256:"):
                return oci_failure("MANIFEST_UNKNOWN", "this mirror has no such tag")
            return oci_failure("DIGEST_INVALID", "this is no sha256 digest")
        if asked.kind == "referrers":
            return _referrers(repository, digest, query.get("artifactType", ""))
        if asked.kind == "manifests":
            entry = repository.manifests.get(digest)
            return (
                await self._manifest(entry, headers) if entry else oci_failure("MANIFEST_UNKNOWN", "not in this mirror")
            )
        return self._blob(repository, digest, headers)

    async def _manifest(self, entry: Descriptor, headers: dict[bytes, bytes]) -> Answer:
        lines = [(b"content-type", entry.media_type.encode()), *_identity(entry.digest)]
        if _is_known(headers, entry.digest):
            return Answer(304, lines)
        try:
            body = await asyncio.to_thread(self._layout.read, entry, media.MAX_INDEX)
        except (ValueError, OSError):
            return oci_failure("MANIFEST_UNKNOWN", "the mirror's file is damaged", status=500)
        return Answer(200, lines, body)

    def _blob(self, repository: Repository, digest: Digest, headers: dict[bytes, bytes]) -> Answer:
        name = f"blobs/sha256/{hex_of(digest)}"
        try:
            size = self._files.size(name)
        except FileNotFoundError:
            size = -1
        if repository.blobs.get(digest) != size:
            return oci_failure("BLOB_UNKNOWN", "not in this mirror")
        lines = [(b"content-type", b"application/octet-stream"), (b"accept-ranges", b"bytes"), *_identity(digest)]
        if _is_known(headers, digest):
            return Answer(304, lines)
        span = parse_range(headers.get(b"range", b"").decode("latin-1"), size)
        if span == "unsatisfiable":
            return oci_failure(
                "UNSUPPORTED", "no such range", status=416, lines=[(b"content-range", b"bytes */%d" % size)]
            )
        if isinstance(span, Span):
            lines.append((b"content-range", b"bytes %d-%d/%d" % (span.start, span.end - 1, size)))
            return Answer(206, lines, blob=name, span=span)
        return Answer(200, lines, blob=name, span=Span(0, size))

    async def _send(self, answer: Answer, send: Send, *, head: bool) -> None:
        length = answer.span.end - answer.span.start if answer.span else len(answer.body)
        lines = [_API, *answer.lines]
        if answer.status != 304:  # noqa: PLR2004 - such an answer has no body and tells no length
            lines.append((b"content-length", b"%d" % length))
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        if head or answer.span is None:
            await send({"type": "http.response.body", "body": b"" if head else answer.body})
            return
        at = answer.span.start
        while at < answer.span.end:
            chunk = await asyncio.to_thread(self._files.read_at, answer.blob, at, min(CHUNK, answer.span.end - at))
            if not chunk:
                raise ValueError(f"`{answer.blob}` ends too early")
            at += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _page(document: dict[str, Any], field: str, values: Sequence[str], query: dict[str, str], path: str) -> Answer:
    try:
        shown, lines = page(values, query, path)
    except ValueError as error:
        return oci_failure("PAGINATION_NUMBER_INVALID", str(error))
    return found(document | {field: shown}, lines)


def _referrers(repository: Repository, subject: Digest, kind: str) -> Answer:
    entries = [entry.document() for entry in listed(repository, subject, kind)]
    lines = [(b"oci-filters-applied", b"artifactType")] if kind else []
    return found({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": entries}, lines, media.INDEX)


def _identity(digest: Digest) -> list[tuple[bytes, bytes]]:
    return [(b"docker-content-digest", digest.encode()), (b"etag", f'"{digest}"'.encode())]


def _is_known(headers: dict[bytes, bytes], digest: Digest) -> bool:
    return f'"{digest}"'.encode() in headers.get(b"if-none-match", b"")


async def _stand_by(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
