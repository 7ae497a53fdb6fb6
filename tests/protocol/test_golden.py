"""Golden files of the shapes: each says what it said when somebody last read it, and all of the matrix has one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.protocol.goldens import FUNCTIONS, ROOT, cases, outcome

from mcpg.protocol.asks import ASKS
from mcpg.protocol.kinds import BLOCKS, KINDS, SAMPLING_BLOCKS
from mcpg.protocol.methods import METHODS, NOTICES, TASK_METHODS
from mcpg.protocol.versions import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = cases()


def _read(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text())
    return case


def _methods(function: str) -> set[str]:
    return {_read(path)["method"] for path in ALL if path.parent.name == function}


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _objects(item)


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(path: Path) -> None:
    case = _read(path)
    versions: list[str] = []
    for group in case["expected"]:
        for version in group["versions"]:
            versions.append(version)
            said = {key: group[key] for key in group if key != "versions"}
            assert outcome(path.parent.name, case, version) == said
    assert sorted(versions) == sorted(KNOWN)


def test_every_function_has_cases_and_every_folder_a_function() -> None:
    assert {path.name for path in ROOT.iterdir()} == FUNCTIONS.keys()


def test_every_method_has_a_case() -> None:
    methods = frozenset[str]().union(*METHODS.values())
    assert methods - _methods("shape") == set()
    assert methods - _methods("raise_result") == set()
    assert methods.union(*TASK_METHODS.values()) - _methods("lower_call") == set()


def test_every_request_of_servers_and_every_notification_has_a_case() -> None:
    for function in ("raise_request", "lower_request", "raise_response", "lower_response"):
        assert ASKS.keys() - _methods(function) == set()
    assert NOTICES.keys() - _methods("lower_notification") == set()


@pytest.mark.parametrize(
    ("function", "method", "kinds"),
    [
        ("shape", "tools/call", BLOCKS),
        ("raise_result", "tools/call", BLOCKS),
        ("shape", "prompts/get", BLOCKS),
        ("raise_request", "sampling/createMessage", SAMPLING_BLOCKS),
        ("lower_request", "sampling/createMessage", SAMPLING_BLOCKS),
        ("lower_response", "sampling/createMessage", SAMPLING_BLOCKS),
    ],
)
def test_every_kind_of_content_has_a_case(function: str, method: str, kinds: dict[str, str]) -> None:
    inputs = [_read(path) for path in ALL if path.parent.name == function]
    seen = {item.get("type") for case in inputs if case["method"] == method for item in _objects(case["input"])}
    assert kinds.keys() - {kind for kind in seen if isinstance(kind, str)} == set()


def test_every_member_that_not_all_versions_have_is_in_some_input() -> None:
    named = {name for path in ALL for item in _objects(_read(path)["input"]) for name in item}
    members = [item for kind in KINDS.values() for item in kind.items()]
    some = {name for name, member in members if member.since != KNOWN[0] or member.until}
    assert some - named == set()
