"""The golden files of the shapes: reading them, running them, and writing what the code says now (for review by eye).

One file a case: `method`, `input`, and `expected`: what each group of versions gets, a `value` or a `refused` with code
and message. `.venv/bin/python -m tests.protocol.goldens` writes `expected` anew; read the diff before it is committed.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol.capabilities import capabilities_of, needed_by, relayable
from mcpg.protocol.handshake import initialize_result
from mcpg.protocol.refusals import error_for
from mcpg.protocol.shapes import (
    lower_call,
    lower_notification,
    lower_request,
    lower_response,
    raise_request,
    raise_response,
    raise_result,
    shape,
)
from mcpg.protocol.versions import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent / "golden"
WIDTH = 110
INFO = {"name": "gateway", "version": "1"}

FUNCTIONS: dict[str, Callable[[str, Any, str], Any]] = {
    "shape": lambda method, value, version: shape(method, value, version, INFO),
    "raise_result": raise_result,
    "raise_request": raise_request,
    "raise_response": raise_response,
    "lower_call": lower_call,
    "lower_request": lower_request,
    "lower_response": lower_response,
    "lower_notification": lower_notification,
    "capabilities_of": lambda _method, value, version: capabilities_of(version, value),
    "relayable": lambda _method, value, version: relayable(value, version),
    "needed_by": lambda method, value, _version: needed_by(method, value),
    "initialize_result": lambda _method, value, version: initialize_result(value, version),
    "error_for": lambda method, value, version: list(error_for(Refusal(**value), version, method)),
}


def cases() -> list[Path]:
    """Return all golden files, in a stable order."""
    return sorted(ROOT.glob("*/*.json"))


def outcome(function: str, case: dict[str, Any], version: str) -> dict[str, Any]:
    """Return what `function` says to a case in one version; the input is a copy of its own each time."""
    try:
        value = FUNCTIONS[function](case.get("method", ""), copy.deepcopy(case["input"]), version)
    except Refusal as refusal:
        refused: dict[str, Any] = {"code": refusal.code, "message": str(refusal)}
        return {"refused": refused if refusal.data is None else {**refused, "data": refusal.data}}
    return {"value": value}


def expected_of(function: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outcomes of all versions, those that are the same together."""
    groups: list[dict[str, Any]] = []
    for version in KNOWN:
        said = outcome(function, case, version)
        same = [group for group in groups if {key: group[key] for key in group if key != "versions"} == said]
        if same:
            same[0]["versions"].append(version)
        else:
            groups.append({"versions": [version], **said})
    return groups


def _write() -> None:
    for path in cases():
        case = json.loads(path.read_text())
        case["expected"] = expected_of(path.parent.name, case)
        path.write_text(_pretty(case) + "\n")


def _pretty(value: Any, indent: str = "") -> str:
    """Return JSON text in which whatever fits a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + len(indent) <= WIDTH or not isinstance(value, dict | list):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {_pretty(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _pretty(item, inner) for item in value) + f"\n{indent}]"


if __name__ == "__main__":
    _write()
