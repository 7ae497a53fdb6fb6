"""Patterns of schemas, so that none runs away: what each can cost, and a guard that keeps long texts from it.

The validator's linear engine needs time by text length times compiled size, so sizes are bounded, and dearer ones count
for more. Patterns with look-around or back-references need its backtracking engine, where each step may read the
whole text: they get shorter texts, and a bound on steps. Source: measured with jsonschema-rs 0.60 (`regex`,
`fancy-regex`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import jsonschema_rs

from mcpg.contract.problems import ConfigError
from mcpg.gateway.schema_graph import printable

if TYPE_CHECKING:
    from mcpg.gateway.schema_graph import Graph

__all__ = ["LONGEST", "OPTIONS", "guard", "pattern_cost"]

LONGEST: Final = 8192
"""Characters of a text that a pattern may see."""

LONGEST_FANCY: Final = 1024
"""The same for a pattern with look-around or back-references, or one that compiles to much."""

BACKTRACKS: Final = 10_000
MAX_SIZE: Final = 1024 * 1024
MAX_PATTERN: Final = 4096

OPTIONS: Final = jsonschema_rs.FancyRegexOptions(
    backtrack_limit=BACKTRACKS, size_limit=MAX_SIZE, dfa_size_limit=MAX_SIZE
)

_MOST: Final = 40_000
"""Cost of all patterns of one schema together, which is what they take to compile and keep."""

_ADDRESS_OF_OLD: Final = ("draft-04", "draft-06")


class _Class(NamedTuple):
    cost: int
    longest: int


_CHEAP: Final = _Class(16, LONGEST)
_DEAR: Final = _Class(320, LONGEST)
_HUGE: Final = _Class(4000, LONGEST_FANCY)
_FANCY: Final = _Class(320, LONGEST_FANCY)


def guard(graph: Graph, where: str) -> None:
    """Rewrite, in place, each `pattern` so that it sees no text beyond its length; `ConfigError` for one of no use."""
    dialect = graph.nodes[0].get("$schema", "")
    old = isinstance(dialect, str) and any(name in dialect for name in _ADDRESS_OF_OLD)
    total = 0
    for node in graph.nodes:
        for name in _names(node):
            kind = _class_of(name)
            if kind is None or kind is _FANCY:
                text = f"the pattern {printable(name)} of property names is too complex"
                raise ConfigError(text, where=where, remedy="use one without look-around or back-references")
            total += kind.cost
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            kind = _class_of(pattern)
            if kind is None:
                raise ConfigError(f"the pattern {printable(pattern)} cannot be used", where=where, remedy="simplify it")
            total += kind.cost
            _put_guard(node, pattern, kind.longest, old=old)
    if total > _MOST:
        raise ConfigError("the schema has too many or too complex patterns", where=where, remedy="use fewer patterns")


def pattern_cost(node: dict[str, Any]) -> int:
    """Return what a subschema's own patterns cost by the character, in units of `schema_costs`."""
    patterns = _names(node)
    if isinstance(node.get("pattern"), str):
        patterns.append(node["pattern"])
    return sum(kind.cost for kind in map(_class_of, patterns) if kind is not None)


def _names(node: dict[str, Any]) -> list[str]:
    named = node.get("patternProperties")
    return list(named) if isinstance(named, dict) else []


def _put_guard(node: dict[str, Any], pattern: str, longest: int, *, old: bool) -> None:
    """Ask for the length first. Drafts 4 and 6 have no `if`; there, alternatives are tried in order."""
    if old:
        bad = {"anyOf": [{"minLength": longest + 1}, {"not": {"pattern": pattern}}]}
        rule: dict[str, Any] = {"anyOf": [{"not": {"type": "string"}}, {"not": bad}]}
    else:
        short = {"maxLength": longest}
        rule = {"if": short, "then": {"pattern": pattern}, "else": short}
    del node["pattern"]
    others = node.get("allOf")
    node["allOf"] = [*others, rule] if isinstance(others, list) else [rule]


@lru_cache(maxsize=2048)
def _class_of(pattern: str) -> _Class | None:
    """Return how dear a pattern is; none for one that no engine takes within the bounds."""
    if len(pattern) > MAX_PATTERN:
        return None
    for size, kind in ((4 * 1024, _CHEAP), (32 * 1024, _DEAR), (MAX_SIZE, _HUGE)):
        if _compiles(pattern, jsonschema_rs.RegexOptions(size_limit=size)):
            return kind
    fancy = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS, size_limit=32 * 1024)
    return _FANCY if _compiles(pattern, fancy) else None


def _compiles(pattern: str, options: Any) -> bool:
    try:
        jsonschema_rs.validator_for({"pattern": pattern}, offline=True, mask="", pattern_options=options)
    except (ValueError, jsonschema_rs.ValidationError):
        return False
    return True
