"""Who refers to a manifest at one place: the referrers API with its pages, else the fallback tag. It judges nobody.

What is listed is a hint, whether the place filtered it or not: whoever uses an entry reads its manifest and looks at
the manifest's own `subject`. Source: OCI distribution spec 1.1, "Listing Referrers" and "Unavailable Referrers API".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mcpg_registry import media
from mcpg_registry.exchanges import Call, pull_scope, status_failed
from mcpg_registry.layout import fallback_tag
from mcpg_registry.links import check_page, next_page
from mcpg_registry.manifests import parse_index
from mcpg_registry.parsing import parsed

if TYPE_CHECKING:
    from mcpg_registry.digests import Digest
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place
    from mcpg_registry.manifests import Descriptor

__all__ = ["MAX_LISTED", "by_api", "by_tag"]

MAX_LISTED = 1000
_OK = 200
_NO_API = frozenset({400, 404, 405, 501})


async def by_api(
    exchanges: Exchanges, place: Place, subject: Digest, artifact_type: str = ""
) -> tuple[Descriptor, ...] | None:
    """Return what the referrers API lists, of one artifact type if asked; none where there is no such API.

    `ValueError` when the answer is no image index or there are too many, `HttpFailed` for the rest.
    """
    query = f"?artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
    start = f"{place.origin}/v2/{place.repository}/referrers/{subject}{query}"
    found: dict[Digest, Descriptor] = {}
    url: str | None = start
    seen: set[str] = set()
    while url is not None:
        check_page(url, seen)
        call = Call("GET", scope=pull_scope(place), headers={"accept": media.INDEX}, url=url)
        async with exchanges.open(place, call) as answer:
            if answer.status in _NO_API and url == start:
                return None
            if answer.status != _OK:
                raise status_failed(answer)
            entries = await parsed(parse_index, await answer.read(media.MAX_INDEX))
            url = next_page(answer.headers.get("link", ""), url)
        # A place may ignore the filter, and may say that it did not: we filter in any case.
        found |= {each.digest: each for each in entries if artifact_type in {"", each.artifact_type}}
        if len(found) > MAX_LISTED:
            raise ValueError(f"it lists more than {MAX_LISTED} referrers")
    return tuple(found.values())


async def by_tag(
    exchanges: Exchanges, place: Place, subject: Digest, artifact_type: str = ""
) -> tuple[Descriptor, ...]:
    """Return what the fallback tag lists; nothing where there is none, `ValueError` when it names no image index."""
    path = f"/v2/{place.repository}/manifests/{fallback_tag(subject)}"
    accept = {"accept": f"{media.INDEX}, {media.MANIFEST}"}
    async with exchanges.open(place, Call("GET", path, scope=pull_scope(place), headers=accept)) as answer:
        if answer.status == 404:  # noqa: PLR2004 - HTTP's number
            return ()
        if answer.status != _OK:
            raise status_failed(answer)
        data = await answer.read(media.MAX_INDEX)
    try:
        entries = await parsed(parse_index, data)
    except ValueError as error:
        raise ValueError(f"the fallback tag `{fallback_tag(subject)}` names no image index: {error}") from None
    if len(entries) > MAX_LISTED:
        raise ValueError(f"the fallback tag lists more than {MAX_LISTED} referrers")
    # Whoever wrote the tag may have left the type out; the manifest tells.
    return tuple(each for each in entries if not artifact_type or each.artifact_type in {"", artifact_type})
