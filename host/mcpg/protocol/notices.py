"""Which notifications of a running call its client asked for. It sends none.

Progress needs a token and must rise (basic/utilities/progress); a modern client that named no log level gets no log
message (2026-07-28, server/utilities/logging). Anything else that belongs to a request passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.protocol.methods import SEVERITY
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from mcpg.contract.ports import McpCall

__all__ = ["Notices"]


class Notices:
    """The notifications of one call."""

    __slots__ = ("_call", "_progress")

    def __init__(self, call: McpCall) -> None:
        self._call = call
        self._progress: float | None = None

    def admit(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        """Return the params to send, with the client's own progress token, or none if this one is not to be sent."""
        if method == "notifications/progress":
            return self._admit_progress(params)
        if method == "notifications/message" and not self._wants(params.get("level")):
            return None
        return params

    def _admit_progress(self, params: dict[str, Any]) -> dict[str, Any] | None:
        token, progress = self._call.progress_token, params.get("progress")
        if token is None or not isinstance(progress, int | float) or isinstance(progress, bool):
            return None
        if self._progress is not None and progress <= self._progress:
            return None
        self._progress = progress
        return {**params, "progressToken": token}

    def _wants(self, level: object) -> bool:
        if not self._call.log_level:
            return self._call.version not in MODERN
        return SEVERITY.get(str(level), 0) >= SEVERITY[self._call.log_level]
