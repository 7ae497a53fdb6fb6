"""`mcpg plugin outdated`: what registries have beyond what is locked. It proves, pulls and changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import parse_allowed, range_option, site_options
from mcpg.cli.output import Verb, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["outdated"]


@click.command(cls=Verb)
@range_option
@site_options("mirror", "lock", "offline", "plain-http")
@json_option
def outdated(allowed: str, chosen: Chosen, *, as_json: bool) -> None:
    """Say which locked plugins have newer versions.

    The registries' tags are asked, which prove nothing: `mcpg plugin update` verifies what it takes.
    """
    found = asyncio.run(_outdated(allowed, chosen))
    show(found, lambda console: _draw(console, found), as_json=as_json)


async def _outdated(allowed: str, chosen: Chosen) -> list[dict[str, Any]]:
    from mcpg.cli.kit.newer import newer  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_registry.references import RegistryReference, parse_reference  # noqa: PLC0415 - likewise

    wanted = parse_allowed(allowed)
    site = await asyncio.to_thread(open_site, chosen)
    rows = []
    for name, locked in site.lock.plugins.items() if site.lock else ():
        reference = parse_reference(name)
        if not isinstance(reference, RegistryReference):
            continue
        async with site.client(reference) as client:
            tags = await client.tags(reference.full_name)
        above = newer(tags, locked.version, ())
        within = newer(tags, locked.version, wanted)
        rows.append(
            {
                "reference": name,
                "id": locked.id,
                "locked": locked.version,
                "newest": above[0] if above else locked.version,
                "wanted": within[0] if within else locked.version,
                "outdated": bool(within),
            }
        )
    return rows


def _draw(console: Console, found: list[dict[str, Any]]) -> None:
    rows = [(each["id"], each["locked"], each["wanted"], each["newest"], each["reference"]) for each in found]
    table(console, ("plugin", "locked", "in range", "newest", "reference"), rows)
    count = sum(each["outdated"] for each in found)
    say(console, f"{count} of {len(found)} locked plugins of registries have a newer version")
