"""Which arguments of which tool one upstream wants mirrored in headers (2026-07-28, transports). It sends nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from mcpg.protocol.mirrors import mirrors_of, mirrors_to_send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.protocol.mirrors import Mirror

__all__ = ["MirroredArguments"]

MAX_TOOLS = 10_000


class MirroredArguments:
    """What the last tools/list said about mirrored arguments, by tool; bounded."""

    def __init__(self) -> None:
        self._tools: OrderedDict[str, tuple[Mirror, ...]] = OrderedDict()

    def learn(self, result: dict[str, Any]) -> dict[str, Any]:
        """Take in a tools/list result; return it without the tools whose annotations are invalid."""
        tools = result.get("tools")
        if not isinstance(tools, list):
            return result
        sound = [tool for tool in tools if self._learn_one(tool)]
        return result if len(sound) == len(tools) else {**result, "tools": sound}

    def _learn_one(self, tool: Any) -> bool:
        if not isinstance(tool, dict) or not isinstance(name := tool.get("name"), str):
            return True
        self._tools.pop(name, None)
        mirrors = mirrors_of(tool.get("inputSchema"))
        if mirrors:
            self._tools[name] = mirrors
            if len(self._tools) > MAX_TOOLS:
                self._tools.popitem(last=False)
        return mirrors is not None

    def headers(self, params: Mapping[str, Any]) -> dict[str, str]:
        """Return the headers for a tools/call with `params`; an argument that is absent or null has none."""
        mirrors = self._tools.get(params.get("name", ""))
        return mirrors_to_send(mirrors, params.get("arguments")) if mirrors else {}
