"""Which URLs of a link's server were dealt with, as it says (2025-11-25, client/elicitation). It opens none."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["COMPLETE", "Completions"]

COMPLETE: Final = "notifications/elicitation/complete"
MAX_KEPT = 256
MAX_ID = 256


class Completions:
    """The elicitations that are complete, the last ones of them."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, None] = OrderedDict()
        self._news = asyncio.Event()

    def note(self, params: Mapping[str, Any]) -> None:
        """Take in a notification."""
        number = params.get("elicitationId")
        if not isinstance(number, str) or len(number) > MAX_ID:
            return
        self._done[number] = None
        if len(self._done) > MAX_KEPT:
            self._done.popitem(last=False)
        self._news.set()
        self._news = asyncio.Event()

    async def of(self, numbers: Iterable[str], seconds: float) -> None:
        """Return once all of these are complete, or after so many seconds: a server need not say it."""
        wanted = set(numbers)
        try:
            async with asyncio.timeout(seconds):
                while not wanted <= self._done.keys():
                    await self._news.wait()
        except TimeoutError:
            return
