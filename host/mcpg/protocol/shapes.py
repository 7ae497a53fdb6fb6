"""Results and notifications in the shape of the client's version. It changes no value that is the caller's: it copies.

A service answers in the newest shape, as far as it knows it. Modern clients get what their version requires on top
(`resultType`, caching hints, `serverInfo`); older ones get those removed, and what their version does not know removed
or said in what it knows. Source: schema.ts of each version, MCP 2026-07-28 changelog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.downgrade import older_content, older_items, text_of
from mcpg.protocol.lowering import lower_call, lower_notification, lower_request, lower_response
from mcpg.protocol.methods import CACHEABLE, SUSPENDABLE
from mcpg.protocol.raising import raise_request, raise_response, raise_result
from mcpg.protocol.versions import LATEST_HANDSHAKE, MODERN, at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SERVER_INFO_KEY",
    "SUBSCRIPTION_KEY",
    "lower_call",
    "lower_notification",
    "lower_request",
    "lower_response",
    "raise_request",
    "raise_response",
    "raise_result",
    "shape",
]

SERVER_INFO_KEY = "io.modelcontextprotocol/serverInfo"
SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId"

_MODERN_MEMBERS = ("resultType", "ttlMs", "cacheScope")
_LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}


def shape(method: str, result: Mapping[str, Any], version: str, server_info: Mapping[str, Any]) -> dict[str, Any]:
    """Return `result` as a client of `version` may read it; raises `Refusal` -32603 if it cannot be said to one."""
    if version in MODERN:
        return _modern(method, result, server_info)
    return _legacy(method, result, version)


def _modern(method: str, result: Mapping[str, Any], server_info: Mapping[str, Any]) -> dict[str, Any]:
    shaped = dict(result)
    kind = shaped.setdefault("resultType", "complete")
    if kind == "input_required":
        if method not in SUSPENDABLE:
            raise Refusal(frames.INTERNAL_ERROR, f"method `{method}` cannot ask for input")
        shaped.pop("ttlMs", None)
        shaped.pop("cacheScope", None)
    elif method in CACHEABLE:
        shaped.setdefault("ttlMs", 0)
        shaped.setdefault("cacheScope", "private")
    meta = shaped.get("_meta")
    shaped["_meta"] = (
        {**meta, SERVER_INFO_KEY: server_info} if isinstance(meta, dict) else {SERVER_INFO_KEY: server_info}
    )
    return shaped


def _legacy(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    if result.get("resultType", "complete") != "complete":
        raise Refusal(frames.INTERNAL_ERROR, "result needs a newer protocol version than the session's")
    shaped = {key: value for key, value in result.items() if key not in _MODERN_MEMBERS}
    meta = shaped.get("_meta")
    if isinstance(meta, dict) and SERVER_INFO_KEY in meta:
        shaped["_meta"] = {key: value for key, value in meta.items() if key != SERVER_INFO_KEY}
        if not shaped["_meta"]:
            del shaped["_meta"]
    if method == "tools/call":
        _legacy_call(shaped, version)
    elif method in _LISTS:
        key = _LISTS[method]
        shaped[key] = older_items(key, shaped.get(key, []), version)
    elif method == "prompts/get" and version != LATEST_HANDSHAKE:
        shaped["messages"] = [
            {**message, "content": older_content(message.get("content"), version)}
            for message in shaped.get("messages", [])
        ]
    return shaped


def _legacy_call(shaped: dict[str, Any], version: str) -> None:
    """Say structured content that is no object, or that the version does not know, as text."""
    if "structuredContent" in shaped and not (
        isinstance(shaped["structuredContent"], dict) and at_least(version, "2025-06-18")
    ):
        value = shaped.pop("structuredContent")
        if not shaped.get("content"):
            shaped["content"] = [{"type": "text", "text": text_of(value)}]
    shaped.setdefault("content", [])
    if version != LATEST_HANDSHAKE:
        shaped["content"] = [older_content(block, version) for block in shaped["content"]]
