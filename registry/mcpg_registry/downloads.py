"""Manifests and blobs from one place, checked against their digests. It tries no other place and judges no shape.

A blob that breaks off goes on with Range where it stopped. Source: OCI distribution spec 1.1, "Pull".
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.digests import Checker, digest_bytes, parse_digest
from mcpg_registry.exchanges import Call, pull_scope, status_failed
from mcpg_registry.http import HttpFailed, TooLong
from mcpg_registry.manifests import Descriptor
from mcpg_registry.references import is_tag
from mcpg_registry.sinks import Writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg_registry.digests import Digest
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place
    from mcpg_registry.http import Answer
    from mcpg_registry.sinks import Sink

__all__ = ["SMALL", "download", "fetch_blob", "fetch_head", "fetch_manifest"]

MAX_BREAKS = 3
SMALL = 256 * 1024
"""The largest blob, in bytes, that is hashed on the event loop: less than a turn of a thread costs."""
_OK, _PARTIAL, _OUT_OF_RANGE = 200, 206, 416
_ACCEPT = {"accept": f"{media.MANIFEST}, {media.INDEX}"}
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
_DIGEST = "docker-content-digest"


async def fetch_head(exchanges: Exchanges, place: Place, name: str) -> Descriptor | None:
    """Return what a place says that a tag or digest is, without its bytes; none when it does not say.

    `ValueError` for a malformed or another digest, `HttpFailed` for the rest.
    """
    async with exchanges.open(place, Call("HEAD", _path(place, name), pull_scope(place), _ACCEPT)) as answer:
        if answer.status != _OK:
            raise status_failed(answer)
        told, size = answer.headers.get(_DIGEST), answer.headers.get("content-length", "")
        if told is None or not (size.isascii() and size.isdigit() and len(size) < len(str(10**9))):
            return None
        digest = _told(answer)
        _check_same(digest, name)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Descriptor(kind[:255], digest, int(size))


async def fetch_manifest(exchanges: Exchanges, place: Place, name: str, limit: int) -> tuple[Descriptor, bytes]:
    """Return a manifest of any kind by tag or digest; its media type is what the place says.

    `ValueError` when its digest is another than asked for or told, `HttpFailed` for the rest.
    """
    async with exchanges.open(place, Call("GET", _path(place, name), pull_scope(place), _ACCEPT)) as answer:
        if answer.status != _OK:
            raise status_failed(answer)
        try:
            data = await answer.read(limit)
        except TooLong as error:
            raise ValueError(str(error)) from error
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        digest = digest_bytes(data)
        _check_same(digest, name)
        if answer.headers.get(_DIGEST) is not None and _told(answer) != digest:
            raise ValueError(f"it says that this is `{_told(answer)}`, and its bytes are `{digest}`")
    return Descriptor(kind[:255], digest, len(data)), data


async def fetch_blob(exchanges: Exchanges, place: Place, descriptor: Descriptor) -> bytes:
    """Return a small blob, checked; `ValueError` when it is another one. What breaks off is fetched anew."""
    call = Call("GET", f"/v2/{place.repository}/blobs/{parse_digest(descriptor.digest)}", pull_scope(place))
    breaks = 0
    while True:
        try:
            async with exchanges.open(place, call) as answer:
                if answer.status != _OK:
                    raise status_failed(answer)
                data = await answer.read(descriptor.size)
        except TooLong as error:
            raise ValueError(str(error)) from error
        except HttpFailed as error:
            breaks += 1
            if not error.again or breaks > MAX_BREAKS:
                raise
        else:
            checker = Checker(descriptor.digest, descriptor.size)
            checker.feed(data)
            checker.finish()
            return data


async def download(
    exchanges: Exchanges,
    place: Place,
    descriptor: Descriptor,
    into: Sink,
    progress: Callable[[int], None] | None = None,
) -> bytes:
    """Bring a sink from where it stands to the whole blob, and return that; `ValueError` when it is another blob.

    What a sink had from before may be wrong itself: then the blob is fetched once more from its beginning.
    """
    resumed = into.offset > 0
    await _fill(exchanges, place, descriptor, into, progress)
    try:
        return await asyncio.to_thread(into.finish)
    except ValueError:
        await asyncio.to_thread(into.restart)
        if not resumed:
            raise
    await _fill(exchanges, place, descriptor, into, progress)
    return await asyncio.to_thread(into.finish)


async def _fill(
    exchanges: Exchanges, place: Place, descriptor: Descriptor, into: Sink, progress: Callable[[int], None] | None
) -> None:
    """Fetch what is missing, going on after up to three breaks."""
    for breaks in range(MAX_BREAKS + 1):
        if into.offset >= descriptor.size:
            return
        try:
            await _pour(exchanges, place, descriptor, into, progress)
        except HttpFailed as error:
            if not error.again or breaks == MAX_BREAKS:
                raise
        else:
            return


async def _pour(
    exchanges: Exchanges, place: Place, descriptor: Descriptor, into: Sink, progress: Callable[[int], None] | None
) -> None:
    path = f"/v2/{place.repository}/blobs/{parse_digest(descriptor.digest)}"
    headers = {"range": f"bytes={into.offset}-"} if into.offset else {}
    async with exchanges.open(place, Call("GET", path, pull_scope(place), headers)) as answer:
        if into.offset and answer.status in {_OK, _OUT_OF_RANGE}:
            await asyncio.to_thread(into.restart)
        if answer.status == _OUT_OF_RANGE:
            raise HttpFailed("it cannot go on where the download stopped", code="registry-answer", again=True)
        if answer.status == _PARTIAL and headers:
            _check_range(answer, into.offset, descriptor.size)
        elif answer.status != _OK:
            raise status_failed(answer)
        seen = into.offset
        try:
            async with Writing(into) as writing:
                async for part in answer.parts(descriptor.size - seen):
                    await writing.put(part)
                    seen += len(part)
                    if progress is not None:
                        progress(seen)
        except TooLong as error:
            # Bytes too many are wrong bytes, not a network that failed.
            await asyncio.to_thread(into.restart)
            raise ValueError(str(error)) from error


def _path(place: Place, name: str) -> str:
    """Return the path of a manifest by tag or digest; nothing else becomes a path."""
    return f"/v2/{place.repository}/manifests/{name if is_tag(name) else parse_digest(name)}"


def _told(answer: Answer) -> Digest:
    return parse_digest(answer.headers.get(_DIGEST))


def _check_same(digest: Digest, name: str) -> None:
    if not is_tag(name) and digest != name:
        raise ValueError(f"found `{digest}`, wanted `{name}`")


def _check_range(answer: Answer, offset: int, size: int) -> None:
    match = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if match is None or int(match[1]) != offset or match[3] not in {"*", str(size)}:
        raise ValueError("it sent another part of the blob than the one asked for")
