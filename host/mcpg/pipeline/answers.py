"""What a client answers to a request of ours, and what we say in its place. It asks nobody and judges nothing.

Responses are `{"result": ...}` or `{"error": ...}`. Source: MCP 2026-07-28, client/elicitation, sampling and roots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.protocol.capabilities import capabilities_of, lacking, needed_by
from mcpg.protocol.frames import INTERNAL_ERROR, METHOD_NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["fault_of", "in_place_of", "method_of", "missing_for", "named", "plain_error", "refused"]

REFUSED = -1
"""What MCP's sampling page shows for a request that the user rejected."""
_ACTIONS = frozenset({"accept", "decline", "cancel"})
_NOT_KNOWN = "no such request can be passed on to the client"


def refused(method: str, code: str) -> dict[str, Any]:
    """Return what is said for a request that policy refuses: a declined form, else an error."""
    if method == "elicitation/create":
        return {"result": {"action": "decline"}}
    if code == "unknown-method":
        return {"error": {"code": METHOD_NOT_FOUND, "message": _NOT_KNOWN}}
    return {"error": {"code": REFUSED, "message": "refused by policy"}}


def in_place_of(method: str) -> dict[str, Any]:
    """Return what is said for a request that nobody answered in time."""
    if method == "elicitation/create":
        return {"result": {"action": "cancel"}}
    return {"error": {"code": INTERNAL_ERROR, "message": "no answer came in time"}}


def plain_error(error: object) -> dict[str, Any]:
    """Return a client's error with nothing of its own words: they were judged by nobody."""
    code = error.get("code") if isinstance(error, dict) else None
    sound = code if isinstance(code, int) and not isinstance(code, bool) else INTERNAL_ERROR
    return {"error": {"code": sound, "message": "the client answered with an error"}}


def fault_of(method: str, result: object) -> str:
    """Return why a client's result is none of its method; empty when it is one."""
    if not isinstance(result, dict):
        return "it is no object"
    if method == "elicitation/create":
        if result.get("action") not in _ACTIONS:
            return "`action` is none of accept, decline, cancel"
        if not isinstance(result.get("content", {}), dict | None):
            return "`content` is no object"
    elif method == "sampling/createMessage":
        if not isinstance(result.get("role"), str) or not isinstance(result.get("content"), dict | list):
            return "`role` or `content` is missing"
    elif method == "roots/list":
        roots = result.get("roots")
        if not isinstance(roots, list) or not all(isinstance(root, dict) for root in roots):
            return "`roots` is no list of objects"
    return ""


def method_of(result: object) -> str:
    """Return the method whose answer this looks like; empty where it looks like none."""
    telling = {"action": "elicitation/create", "roots": "roots/list", "role": "sampling/createMessage"}
    found = (method for member, method in telling.items() if isinstance(result, dict) and member in result)
    method = next(found, "")
    return "" if method and fault_of(method, result) else method


def missing_for(requests: Iterable[Mapping[str, Any]], version: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what these requests need and the client of `version` has not declared, as a ClientCapabilities object."""
    able = capabilities_of(version, declared)
    missing: dict[str, Any] = {}
    for request in requests:
        lacks = lacking(needed_by(request["method"], request["params"]), able)
        for name, parts in lacks.items():
            missing[name] = {**missing.get(name, {}), **parts}
    return missing


def named(capabilities: Mapping[str, Any]) -> str:
    """Return a ClientCapabilities object as a list for a person: `elicitation.url, sampling`."""
    parts = [f"{name}.{part}" for name, inner in capabilities.items() for part in inner if isinstance(inner, dict)]
    return ", ".join(sorted([*parts, *(name for name, inner in capabilities.items() if not inner)]))
