"""What a client can be asked, what a request needs of it, and what of it an upstream may be told. It asks nobody.

Normalised capabilities have the newest shape, and say only what can be asked: `{"elicitation": {"form": {}, "url": {}},
"sampling": {"context": {}, "tools": {}}, "roots": {}, "extensions": {...}}`, each member where it holds.
Source: `ClientCapabilities` in schema.ts of each version; MCP 2025-11-25, client/elicitation (an empty object: forms).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpg.protocol.methods import TASKS_EXTENSION
from mcpg.protocol.versions import MODERN, at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RELAYED_EXTENSIONS", "capabilities_of", "lacking", "named", "needed_by", "relayable"]

RELAYED_EXTENSIONS: Final = frozenset({"io.modelcontextprotocol/ui", TASKS_EXTENSION})
"""Extensions that work through a gateway: it passes `_meta` and resources on, and tasks under ids of its own."""

_JUNE: Final = "2025-06-18"
_NOVEMBER: Final = "2025-11-25"


def capabilities_of(version: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client of `version` that declared this can be asked, in the newest shape."""
    able: dict[str, Any] = {}
    elicitation = declared.get("elicitation")
    if isinstance(elicitation, dict) and at_least(version, _JUNE):
        modes: dict[str, Any] = {mode: {} for mode in ("form", "url") if isinstance(elicitation.get(mode), dict)}
        able["elicitation"] = modes if at_least(version, _NOVEMBER) and modes else {"form": {}}
    sampling = declared.get("sampling")
    if isinstance(sampling, dict):
        able["sampling"] = (
            {part: {} for part in ("context", "tools") if isinstance(sampling.get(part), dict)}
            if at_least(version, _NOVEMBER)
            else {"context": {}}
        )
    roots = declared.get("roots")
    if isinstance(roots, dict):
        able["roots"] = {"listChanged": True} if roots.get("listChanged") is True and version not in MODERN else {}
    extensions = declared.get("extensions")
    if isinstance(extensions, dict) and at_least(version, _NOVEMBER):
        kept = {
            name: value
            for name, value in extensions.items()
            if isinstance(value, dict) and (name != TASKS_EXTENSION or version in MODERN)
        }
        if kept:
            able["extensions"] = kept
    return able


def relayable(capabilities: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return what an upstream of `version` may be told of a client's normalised capabilities, in that version's shape.

    Extensions that the gateway cannot relay, `experimental` and the experimental `tasks` are never told; the extension
    for tasks has no words before 2026-07-28.
    """
    told: dict[str, Any] = {}
    elicitation = capabilities.get("elicitation")
    if isinstance(elicitation, dict):
        if at_least(version, _NOVEMBER):
            told["elicitation"] = dict(elicitation)
        elif at_least(version, _JUNE) and "form" in elicitation:
            told["elicitation"] = {}
    sampling = capabilities.get("sampling")
    if isinstance(sampling, dict):
        told["sampling"] = dict(sampling) if at_least(version, _NOVEMBER) else {}
    roots = capabilities.get("roots")
    if isinstance(roots, dict):
        told["roots"] = {} if version in MODERN else dict(roots)
    extensions = capabilities.get("extensions")
    if isinstance(extensions, dict) and at_least(version, _NOVEMBER):
        known = RELAYED_EXTENSIONS if version in MODERN else RELAYED_EXTENSIONS - {TASKS_EXTENSION}
        kept = {name: value for name, value in extensions.items() if name in known}
        if kept:
            told["extensions"] = kept
    return told


def needed_by(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ClientCapabilities object that a request to the client needs; empty for a method that needs none."""
    match method:
        case "elicitation/create":
            return {"elicitation": {"url" if params.get("mode") == "url" else "form": {}}}
        case "sampling/createMessage":
            parts: dict[str, Any] = {}
            if params.get("tools") or params.get("toolChoice"):
                parts["tools"] = {}
            if params.get("includeContext", "none") != "none":
                parts["context"] = {}
            return {"sampling": parts}
        case "roots/list":
            return {"roots": {}}
    return {}


def lacking(needed: Mapping[str, Any], capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of `needed` is not in a client's normalised capabilities; empty if it can be asked."""
    missing: dict[str, Any] = {}
    for name, parts in needed.items():
        has = capabilities.get(name)
        if not isinstance(has, dict):
            missing[name] = dict(parts)
            continue
        absent = {part: value for part, value in parts.items() if part not in has}
        if absent:
            missing[name] = absent
    return missing


def named(required: Mapping[str, Any]) -> str:
    """Return a ClientCapabilities object as a person would name it: `elicitation.url`."""
    return ", ".join(".".join((kind, *parts)) for kind, parts in required.items())
