"""A tool's schemas as each version wants them at their root. It judges no keyword below the root's properties.

Versions with a handshake want roots of type object, and objects (not booleans) as the schemas of properties; 2026-07-28
wants that of input schemas alone. Source: `Tool` in schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.protocol.scalars import NOTHING
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["input_schema", "output_schema"]


def input_schema(version: str) -> Callable[[Any], Any]:
    """Return the rule for input schemas; one without a type takes objects, as all arguments are."""
    legacy = version not in MODERN

    def rule(schema: Any) -> Any:
        if not isinstance(schema, dict) or not isinstance(schema.get("$schema", ""), str):
            return NOTHING
        typed = schema if "type" in schema else {**schema, "type": "object"}
        if typed["type"] != "object":
            return NOTHING
        return _plain_root(typed) if legacy else typed

    return rule


def output_schema(version: str) -> Callable[[Any], Any]:
    """Return the rule for output schemas."""
    legacy = version not in MODERN

    def rule(schema: Any) -> Any:
        if not isinstance(schema, dict) or not isinstance(schema.get("$schema", ""), str):
            return NOTHING
        if not legacy:
            return schema
        return _plain_root(schema) if schema.get("type") == "object" else NOTHING

    return rule


def _plain_root(schema: dict[str, Any]) -> Any:
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return NOTHING
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        return NOTHING
    if all(isinstance(item, dict) for item in properties.values()):
        return schema
    plain = {name: _as_object(item) for name, item in properties.items()}
    return NOTHING if any(item is NOTHING for item in plain.values()) else {**schema, "properties": plain}


def _as_object(schema: Any) -> Any:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema if isinstance(schema, dict) else NOTHING
