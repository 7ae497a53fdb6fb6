"""The have list: the digests that a site has, for an increment that is made elsewhere. It tells no names. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_mirror.kinds import HAVE, MAX_HAVE
from mcpg_mirror.planning import Have
from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, parse_digest
from mcpg_registry.manifests import Descriptor
from mcpg_registry.strict_json import compact, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcpg_registry.digests import Digest
    from mcpg_registry.store import Store

__all__ = ["digests_of", "have_text", "parse_have"]

MAX_DIGESTS = 100_000


def digests_of(store: Store) -> tuple[Digest, ...]:
    """Return the digest of every blob of an installed plugin that is there and whole: each is read. It blocks."""
    sizes = {parse_digest(digest): size for receipt in store.receipts() for digest, size in receipt.blobs.items()}
    return tuple(digest for digest, size in sorted(sizes.items()) if store.has(Descriptor(media.EMPTY, digest, size)))


def have_text(digests: Iterable[Digest]) -> bytes:
    """Return the list as it travels: the same bytes for the same digests."""
    return compact({"schema": 1, "mediaType": HAVE, "digests": sorted(set(digests))}) + b"\n"


def parse_have(text: bytes) -> Have:
    """Return what a list says; `ValueError` when it is none."""
    document = parse_object(text, MAX_HAVE)
    if document.keys() != {"schema", "mediaType", "digests"} or document["schema"] != 1:
        raise ValueError("a have list has schema 1, mediaType and digests and nothing else")
    if document["mediaType"] != HAVE:
        raise ValueError(f"the have list's media type is not `{HAVE}`")
    listed = document["digests"]
    if not isinstance(listed, list) or len(listed) > MAX_DIGESTS:
        raise ValueError(f"digests is no list of at most {MAX_DIGESTS}")
    digests = frozenset(parse_digest(each) for each in listed)
    return Have(digests, digest_bytes(have_text(digests)))
