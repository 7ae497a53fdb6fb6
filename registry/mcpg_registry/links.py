"""Pages of a listing: the next page's address in a Link header, believed only as far as it must be. It fetches nothing.

Source: RFC 8288; OCI distribution spec 1.1 uses `rel="next"` alone.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mcpg_registry.challenges import origin_of
from mcpg_registry.exchanges import next_url

__all__ = ["MAX_PAGES", "check_page", "next_page"]

MAX_PAGES = 64
MAX_HEADER = 16 * 1024
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[A-Za-z]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))*)", re.ASCII)
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"next\"|next)(?:\s*;|\s*$)", re.ASCII | re.IGNORECASE)


def next_page(header: str, url: str) -> str | None:
    """Return the address of the page after `url`, none on the last; `ValueError` when it leads out of the listing."""
    if len(header) > MAX_HEADER:
        raise ValueError("its Link header is too long")
    target = next((match[1] for match in _LINK.finditer(header) if _NEXT.search(match[2])), None)
    if target is None:
        return None
    found = next_url(url, target)
    if origin_of(found) != origin_of(url) or urlsplit(found).path != urlsplit(url).path:
        raise ValueError("its next page is somewhere else")
    return found


def check_page(url: str, seen: set[str]) -> None:
    """Note that a page is about to be read; `ValueError` for one that was read, or one too many."""
    if url in seen:
        raise ValueError("its pages lead in a circle")
    if len(seen) >= MAX_PAGES:
        raise ValueError(f"it has more than {MAX_PAGES} pages")
    seen.add(url)
