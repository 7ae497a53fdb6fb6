"""What may reach the client while its call runs: progress and logs on its own stream. It buffers nothing.

Where an outgoing transform or redaction applies, free text may hold what they would have removed: then progress goes on
as numbers only and logs are dropped. Source: architecture, "The way of a request".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeGuard

from mcpg.protocol.versions import Era, era_of

if TYPE_CHECKING:
    from mcpg.contract.ports import Channel, McpCall

__all__ = ["Notices"]

_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


class Notices:
    """The notifications of one request; `quiet` is set where free text must not pass."""

    __slots__ = ("_call", "_channel", "_last", "quiet")

    def __init__(self, channel: Channel, call: McpCall, *, quiet: bool) -> None:
        self._channel = channel
        self._call = call
        self._last = float("-inf")
        self.quiet = quiet

    async def send(self, method: str, params: dict[str, Any]) -> None:
        """Pass one notification on, if the client asked for it and may see it."""
        if method == "notifications/progress":
            await self._progress(params)
        elif method == "notifications/message" and not self.quiet and self._wanted(str(params.get("level", "info"))):
            await self._channel.notify(method, params)

    async def _progress(self, params: dict[str, Any]) -> None:
        progress = params.get("progress")
        if self._call.progress_token is None or not _is_number(progress) or progress <= self._last:
            return
        self._last = progress
        passed: dict[str, Any] = {"progress": progress}
        if _is_number(params.get("total")):
            passed["total"] = params["total"]
        if not self.quiet and isinstance(params.get("message"), str):
            passed["message"] = params["message"]
        await self._channel.notify("notifications/progress", {**passed, "progressToken": self._call.progress_token})

    def _wanted(self, level: str) -> bool:
        wanted = self._call.log_level
        if not wanted:
            return era_of(self._call.version) is Era.LEGACY
        if level not in _LEVELS or wanted not in _LEVELS:
            return False
        return _LEVELS.index(level) >= _LEVELS.index(wanted)


def _is_number(value: Any) -> TypeGuard[float]:
    """Whether `value` is a number that JSON can say: what is called a number may be text that must not pass."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
