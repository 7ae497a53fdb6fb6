"""Finds out which era an upstream speaks and agrees on a version (basic/lifecycle, versioning). It opens no link."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcpg.protocol.frames import UNSUPPORTED_VERSION, Failure, Response
from mcpg.protocol.versions import HANDSHAKE, LATEST_MODERN
from mcpg.upstreams.eras import (
    BEFORE_HANDSHAKE,
    PROBE,
    Agreement,
    initialize_params,
    read_discover,
    read_initialize,
)
from mcpg.upstreams.faults import Fault, Nonsense, Rejected

if TYPE_CHECKING:
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.specs import Mode
    from mcpg.upstreams.tickets import Answer

__all__ = ["negotiate"]

PROBE_SECONDS = 3.0
"""How long a server that ignores the probe is waited for before initialize is tried."""
_REFUSED = (401, 403)


async def negotiate(link: Link, mode: Mode) -> Agreement:
    """Shake hands over `link` and return what was agreed; raises `Fault`.

    `auto` probes with server/discover; whatever is no sign of a modern server is answered with initialize.
    """
    if mode == "legacy":
        agreement, _ = await _initialize(link)
    elif mode == "modern":
        agreement = await _discover(link)
    else:
        agreement = await _probe(link) or await _initialize_or_discover(link)
    if agreement is None:
        raise Fault(f"does not speak MCP {LATEST_MODERN}" if mode == "modern" else "refused to initialize")
    link.agreement = agreement
    if not agreement.modern:
        await link.send("notifications/initialized")
    return agreement


async def _probe(link: Link) -> Agreement | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await _discover(link)
    except (TimeoutError, Nonsense):
        return None
    except Rejected as fault:
        if fault.status in _REFUSED:
            raise
        return None


async def _initialize_or_discover(link: Link) -> Agreement | None:
    """Initialize; a server that refuses with its versions was only slow to answer the probe: discover once more."""
    agreement, answer = await _initialize(link)
    if agreement is None and isinstance(answer, Failure) and answer.code == UNSUPPORTED_VERSION:
        return await _discover(link)
    return agreement


async def _discover(link: Link) -> Agreement | None:
    """Ask for what a modern server is; once more if it refuses our version although it names it among its own."""
    link.agreement = PROBE
    answer = await link.exchange("server/discover", {})
    if LATEST_MODERN in _supported(answer):
        answer = await link.exchange("server/discover", {})
    if isinstance(answer, Response):
        return read_discover(answer.result)
    supported = _supported(answer)
    if supported and not any(version in HANDSHAKE for version in supported):
        raise Fault("speaks no version of MCP that this gateway speaks")
    return None


def _supported(answer: Answer) -> list[Any]:
    """Return the versions that a server names as it refuses ours; none where it does neither."""
    if not isinstance(answer, Failure) or answer.code != UNSUPPORTED_VERSION or not isinstance(answer.data, dict):
        return []
    supported = answer.data.get("supported")
    return supported if isinstance(supported, list) else []


async def _initialize(link: Link) -> tuple[Agreement | None, Answer]:
    link.agreement = BEFORE_HANDSHAKE
    answer = await link.exchange("initialize", initialize_params(link.role.declared))
    if isinstance(answer, Response):
        return read_initialize(answer.result, link.session), answer
    return None, answer
