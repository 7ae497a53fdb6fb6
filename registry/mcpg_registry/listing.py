"""The tags of a repository at one place, over all its pages. It resolves none.

Source: OCI distribution spec 1.1, "Listing Tags".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry.exchanges import Call, pull_scope, status_failed
from mcpg_registry.links import check_page, next_page
from mcpg_registry.references import is_tag
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place

__all__ = ["list_tags"]

MAX_TAGS = 20_000
MAX_PAGE = 4 * 1024 * 1024
_OK = 200


async def list_tags(exchanges: Exchanges, place: Place) -> tuple[str, ...]:
    """Return all tags, each once; `ValueError` for a malformed answer or too many tags, `HttpFailed` for the rest."""
    url: str | None = f"{place.origin}/v2/{place.repository}/tags/list"
    tags: dict[str, None] = {}
    seen: set[str] = set()
    while url is not None:
        check_page(url, seen)
        async with exchanges.open(place, Call("GET", scope=pull_scope(place), url=url)) as answer:
            if answer.status != _OK:
                raise status_failed(answer)
            found = parse_object(await answer.read(MAX_PAGE), MAX_PAGE).get("tags")
            url = next_page(answer.headers.get("link", ""), url)
        names = [] if found is None else found
        if not isinstance(names, list) or not all(isinstance(each, str) and is_tag(each) for each in names):
            raise ValueError("its list of tags holds something else than tags")
        tags |= dict.fromkeys(names)
        if len(tags) > MAX_TAGS:
            raise ValueError(f"it has more than {MAX_TAGS} tags")
    return tuple(tags)
