"""The doctor's questions about revocations: can the keys be read, is the list fresh, does the feed answer?

It asks the feed and takes nothing from it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from mcpg.cli.findings import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.findings import Subject
    from mcpg.config import Loaded
    from mcpg_revocations.standing import Standing

__all__ = ["revocations"]

SECONDS = 5.0
NAME = "revocations"


def revocations(subject: Subject) -> Iterator[Result]:
    """Is it known what is revoked?"""
    from mcpg.contract.problems import ConfigError, PluginRefused  # noqa: PLC0415 - slow to import
    from mcpg.gateway.revocation_site import STATE, open_standing, site_of  # noqa: PLC0415 - likewise

    loaded = subject.loaded
    if loaded is None:
        return
    try:
        anchor = site_of(loaded).anchor
        if anchor is not None:
            yield Result(NAME, "good", f"{anchor.threshold} of {len(anchor.keys)} keys must sign a list")
        if anchor is not None and not (loaded.state / STATE).exists():
            yield Result(NAME, "doubtful", "no list has been taken yet", "start the gateway, or import a list")
        else:
            yield from _standing(open_standing(loaded, int(time.time())))
    except (ConfigError, PluginRefused) as error:
        what = ": ".join(part for part in (error.where, error.message) if part)
        yield Result(NAME, "bad", what, error.remedy or "see `mcpg revocations status`")
        return
    if loaded.config.revocations.feed is not None:
        yield asyncio.run(_feed(loaded))


def _standing(standing: Standing) -> Iterator[Result]:
    found = standing.freshness(int(time.time()))
    whose = "the list that ships" if found.source == "shipped" else f"the list of `{found.issuer}`"
    what = f"{whose}, version {found.version}, is {found.state}"
    remedy = "bring a newer list: look at the feed, or `mcpg revocations import`"
    if found.state == "fresh":
        yield Result(NAME, "good", what)
    else:
        yield Result(NAME, "bad" if found.state == "dead" else "doubtful", f"{what}: {found.reason}", remedy)
    for fault in standing.faults():
        yield Result(NAME, "bad", fault, "have it signed by a key of `revocations.override_keys`")


async def _feed(loaded: Loaded) -> Result:
    from mcpg.contract.problems import McpgError  # noqa: PLC0415 - slow to import
    from mcpg.gateway.revocation_site import make_feed, network  # noqa: PLC0415 - likewise

    remedy = "look at `revocations.feed`; what was taken before counts until its list expires"
    http, sizes = network(), []

    async def look(text: bytes) -> None:
        sizes.append(len(text))

    try:
        feed = make_feed(loaded, http)
        if feed is None:
            return Result(NAME, "good", "there is no feed")
        async with asyncio.timeout(SECONDS):
            await feed.poll(look)
    except TimeoutError:
        return Result(NAME, "bad", f"the feed did not answer in {SECONDS:g} s", remedy)
    except McpgError as error:
        return Result(NAME, "bad", f"the feed cannot be had: {error.message}", error.remedy or remedy)
    finally:
        await http.aclose()
    return Result(NAME, "good", f"the feed `{feed.name}` has a list of {sum(sizes)} bytes")
