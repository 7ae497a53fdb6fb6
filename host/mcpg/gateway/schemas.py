"""JSON Schemas compiled once into checks. It fetches nothing: a reference outside the schema refuses it.

Faults name the place and the rule, never the value, so that they may stand in a ledger. Patterns run with a bound on
backtracking. Source: JSON Schema 2020-12; MCP 2026-07-28, "Tools", on untrusted schemas.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["compile_check", "defaults_of"]

MOST_FAULTS = 10
MOST_TEXT = 500
_KNOWN = re.compile(r"[A-Za-z0-9_.$-]{1,64}\Z")
MAX_DEPTH = 64
BACKTRACKS = 10_000


def compile_check(schema: Mapping[str, Any], where: str) -> Callable[[Any], list[str]]:
    """Return a check that lists a value's faults, at most ten; `ConfigError` when the schema cannot be used."""
    if _depth(schema) > MAX_DEPTH:
        raise ConfigError(f"the schema is nested deeper than {MAX_DEPTH}", where=where, remedy="flatten it")
    try:
        validator = jsonschema_rs.validator_for(
            dict(schema),
            offline=True,
            mask="the value",
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS),
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        line = str(error).splitlines()[0] if str(error) else "not a JSON Schema"
        raise ConfigError(f"the schema cannot be used: {line}", where=where, remedy="mend the JSON Schema") from error
    return _Check(validator)


class _Check:
    """A compiled schema; the common case, a valid value, is one call."""

    __slots__ = ("_validator",)

    def __init__(self, validator: Any) -> None:
        self._validator = validator

    def __call__(self, value: Any) -> list[str]:
        """Return the faults of `value`."""
        try:
            if self._validator.is_valid(value):
                return []
            faults = [_fault(error) for error in islice(self._validator.iter_errors(value), MOST_FAULTS)]
        except (ValueError, RecursionError):
            return ["the value is too deep or too large to check"]
        return faults or ["the value is not valid"]


def _fault(error: Any) -> str:
    """Return place and rule; a name that the caller made up is in neither."""
    path = [str(part) for part in error.schema_path]
    made_up = "propertyNames" in path or path[-1:] in (["additionalProperties"], ["unevaluatedProperties"])
    rule = "a name is not allowed" if made_up else str(error.message)
    parts = [str(part) for part in error.instance_path]
    place = "/".join(part if _KNOWN.match(part) else "*" for part in parts)
    return f"/{place}: {rule}"[:MOST_TEXT] if place else rule[:MOST_TEXT]


def defaults_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of a schema's own properties, which the host fills in where an argument is missing."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: item["default"] for name, item in properties.items() if isinstance(item, dict) and "default" in item}


def _depth(value: Any, level: int = 0) -> int:
    if level > MAX_DEPTH or not isinstance(value, dict | list):
        return level
    items = value.values() if isinstance(value, dict) else value
    return max((_depth(item, level + 1) for item in items), default=level)
