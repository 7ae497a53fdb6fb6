"""Results in the shape of the client's version, and the door to all other shapes. It copies and changes nothing.

A service answers in the newest shape, as far as it knows it. Modern clients get what their version requires on top
(`resultType`, caching hints, `serverInfo`); older ones get those removed, and what their version does not know removed
or said in what it knows. Source: schema.ts of each version, MCP 2026-07-28 changelog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.asks import fitted_asks, lower_request, lower_response, raise_request, raise_response
from mcpg.protocol.lowering import lower_call, lower_notification
from mcpg.protocol.methods import CACHEABLE, EXTENDED, SUSPENDABLE
from mcpg.protocol.raising import raise_result
from mcpg.protocol.results import fitted_result
from mcpg.protocol.versions import MODERN

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


def shape(method: str, result: Mapping[str, Any], version: str, server_info: Mapping[str, Any]) -> dict[str, Any]:
    """Return `result` as a client of `version` may read it; raises `Refusal` -32603 if it cannot be said to one."""
    if version in MODERN:
        return _modern(method, result, version, server_info)
    if result.get("resultType", "complete") != "complete":
        raise Refusal(frames.INTERNAL_ERROR, "result needs a newer protocol version than the session's")
    shaped = fitted_result(method, result, version)
    meta = shaped.get("_meta")
    if isinstance(meta, dict) and SERVER_INFO_KEY in meta:
        shaped["_meta"] = {key: value for key, value in meta.items() if key != SERVER_INFO_KEY}
        if not shaped["_meta"]:
            del shaped["_meta"]
    return shaped


def _modern(method: str, result: Mapping[str, Any], version: str, server_info: Mapping[str, Any]) -> dict[str, Any]:
    kind = result.get("resultType", "complete")
    if kind == "input_required":
        if method not in SUSPENDABLE:
            raise Refusal(frames.INTERNAL_ERROR, f"method `{method}` cannot ask for input")
        shaped = fitted_asks(result, version)
    elif kind == "complete":
        shaped = fitted_result(method, result, version)
    elif kind == EXTENDED and method == "tools/call":
        shaped = dict(result)
    else:
        raise Refusal(frames.INTERNAL_ERROR, f"the answer to `{method}` has a `resultType` that is not known")
    shaped.setdefault("resultType", "complete")
    if kind == "complete" and method in CACHEABLE:
        shaped.setdefault("ttlMs", 0)
        shaped.setdefault("cacheScope", "private")
    meta = shaped.get("_meta")
    shaped["_meta"] = (
        {**meta, SERVER_INFO_KEY: server_info} if isinstance(meta, dict) else {SERVER_INFO_KEY: server_info}
    )
    return shaped
