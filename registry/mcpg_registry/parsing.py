"""Documents that strangers send, parsed without keeping the event loop from its work. It knows no format."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parsed"]

SHORT = 32 * 1024
"""Bytes that are parsed in less time than a turn of a thread takes."""
T = TypeVar("T")


async def parsed(parse: Callable[[bytes], T], data: bytes) -> T:
    """Return what `parse` makes of `data`, off the event loop where that takes long; raises what `parse` does."""
    return parse(data) if len(data) <= SHORT else await asyncio.to_thread(parse, data)
