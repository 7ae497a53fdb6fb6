"""What may reach the client while its call runs: progress, logs, and that a URL is done with. It buffers nothing.

Each kind is judged once in a call: what belongs to a permitted call passes unless an engine denies it. Where an
outgoing transform or redaction applies, free text may hold what they would have removed: then progress goes on as
numbers only and logs are withheld. Source: architecture, "The way of a request".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeGuard

from mcpg.protocol.methods import SEVERITY
from mcpg.protocol.versions import Era, era_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from mcpg.contract.ports import Channel, McpCall

__all__ = ["COMPLETE", "MESSAGE", "PROGRESS", "Notices"]

PROGRESS = "notifications/progress"
MESSAGE = "notifications/message"
COMPLETE = "notifications/elicitation/complete"
_NONE: frozenset[str] = frozenset()


class Notices:
    """The notifications of one request; `quiet` is set where free text must not pass."""

    __slots__ = (
        "_call",
        "_channel",
        "_last",
        "_may",
        "elicitations",
        "judge",
        "messages",
        "progress",
        "quiet",
        "withheld",
    )

    def __init__(self, channel: Channel, call: McpCall, *, quiet: bool) -> None:
        self._channel = channel
        self._call = call
        self._last = float("-inf")
        self._may: dict[str, bool] = {}
        self.quiet = quiet
        self.judge: Callable[[str], Awaitable[bool]] | None = None
        """Whether policy lets notifications of a method pass; set once the call itself is permitted."""
        self.elicitations = _NONE
        """Ids of the URL elicitations that this client was shown in this call."""
        self.progress = self.messages = self.withheld = 0

    async def send(self, method: str, params: dict[str, Any]) -> None:
        """Pass one notification on, if the client asked for it and may see it."""
        if method == PROGRESS:
            await self._progress(params)
        elif method == MESSAGE:
            await self._message(params)
        elif method == COMPLETE:
            await self._complete(params)

    def shown(self, requests: Iterable[Mapping[str, Any]]) -> None:
        """Remember the URLs that the client is shown, so that it may be told when it is done with them."""
        ids = (request["params"].get("elicitationId") for request in requests)
        self.elicitations |= {number for number in ids if isinstance(number, str)}

    def close(self) -> None:
        """Let nothing pass any more, and let go of who judged: the call has ended."""
        self.judge = _never
        self._may.clear()

    def counted(self) -> dict[str, int]:
        """Return how many were sent and withheld, as far as there were any."""
        if not (self.progress or self.messages or self.withheld):
            return {}
        counts = {"progress": self.progress, "messages": self.messages, "withheld": self.withheld}
        return {name: count for name, count in counts.items() if count}

    async def _progress(self, params: dict[str, Any]) -> None:
        progress = params.get("progress")
        if self._call.progress_token is None or not _is_number(progress) or progress <= self._last:
            return
        self._last = progress
        if not await self._permitted(PROGRESS):
            return
        passed: dict[str, Any] = {"progress": progress}
        if _is_number(params.get("total")):
            passed["total"] = params["total"]
        if not self.quiet and isinstance(params.get("message"), str):
            passed["message"] = params["message"]
        self.progress += 1
        await self._channel.notify(PROGRESS, {**passed, "progressToken": self._call.progress_token})

    async def _message(self, params: dict[str, Any]) -> None:
        if not self._wanted(str(params.get("level", "info"))):
            return
        if self.quiet:
            self.withheld += 1
        elif await self._permitted(MESSAGE):
            self.messages += 1
            await self._channel.notify(MESSAGE, params)

    async def _complete(self, params: dict[str, Any]) -> None:
        """Say that the client's browser is done with a URL of this call; nothing but its id goes on."""
        number = params.get("elicitationId")
        known = isinstance(number, str) and number in self.elicitations
        if known and era_of(self._call.version) is Era.LEGACY and await self._permitted(COMPLETE):
            await self._channel.notify(COMPLETE, {"elicitationId": number})

    async def _permitted(self, method: str) -> bool:
        may = self._may.get(method)
        if may is None:
            may = self._may[method] = self.judge is None or await self.judge(method)
        self.withheld += not may
        return may

    def _wanted(self, level: str) -> bool:
        wanted = self._call.log_level
        if not wanted:
            return era_of(self._call.version) is Era.LEGACY
        if level not in SEVERITY or wanted not in SEVERITY:
            return False
        return SEVERITY[level] >= SEVERITY[wanted]


async def _never(_method: str) -> bool:
    return False


def _is_number(value: Any) -> TypeGuard[float]:
    """Whether `value` is a number that JSON can say: what is called a number may be text that must not pass."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
