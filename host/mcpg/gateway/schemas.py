"""JSON Schemas compiled once into checks. It fetches nothing: a reference outside the schema refuses it.

Faults name the place and the rule, never the value, so that they may stand in a ledger. Bounds on size, depth, number
of subschemas and patterns hold when a schema is compiled, bounds on the work that a value makes when it is checked.
`format` is an annotation, as 2020-12 has it. Source: JSON Schema 2020-12 (drafts 4 to 2019-09 where `$schema` names
them); MCP 2026-07-28, basic/index, "JSON Schema usage".
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import msgspec

from mcpg.contract.problems import ConfigError
from mcpg.gateway.schema_costs import BUDGET, FAULT_BUDGET, Costs, cost_of, cost_of_faults, costs_of
from mcpg.gateway.schema_graph import graph_of
from mcpg.gateway.schema_patterns import LONGEST, OPTIONS, guard, pattern_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["compile_check", "defaults_of"]

MOST_FAULTS: Final = 10
MOST_TEXT: Final = 500
MAX_DEPTH: Final = 64
MAX_BYTES: Final = 512 * 1024
"""Bytes of a schema as JSON."""

_KNOWN = re.compile(r"[A-Za-z0-9_.$-]{1,64}\Z")
_encode = msgspec.json.Encoder().encode


def compile_check(schema: object, where: str) -> Callable[[Any], list[str]]:
    """Return a check that lists a value's faults, at most ten; `ConfigError` when the schema cannot be used.

    The caller leaves out what the schema belongs to: a tool whose arguments cannot be checked is not served.
    """
    if not isinstance(schema, dict):
        raise ConfigError("the schema is no object", where=where, remedy="write it as an object")
    if _depth(schema) > MAX_DEPTH:
        raise ConfigError(f"the schema is nested deeper than {MAX_DEPTH}", where=where, remedy="flatten it")
    raw = _encode(schema)
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"the schema is larger than {MAX_BYTES} bytes", where=where, remedy="make it smaller")
    own: dict[str, Any] = msgspec.json.decode(raw)
    graph = graph_of(own, where)
    costs = costs_of(graph, pattern_cost, where)
    guard(graph, where)
    try:
        validator = jsonschema_rs.validator_for(
            own, offline=True, mask="the value", validate_formats=False, pattern_options=OPTIONS
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        line = str(error).splitlines()[0][:MOST_TEXT] if str(error) else "not a JSON Schema"
        raise ConfigError(f"the schema cannot be used: {line}", where=where, remedy="mend the JSON Schema") from error
    return _Check(validator, costs)


class _Check:
    """A compiled schema; the common case, a valid value, is one call."""

    __slots__ = ("_costs", "_rate", "_validator")

    def __init__(self, validator: Any, costs: Costs) -> None:
        self._validator = validator
        self._costs = costs
        self._rate = max(costs.value, default=0) + 2 * max(costs.text, default=0)

    def __call__(self, value: Any) -> list[str]:
        """Return the faults of `value`."""
        try:
            if self._rate and self._is_too_much(value):
                return ["the value is too large or too deep for the alternatives and patterns of its schema"]
            if self._validator.is_valid(value):
                return []
            if cost_of_faults(value, self._costs) > FAULT_BUDGET:
                return ["the value is not valid, and has too many parts to say where"]
            faults = [_fault(error) for error in islice(self._validator.iter_errors(value), MOST_FAULTS)]
        except (ValueError, RecursionError):
            return ["the value is too deep or too large to check"]
        return faults or ["the value is not valid"]

    def _is_too_much(self, value: Any) -> bool:
        """Ask how long the value is first: every byte of a short one may cost the most that any can."""
        if len(_encode(value)) * self._rate <= BUDGET:
            return False
        return cost_of(value, self._costs, longest=LONGEST) > BUDGET


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
