"""Which methods exist in which era, and the shape of their parameters. It calls none of them.

Source: schema.ts of MCP 2025-11-25 and 2026-07-28. Parameters are checked as far as routing and policy rely on them;
the rest is the business of whoever answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CACHEABLE",
    "LEGACY_METHODS",
    "LOG_LEVELS",
    "MODERN_METHODS",
    "NAME_KEYS",
    "SUSPENDABLE",
    "check_params",
    "progress_token",
]

_COMMON = frozenset(
    {
        "tools/list",
        "tools/call",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "completion/complete",
    }
)

MODERN_METHODS = _COMMON | {"server/discover", "subscriptions/listen"}
"""Methods of 2026-07-28; ping, initialize, logging/setLevel and resources/(un)subscribe are gone there."""

LEGACY_METHODS = _COMMON | {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"}
"""Methods of the versions with a handshake; the experimental tasks of 2025-11-25 are not offered."""

CACHEABLE = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
    }
)
"""Methods whose modern results carry `ttlMs` and `cacheScope`."""

SUSPENDABLE = frozenset({"tools/call", "prompts/get", "resources/read"})
"""Methods that may answer `input_required`."""

NAME_KEYS = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""The parameter that the header `Mcp-Name` repeats."""

LOG_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")

_MAX_NAME = 4096
_LISTS = frozenset({"tools/list", "prompts/list", "resources/list", "resources/templates/list"})
_NAMED = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "resources/subscribe": "uri",
    "resources/unsubscribe": "uri",
}


def check_params(method: str, params: Mapping[str, Any]) -> None:
    """Return if the parameters that we rely on have their types; raises `Refusal` -32602 otherwise."""
    key = _NAMED.get(method)
    if key is not None:
        name = params.get(key)
        if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
            raise Refusal(frames.INVALID_PARAMS, f"parameter `{key}` is not text of 1 to {_MAX_NAME} characters")
        if not isinstance(params.get("arguments", {}), dict):
            raise Refusal(frames.INVALID_PARAMS, "parameter `arguments` is not an object")
        if method == "prompts/get" and not all(
            isinstance(value, str) for value in params.get("arguments", {}).values()
        ):
            raise Refusal(frames.INVALID_PARAMS, "a prompt's arguments are text")
    elif method in _LISTS:
        if not isinstance(params.get("cursor", ""), str):
            raise Refusal(frames.INVALID_PARAMS, "parameter `cursor` is not text")
    elif method == "logging/setLevel" and params.get("level") not in LOG_LEVELS:
        raise Refusal(frames.INVALID_PARAMS, f"parameter `level` is none of {', '.join(LOG_LEVELS)}")
    if not isinstance(params.get("_meta", {}), dict):
        raise Refusal(frames.INVALID_PARAMS, "parameter `_meta` is not an object")


def progress_token(meta: Mapping[str, Any]) -> str | int | None:
    """Return the progress token of a request's `_meta`; raises `Refusal` -32602 if it is neither text nor integer."""
    token = meta.get("progressToken")
    if token is None or isinstance(token, str) or (isinstance(token, int) and not isinstance(token, bool)):
        return token
    raise Refusal(frames.INVALID_PARAMS, "progress token is neither text nor an integer")
