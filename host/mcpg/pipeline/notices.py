"""What may reach the client while its call runs: progress and logs on its own stream. It buffers nothing.

Where an outgoing transform or redaction applies, free text may hold what they would have removed: then progress goes on
as numbers only and logs are dropped. Source: architecture, "The way of a request".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcpg.contract.ports import Channel, McpCall

__all__ = ["Notices"]

_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
MODERN = "2026-07-28"


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
        if self._call.progress_token is None or not isinstance(progress, int | float) or progress <= self._last:
            return
        self._last = progress
        names = ("progress", "total") if self.quiet else ("progress", "total", "message")
        passed = {name: params[name] for name in names if params.get(name) is not None}
        await self._channel.notify("notifications/progress", {**passed, "progressToken": self._call.progress_token})

    def _wanted(self, level: str) -> bool:
        wanted = self._call.log_level
        if not wanted:
            return self._call.version < MODERN
        if level not in _LEVELS or wanted not in _LEVELS:
            return False
        return _LEVELS.index(level) >= _LEVELS.index(wanted)
