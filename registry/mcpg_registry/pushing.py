"""Sends whole artifacts to their origin, and makes referrers be found there. It signs and packs nothing.

A registry that does not say `OCI-Subject` has no referrers API: there the list under the fallback tag is read, added
to and written back, and read again twice, for somebody else may have written at the same time. Nothing in the protocol
makes that safe against a writer who comes after the last look. Source: OCI distribution spec 1.1, "Pushing Manifests
with Subject".
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.http import HttpFailed
from mcpg_registry.layout import fallback_tag
from mcpg_registry.manifests import describe, parse_manifest
from mcpg_registry.referring import MAX_LISTED, by_tag
from mcpg_registry.strict_json import compact
from mcpg_registry.uploads import Sent, put_blob, put_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg_registry.digests import Digest
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place
    from mcpg_registry.manifests import Descriptor

__all__ = ["Pushed", "push_artifact", "push_manifest", "tag_referrer"]

MAX_LOOKS = 12
SETTLED = 0.2


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: `sent` says of each blob how it came to be there; `listed` that the fallback tag was written."""

    manifest: Descriptor
    sent: Mapping[Digest, Sent]
    listed: bool


async def push_artifact(
    exchanges: Exchanges,
    place: Place,
    text: bytes,
    blobs: Mapping[Digest, bytes],
    *,
    tag: str | None = None,
    source: str = "",
    progress: Callable[[Descriptor, Sent], None] | None = None,
) -> Pushed:
    """Send a manifest with the blobs it names, blobs first; `HttpFailed`, and `ValueError` when a blob is missing."""
    manifest = parse_manifest(text)
    sent: dict[Digest, Sent] = {}
    for part in (manifest.config, *manifest.layers):
        if part.digest in sent:
            continue
        if part.digest not in blobs or len(blobs[part.digest]) != part.size:
            raise ValueError(f"blob `{part.digest}` is not at hand")
        sent[part.digest] = await put_blob(exchanges, place, part, blobs[part.digest], source)
        if progress is not None:
            progress(part, sent[part.digest])
    entry, listed = await push_manifest(exchanges, place, text, media.MANIFEST, tag=tag)
    return Pushed(entry, sent, listed)


async def push_manifest(
    exchanges: Exchanges, place: Place, text: bytes, media_type: str, *, tag: str | None = None
) -> tuple[Descriptor, bool]:
    """Send a manifest, or an index, whose blobs are there; return it, and whether it had to be listed by tag.

    `HttpFailed`, and `ValueError` for a malformed manifest.
    """
    if media_type != media.MANIFEST:
        await put_manifest(exchanges, place, text, media_type, tag)
        return describe(media_type, text), False
    manifest = parse_manifest(text)
    kind = manifest.artifact_type or manifest.config.media_type
    entry = describe(media_type, text, kind, **manifest.annotations)
    noted = await put_manifest(exchanges, place, text, media_type, tag)
    if manifest.subject is None or noted == manifest.subject.digest:
        return entry, False
    async with exchanges.listing:
        await tag_referrer(exchanges, place, entry, manifest.subject.digest)
    return entry, True


async def tag_referrer(exchanges: Exchanges, place: Place, entry: Descriptor, subject: Digest) -> None:
    """Have the fallback tag of `subject` list `entry`, and everything that it listed before; `HttpFailed`."""
    wanted, written = {entry.digest: entry}, False
    for look in range(MAX_LOOKS):
        found = {each.digest: each for each in await _listed(exchanges, place, subject)}
        if wanted.keys() <= found.keys():
            if not written:
                return
            # Whoever read the list before our write may write yet: look once more, a little later.
            written = False
            await exchanges.sleep(_jitter(SETTLED))
            continue
        wanted, written = {**found, **wanted}, True
        if len(wanted) > MAX_LISTED:
            raise HttpFailed(f"its fallback tag lists {MAX_LISTED} referrers already", code="bad-referrers")
        if look:
            await exchanges.sleep(_jitter(SETTLED))
        documents = [each.document() for each in wanted.values()]
        text = compact({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": documents})
        await put_manifest(exchanges, place, text, media.INDEX, fallback_tag(subject))
    raise HttpFailed("others keep writing the list of referrers", code="registry-busy", remedy="try again")


def _jitter(seconds: float) -> float:
    """Return about that many seconds: two that write at once must not go on in step."""
    return seconds * random.uniform(0.5, 1.5)  # noqa: S311 - no secret hangs on it


async def _listed(exchanges: Exchanges, place: Place, subject: Digest) -> tuple[Descriptor, ...]:
    try:
        return await by_tag(exchanges, place, subject)
    except ValueError as error:
        raise HttpFailed(str(error), code="bad-referrers", remedy="delete that tag, if it is nobody's") from None
