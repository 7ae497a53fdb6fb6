"""How much work a schema can make of a value: bounds that are worked out once, before any value is seen.

A schema may apply many subschemas to one and the same value, by alternatives and by references to itself; the counts
multiply at each level down. They are bounded from above here, level by level, without running anything. A unit of cost
is one keyword applied, about 25 ns. Patterns cost by the character. Source: measured with jsonschema-rs 0.60.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.gateway.schema_graph import Graph

__all__ = ["BUDGET", "FAULT_BUDGET", "Costs", "cost_of", "cost_of_faults", "costs_of"]

BUDGET: Final = 10_000_000
"""Units that one value may cost: a quarter of a second."""

FAULT_BUDGET: Final = BUDGET // 4
"""Units that it may cost to spell out what is wrong with one value."""

MAX_LEVELS: Final = 128
"""Levels of a value; the protocol room refuses deeper ones."""

_CHEAP: Final = 16
"""Units per value up to which no body that is let in can exceed the budget by much: such schemas count nothing."""

_UNIQUE: Final = 20

_FAULT: Final = 500
_ENTRY: Final = 5
_SILENT: Final = frozenset(
    {"title", "description", "default", "examples", "format", "$ref", "$defs", "definitions", "properties", "items"}
)
"""Keywords without faults of their own: annotations, and those whose subschemas have theirs."""

_WORK: Final = 1_000_000
"""Steps that working all this out may take."""

_WAYS: Final = 64
"""Ways to meet a part that are told apart at one level; more of them are taken together, which bounds from above."""

_Applied = tuple[tuple[int, int], ...]
"""How often each subschema is applied to one value, by number."""

Level = frozenset[_Applied]


class Costs(NamedTuple):
    """Units by level of the value; the last entry holds for all deeper levels.

    `value` is for each value, `text` for each character of a text that patterns may see; both are empty if nothing
    needs counting. `fault` is what it takes to spell out what may be wrong with each value.
    """

    value: tuple[int, ...]
    text: tuple[int, ...]
    fault: tuple[int, ...]


def costs_of(graph: Graph, pattern_cost: Callable[[dict[str, Any]], int], where: str) -> Costs:
    """Return the costs of a schema; `ConfigError` for one that refers to itself in a circle, or multiplies its parts.

    `pattern_cost` says what a subschema's own patterns cost by the character.
    """
    reach = _Reach(graph, where)
    own = [(_weight(node), pattern_cost(node), _fault_weight(node)) for node in graph.nodes]
    level = frozenset({reach.spread({0: 1})})
    seen: dict[frozenset[_Applied], int] = {}
    rows: list[tuple[int, int, int]] = []
    while level and level not in seen and len(rows) < MAX_LEVELS:
        seen[level] = len(rows)
        rows.append(_most(level, own))
        if rows[0][0] > BUDGET // 10:
            raise ConfigError("the schema multiplies its own parts", where=where, remedy="refer to a part once")
        if rows[-1][0] > BUDGET:
            break
        level = reach.below(level)
    if level in seen:  # from here on it goes round
        value, text, fault = zip(*rows[seen[level] :], strict=True)
        rows.append((max(value), max(text), max(fault)))
    elif not level:
        rows.append((0, 0, 0))
    by_value, by_text, by_fault = zip(*rows, strict=True)
    if not any(by_text) and max(by_value) <= _CHEAP:
        return Costs((), (), by_fault)
    return Costs(by_value, by_text, by_fault)


def cost_of_faults(value: Any, costs: Costs) -> int:
    """Return an upper bound of the units that it costs to spell out what is wrong with `value`, as `cost_of` does."""
    return cost_of(value, Costs(costs.fault, (0,) * len(costs.fault), ()), longest=0)


def cost_of(value: Any, costs: Costs, *, longest: int) -> int:
    """Return an upper bound of the units that checking `value` costs, or some number beyond the budget.

    Texts longer than `longest` never reach a pattern, so they cost what any value does.
    """
    level, total, depth = [value], 0, 0
    last = len(costs.value) - 1
    while level and total <= BUDGET:
        each, sign = costs.value[min(depth, last)], costs.text[min(depth, last)]
        sign_of_names = sign + costs.text[min(depth + 1, last)]
        total += each * len(level)
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
                total += sign_of_names * sum(map(len, item)) if sign_of_names else 0
            elif isinstance(item, list):
                below += item
            elif sign and isinstance(item, str) and len(item) <= longest:
                total += sign * len(item)
        level = below
        depth += 1
    return total


def _weight(node: dict[str, Any]) -> int:
    """Count what is applied one by one; a handful of it costs as much as one keyword."""
    lists = [node.get(key) for key in ("enum", "required", "properties")]
    listed = sum(len(each) for each in lists if isinstance(each, dict | list))
    return 1 + listed // 4 + (_UNIQUE if node.get("uniqueItems") else 0)


def _fault_weight(node: dict[str, Any]) -> int:
    """Each keyword may have its fault, with a copy of what the keyword wants; the validator spells out all of them."""
    return sum(
        _FAULT + (_ENTRY * len(value) if isinstance(value, dict | list) else 0)
        for keyword, value in node.items()
        if keyword not in _SILENT
    )


def _times(node: dict[str, Any]) -> int:
    """What is evaluated for `unevaluated...` is evaluated again."""
    return 2 if "unevaluatedProperties" in node or "unevaluatedItems" in node else 1


def _most(level: Level, own: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """Return the most that any way to meet a part costs, of each kind of cost."""
    most = [0, 0, 0]
    for applied in level:
        for kind in range(3):
            total = sum(times * own[number][kind] for number, times in applied)
            most[kind] = max(most[kind], min(total, BUDGET + 1))
    return most[0], most[1], most[2]


class _Reach:
    """What of a schema is applied where: first to one value, then to its parts, level by level."""

    __slots__ = ("_closures", "_graph", "_left", "_where")

    def __init__(self, graph: Graph, where: str) -> None:
        self._graph = graph
        self._where = where
        self._left = _WORK
        self._closures: list[dict[int, int]] = [{} for _ in graph.nodes]
        for number in reversed(_topological(graph, where)):
            self._close(number)

    def spread(self, counts: dict[int, int]) -> _Applied:
        """Return how often each subschema is applied to a value to which those in `counts` are."""
        spread: dict[int, int] = {}
        for number, times in counts.items():
            closure = self._closures[number]
            self._work(len(closure))
            for target, often in closure.items():
                spread[target] = min(spread.get(target, 0) + times * often, BUDGET + 1)
        return tuple(sorted(spread.items()))

    def below(self, level: Level) -> Level:
        """Return the same for all parts of the values of a level: each way that a part can be met, once."""
        parts = {part for applied in level for part in self._parts(applied)}
        if len(parts) <= _WAYS:
            return frozenset(parts)
        most: dict[int, int] = {}
        for applied in parts:
            for number, times in applied:
                most[number] = max(most.get(number, 0), times)
        return frozenset({tuple(sorted(most.items()))})

    def _parts(self, applied: _Applied) -> set[_Applied]:
        by_key: dict[str, dict[int, int]] = {"p:": {}, "i:": {}, "p*": {}, "i*": {}}
        for number, times in applied:
            edges = self._graph.below[number]
            self._work(len(edges))
            for key, target in edges:
                each = by_key.setdefault(key, {})
                each[target] = min(each.get(target, 0) + times, BUDGET + 1)
        everywhere = {"p": by_key.pop("p*"), "i": by_key.pop("i*"), "n": {}}
        parts: set[_Applied] = set()
        for key, counts in by_key.items():
            whole = dict(counts)
            for target, times in everywhere[key[0]].items():
                whole[target] = whole.get(target, 0) + times
            if whole:
                parts.add(self.spread(whole))
        return parts

    def _close(self, number: int) -> None:
        closure = {number: 1}
        times = _times(self._graph.nodes[number])
        for target in self._graph.here[number]:
            self._work(len(self._closures[target]))
            for each, often in self._closures[target].items():
                closure[each] = min(closure.get(each, 0) + times * often, BUDGET + 1)
        self._closures[number] = closure

    def _work(self, steps: int) -> None:
        self._left -= steps + 1
        if self._left < 0:
            text = "the schema is too entangled to bound its cost"
            raise ConfigError(text, where=self._where, remedy="use fewer references and alternatives")


def _topological(graph: Graph, where: str) -> list[int]:
    """Return all numbers so that edges to the same value lead forward only; `ConfigError` where they go in a circle."""
    waiting = [0] * len(graph.nodes)
    for targets in graph.here:
        for target in targets:
            waiting[target] += 1
    ready = [number for number, count in enumerate(waiting) if count == 0]
    order: list[int] = []
    while ready:
        number = ready.pop()
        order.append(number)
        for target in graph.here[number]:
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    if len(order) < len(graph.nodes):
        raise ConfigError("the schema refers to itself in a circle", where=where, remedy="break the circle of `$ref`")
    return order
