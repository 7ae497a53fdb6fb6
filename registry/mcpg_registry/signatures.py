"""The signatures of a manifest at one place, fetched and checked as bytes. It verifies none.

A referrer that is broken, or about something else, may be anybody's: it counts as none, and is only told when nothing
else is found. One that cannot be fetched is the place's failure.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.claims import Referrer, signature_of
from mcpg_registry.digests import digest_bytes
from mcpg_registry.downloads import fetch_blob, fetch_manifest
from mcpg_registry.http import HttpFailed
from mcpg_registry.parsing import parsed
from mcpg_registry.referring import by_api, by_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place
    from mcpg_registry.manifests import Descriptor

__all__ = ["fetch_signatures"]

EMPTY = b"{}"
_EMPTY_DIGEST = digest_bytes(EMPTY)


async def fetch_signatures(exchanges: Exchanges, place: Place, subject: Digest) -> tuple[Referrer, ...]:
    """Return the signatures of `subject`: the referrers API's, and the fallback tag's where the API has none.

    `ValueError` when there are none and something was wrong, or there are too many; `HttpFailed` for the rest.
    """
    faults: list[ValueError] = []
    listed = None
    try:
        listed = await by_api(exchanges, place, subject, media.BUNDLE)
    except ValueError as error:
        faults.append(error)
    found = await _fetch_all(exchanges, place, subject, listed or (), faults)
    if not found:
        found = await _fetch_all(
            exchanges, place, subject, await by_tag(exchanges, place, subject, media.BUNDLE), faults
        )
    if not found and faults:
        raise faults[0]
    return found


async def _fetch_all(
    exchanges: Exchanges, place: Place, subject: Digest, listed: Sequence[Descriptor], faults: list[ValueError]
) -> tuple[Referrer, ...]:
    entries = [entry for entry in listed if entry.media_type == media.MANIFEST]
    if len(entries) > media.MAX_REFERRERS:
        raise ValueError(f"it lists {len(entries)} signatures, at most {media.MAX_REFERRERS} are allowed")
    tasks = [asyncio.create_task(_fetch(exchanges, place, subject, entry)) for entry in entries]
    try:
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            task.cancel()
    found = []
    for task in tasks:
        try:
            referrer = task.result()
        except ValueError as error:
            faults.append(error)
        except HttpFailed as error:
            if error.code != "not-in-registry":
                raise
            faults.append(ValueError("it lists a signature that it does not have"))
        else:
            found += [] if referrer is None else [referrer]
    return tuple(found)


async def _fetch(exchanges: Exchanges, place: Place, subject: Digest, entry: Descriptor) -> Referrer | None:
    if entry.size > media.MAX_MANIFEST:
        raise ValueError(f"a referrer's manifest has {entry.size} bytes, at most {media.MAX_MANIFEST} are allowed")
    _, text = await fetch_manifest(exchanges, place, entry.digest, entry.size)
    entry = replace(entry, size=len(text))  # the listing's size is a hint, the store's receipt wants the real one
    parts = await parsed(lambda data: signature_of(data, subject), text)
    if parts is None:
        return None
    config, layer = parts
    config_bytes = EMPTY
    if config.digest != _EMPTY_DIGEST or config.size != len(EMPTY):
        config_bytes = await fetch_blob(exchanges, place, config)
    bundle = await fetch_blob(exchanges, place, layer)
    return Referrer(entry, text, config, config_bytes, layer, bundle)
