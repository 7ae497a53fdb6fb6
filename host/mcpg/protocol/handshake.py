"""The answers to initialize and server/discover. It opens no session and sends nothing.

Source: MCP 2025-11-25 basic/lifecycle; MCP 2026-07-28 server/discover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.conform import NOTHING, conform
from mcpg.protocol.methods import TASKS_EXTENSION
from mcpg.protocol.versions import LATEST_MODERN, MODERN, negotiate

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_CAPABILITIES", "Handshake", "discover_result", "initialize_result", "shake"]

MAX_CAPABILITIES = 8 * 1024
"""Bytes of JSON that a session keeps of a client's capabilities."""

_encode = msgspec.json.Encoder().encode


class Handshake(msgspec.Struct, frozen=True):
    """What initialize agreed on: the version and the client's capabilities."""

    version: str
    capabilities: dict[str, Any]


def shake(params: Mapping[str, Any]) -> Handshake:
    """Return what is agreed on; raises `Refusal` -32602 for parameters of the wrong shape."""
    if not isinstance(params.get("protocolVersion"), str):
        raise Refusal(frames.INVALID_PARAMS, "parameter `protocolVersion` is not text", status=400)
    for key in ("capabilities", "clientInfo"):
        if not isinstance(params.get(key), dict):
            raise Refusal(frames.INVALID_PARAMS, f"parameter `{key}` is not an object", status=400)
    capabilities = params["capabilities"]
    if len(_encode(capabilities)) > MAX_CAPABILITIES:
        raise Refusal(
            frames.INVALID_PARAMS, f"parameter `capabilities` is larger than {MAX_CAPABILITIES} bytes", status=400
        )
    return Handshake(negotiate(params["protocolVersion"]), capabilities)


def initialize_result(description: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the result of initialize from a service's description, in the shape of `version`."""
    capabilities = _sound(conform("server capabilities", description.get("capabilities"), version))
    if TASKS_EXTENSION in capabilities.get("extensions", {}):  # for clients without a handshake
        capabilities["extensions"] = {k: v for k, v in capabilities["extensions"].items() if k != TASKS_EXTENSION}
        if not capabilities["extensions"]:
            del capabilities["extensions"]
    result = {
        "protocolVersion": version,
        "capabilities": capabilities,
        "serverInfo": _sound(conform("implementation", description.get("serverInfo"), version)),
    }
    if description.get("instructions"):
        result["instructions"] = description["instructions"]
    return result


def discover_result(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of server/discover, still without what `shapes` adds to every modern result.

    `supportedVersions` holds modern versions only: those with a handshake are found by initialize.
    """
    result = {
        "supportedVersions": list(reversed(MODERN)),
        "capabilities": _sound(conform("server capabilities", description.get("capabilities"), LATEST_MODERN)),
    }
    if description.get("instructions"):
        result["instructions"] = description["instructions"]
    if "ttlMs" in description:
        result["ttlMs"] = description["ttlMs"]
    return result


def _sound(fitting: Any) -> dict[str, Any]:
    return {} if fitting is NOTHING else dict(fitting)
