"""What versions with a handshake do not know, removed or said otherwise. It leaves the latest of them nearly as it is.

Unknown fields of third parties pass; only members that a version defined later are dropped.
Source: schema.ts of each version.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mcpg.protocol.versions import LATEST_HANDSHAKE, at_least

__all__ = ["older_content", "older_items", "text_of"]

_encode = msgspec.json.Encoder().encode


def text_of(value: Any) -> str:
    """Return a JSON value as the text that stands in for it."""
    return _encode(value).decode()


def older_items(key: str, items: list[Any], version: str) -> list[Any]:
    """Return the tools, prompts, resources or templates of a list as `version` knows them."""
    dropped = _dropped_members(version)
    if key == "tools":
        return [_older_tool(tool, dropped, version) for tool in items]
    if not dropped:
        return items
    return [{name: value for name, value in item.items() if name not in dropped} for item in items]


def older_content(block: Any, version: str) -> Any:
    """Return a content block in a type that `version` knows."""
    if not isinstance(block, dict):
        return block
    kind = block.get("type")
    if kind == "resource_link" and not at_least(version, "2025-06-18"):
        label = block.get("title") or block.get("name") or ""
        return {"type": "text", "text": f"{label} {block.get('uri', '')}".strip()}
    if kind == "audio" and not at_least(version, "2025-03-26"):
        blob = {"uri": "attachment:audio", "mimeType": block.get("mimeType", ""), "blob": block.get("data", "")}
        return {"type": "resource", "resource": blob}
    return block


def _older_tool(tool: dict[str, Any], dropped: frozenset[str], version: str) -> dict[str, Any]:
    schema = tool.get("outputSchema")
    if isinstance(schema, dict) and schema.get("type") != "object":
        dropped |= {"outputSchema"}
    execution = tool.get("execution")
    if isinstance(execution, dict) and "taskSupport" in execution:
        dropped |= {"execution"}
    if not at_least(version, "2025-03-26"):
        dropped |= {"annotations"}
    return {name: value for name, value in tool.items() if name not in dropped} if dropped else tool


def _dropped_members(version: str) -> frozenset[str]:
    if version == LATEST_HANDSHAKE:
        return frozenset()
    if at_least(version, "2025-06-18"):
        return frozenset({"icons", "execution"})
    return frozenset({"icons", "execution", "title", "outputSchema", "_meta"})
