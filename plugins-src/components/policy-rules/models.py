"""Small models as JSON: a logistic regression or a decision tree. They score; they are not trained here.

`{"kind": "logistic", "features": [...], "coefficients": [...], "intercept": 0.1}`, with `mean` and `scale` if values are
standardised first; `{"kind": "tree", "features": [...], "left": [...], "right": [...], "feature": [...], "threshold":
[...], "value": [...]}` as scikit-learn's `tree_` has them, a node that has no children with -1 on both sides.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from mcpg_sdk import Problem

__all__ = ["Logistic", "Tree", "read_model"]


class Logistic:
    """A logistic regression of two classes."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.features = _features(data)
        count = len(self.features)
        self._weights = _numbers(data, "coefficients", count)
        self._intercept = _number(data.get("intercept"), "intercept")
        self._mean = _numbers(data, "mean", count) if "mean" in data else [0.0] * count
        self._scale = _numbers(data, "scale", count) if "scale" in data else [1.0] * count
        if 0.0 in self._scale:
            raise _wrong("`scale` holds a 0")

    def score(self, values: Mapping[str, float]) -> float:
        """Return the probability of the second class; `KeyError` for a feature without value."""
        row = _row(self.features, values)
        parts = zip(row, self._mean, self._scale, self._weights, strict=True)
        return _sigmoid(self._intercept + sum((x - mean) / scale * weight for x, mean, scale, weight in parts))


class Tree:
    """A decision tree; `value` is the score at a leaf."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.features = _features(data)
        count = len(data["left"]) if isinstance(data.get("left"), list) else 0
        if not count:
            raise _wrong("`left` is not a list of nodes")
        self._left, self._right = (_places(data, name, count) for name in ("left", "right"))
        self._feature = _places(data, "feature", count)
        self._threshold, self._value = (_numbers(data, name, count) for name in ("threshold", "value"))
        for node in range(count):
            self._check(node, count)

    def score(self, values: Mapping[str, float]) -> float:
        """Return the value of the leaf; `KeyError` for a feature without value."""
        row, node = _row(self.features, values), 0
        while self._left[node] >= 0:
            below = row[self._feature[node]] <= self._threshold[node]
            node = self._left[node] if below else self._right[node]
        return self._value[node]

    def _check(self, node: int, count: int) -> None:
        """Children stand behind their parents, so no walk can be endless."""
        left, right = self._left[node], self._right[node]
        if left < 0 and right < 0:
            if not 0 <= self._value[node] <= 1:
                raise _wrong(f"the leaf {node} has a `value` outside 0 to 1")
        elif not (node < left < count and node < right < count and 0 <= self._feature[node] < len(self.features)):
            raise _wrong(f"the node {node} has a child or a feature that cannot be")


def read_model(text: str) -> Logistic | Tree:
    """Return the model in a JSON text; `Problem` with code `bad-config` says what is wrong with it."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _wrong(f"it is not JSON: {error}") from None
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "logistic":
        return Logistic(data)
    if kind == "tree":
        return Tree(data)
    raise _wrong("its `kind` is neither `logistic` nor `tree`")


def _row(features: list[str], values: Mapping[str, float]) -> list[float]:
    row = [values[name] for name in features]
    for name, value in zip(features, row, strict=True):
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"the feature `{name}` is no number: {value!r}")
    return row


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-min(x, 700.0)))
    power = math.exp(max(x, -700.0))
    return power / (1 + power)


def _features(data: dict[str, Any]) -> list[str]:
    names = data.get("features")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise _wrong("`features` is not a list of names")
    return names


def _numbers(data: dict[str, Any], name: str, count: int) -> list[float]:
    values = data.get(name)
    if not isinstance(values, list) or len(values) != count:
        raise _wrong(f"`{name}` is not a list of {count} numbers")
    return [_number(value, name) for value in values]


def _places(data: dict[str, Any], name: str, count: int) -> list[int]:
    values = data.get(name)
    if not isinstance(values, list) or len(values) != count or any(type(value) is not int for value in values):
        raise _wrong(f"`{name}` is not a list of {count} whole numbers")
    return values


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(f"`{name}` holds {value!r}, which is no number")
    return float(value)


def _wrong(what: str) -> Problem:
    return Problem("bad-config", f"the model cannot be used: {what}")
