"""Sends one blob or one manifest to one place. It retries nothing that changes something, and packs nothing.

A blob that is there is not sent; one that another repository of the same registry has is mounted; else it goes up in
one piece. The upload's address comes from the registry: our credentials go with it only to the registry's own origin,
and never out of TLS. Source: OCI distribution spec 1.1, "Push".
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpg_registry.digests import digest_bytes, parse_digest
from mcpg_registry.exchanges import Call, next_url, status_failed
from mcpg_registry.http import HttpFailed
from mcpg_registry.references import is_repository, is_tag

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcpg_registry.digests import Digest
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place
    from mcpg_registry.http import Answer
    from mcpg_registry.manifests import Descriptor

__all__ = ["Sent", "push_scope", "put_blob", "put_manifest"]

PART = 256 * 1024
_OK, _CREATED, _ACCEPTED, _MISSING = 200, 201, 202, 404


class Sent(Enum):
    """How a blob came to be there."""

    THERE = "there"
    MOUNTED = "mounted"
    UPLOADED = "uploaded"


def push_scope(place: Place, source: str = "") -> str:
    """Return the scope of writing a place's repository, and of reading `source` if something is mounted from there."""
    scope = f"repository:{place.repository}:pull,push"
    return f"{scope} repository:{source}:pull" if source else scope


async def put_blob(exchanges: Exchanges, place: Place, descriptor: Descriptor, data: bytes, source: str = "") -> Sent:
    """Make a blob be at a place; `source` is a repository of the same registry that may have it. `HttpFailed`."""
    digest = parse_digest(descriptor.digest)
    if source and not is_repository(source):
        raise HttpFailed("the repository to mount from is malformed", code="bad-reference")
    scope, base = push_scope(place, source), f"/v2/{place.repository}/blobs/"
    async with exchanges.open(place, Call("HEAD", f"{base}{digest}", scope)) as answer:
        if answer.status == _OK:
            return Sent.THERE
        if answer.status != _MISSING:
            raise status_failed(answer)
    query = f"?mount={digest}&from={source}" if source else ""
    async with exchanges.open(place, Call("POST", f"{base}uploads/{query}", scope)) as answer:
        if answer.status == _CREATED and source:
            _check_stored(answer, digest)
            return Sent.MOUNTED
        if answer.status != _ACCEPTED:
            raise status_failed(answer)
        url = next_url(f"{place.origin}{base}uploads/", answer.headers.get("location", ""))
    url += ("&" if urlsplit(url).query else "?") + f"digest={digest}"
    headers = {"content-type": "application/octet-stream"}
    call = Call("PUT", scope=scope, headers=headers, body=lambda: _parts(data), size=len(data), url=url)
    async with exchanges.open(place, call) as answer:
        _check_stored(answer, digest)
    return Sent.UPLOADED


async def put_manifest(
    exchanges: Exchanges, place: Place, data: bytes, media_type: str, tag: str | None = None
) -> Digest | None:
    """Store a manifest under its digest, and then under a tag; return which subject the registry noted, if it says.

    `HttpFailed` when it is refused, or stored as something else.
    """
    digest = digest_bytes(data)
    if tag is not None and not is_tag(tag):
        raise HttpFailed("the tag is malformed", code="bad-reference")
    subject, scope, accept = None, push_scope(place), {"accept": media_type}
    for name in (digest, tag):
        if name is None:
            continue
        path, headers = f"/v2/{place.repository}/manifests/{name}", {"content-type": media_type}
        call = Call("PUT", path, scope, headers, body=data, size=len(data))
        async with exchanges.open(place, call) as answer:
            _check_stored(answer, digest)
            subject = subject or answer.headers.get("oci-subject")
    async with exchanges.open(
        place, Call("HEAD", f"/v2/{place.repository}/manifests/{digest}", scope, accept)
    ) as answer:
        if answer.status != _OK:
            raise HttpFailed("it took the manifest, and now it does not have it", code="registry-answer")
    try:
        return parse_digest(subject)
    except ValueError:
        return None


def _check_stored(answer: Answer, digest: Digest) -> None:
    if answer.status != _CREATED:
        raise status_failed(answer)
    if answer.headers.get("docker-content-digest", digest) != digest:
        raise HttpFailed("it stored something else than what it was sent", code="registry-answer")


async def _parts(data: bytes) -> AsyncIterator[bytes]:
    """Yield the body in parts: each has its own time to be written in."""
    view = memoryview(data)
    for start in range(0, len(data), PART):
        yield bytes(view[start : start + PART])
