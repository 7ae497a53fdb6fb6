"""Shapes of tasks: what a server says beyond the extension stays behind, and nonsense is refused, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.ports import Refusal
from mcpg.protocol.capabilities import capabilities_of, relayable
from mcpg.protocol.handshake import discover_result, initialize_result
from mcpg.protocol.methods import TASKS_EXTENSION
from mcpg.protocol.shapes import raise_result, shape
from mcpg.protocol.tasks import METHODS, created_task, declares_tasks, fitted_task
from mcpg.protocol.versions import HANDSHAKE, LATEST_MODERN

TASK: dict[str, Any] = {
    "taskId": "t", "status": "working", "createdAt": "2026-11-21T10:00:00Z",
    "lastUpdatedAt": "2026-11-21T10:00:00.5+01:00", "ttlMs": None,
}  # fmt: skip
FORM = {
    "method": "elicitation/create",
    "params": {"message": "?", "requestedSchema": {"type": "object", "properties": {}}},
}
DONE = {"content": [{"type": "text", "text": "x"}]}
STATUSES: dict[str, dict[str, Any]] = {
    "working": {},
    "cancelled": {},
    "completed": {"result": DONE},
    "failed": {"error": {"code": -32603, "message": "x"}},
    "input_required": {"inputRequests": {"k": FORM}},
}
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = (*TASK, "pollIntervalMs", "statusMessage", "result", "error", "inputRequests", "_meta", "resultType")


@pytest.mark.parametrize("status", STATUSES)
def test_a_task_has_what_belongs_to_its_status_and_nothing_else(status: str) -> None:
    everything = {key: value for each in STATUSES.values() for key, value in each.items()}
    strange = {"requestState": "x", "ttl": 5, "pollInterval": 5, "task": {}, "inputResponses": {}}
    found = fitted_task("tasks/get", {**strange, **everything, **TASK, "status": status, "_meta": {"own": 1}})
    assert found == {"resultType": "complete", **TASK, "status": status, **STATUSES[status], "_meta": {"own": 1}}
    created = created_task({**strange, **everything, **TASK, "status": status})
    assert created == {"resultType": "task", **TASK, "status": status}


@pytest.mark.parametrize("method", sorted(METHODS - {"tasks/get"}))
def test_an_acknowledgement_is_empty(method: str) -> None:
    assert fitted_task(method, {**TASK, "result": DONE}) == {"resultType": "complete"}


@pytest.mark.parametrize("status", ["completed", "failed", "input_required"])
def test_a_status_without_what_belongs_to_it_is_refused(status: str) -> None:
    with pytest.raises(Refusal, match="malformed"):
        fitted_task("tasks/get", {**TASK, "status": status})


@pytest.mark.parametrize("result", [{"resultType": "task", **TASK}, {"resultType": "input_required"}, [], "x", None])
def test_a_task_ends_in_a_result_that_is_complete(result: object) -> None:
    with pytest.raises(Refusal):
        fitted_task("tasks/get", {**TASK, "status": "completed", "result": result})


@given(
    st.sampled_from(sorted(METHODS)), st.dictionaries(st.sampled_from(MEMBERS), junk),
    st.sampled_from(sorted(STATUSES)), st.booleans(),
)  # fmt: skip
def test_nonsense_is_refused_or_fits(method: str, given: dict[str, Any], status: str, mostly: bool) -> None:  # noqa: FBT001 - drawn
    result = {**TASK, "status": status, **STATUSES[status], **given} if mostly else given
    for make in (created_task, lambda value: fitted_task(method, value)):
        try:
            found = make(result)
        except Refusal:
            continue
        assert set(found) <= {*MEMBERS}
        again = created_task(found) if found["resultType"] == "task" else fitted_task(method, found)
        assert again == found


def test_tasks_are_results_of_tool_calls_only() -> None:
    created = {"resultType": "task", **TASK}
    assert raise_result("tools/call", created, LATEST_MODERN) == created
    assert shape("tools/call", created, LATEST_MODERN, {})["resultType"] == "task"
    for method in ("prompts/get", "resources/read", "tools/list", "tasks/get"):
        with pytest.raises(Refusal):
            raise_result(method, created, LATEST_MODERN)
        with pytest.raises(Refusal):
            shape(method, created, LATEST_MODERN, {})
    for version in HANDSHAKE:
        with pytest.raises(Refusal):
            shape("tools/call", created, version, {})


@pytest.mark.parametrize("version", HANDSHAKE)
def test_versions_with_a_handshake_hear_nothing_of_the_extension(version: str) -> None:
    declared = {"extensions": {TASKS_EXTENSION: {}, "io.modelcontextprotocol/ui": {}}}
    assert not declares_tasks(version, declared)
    assert TASKS_EXTENSION not in capabilities_of(version, declared).get("extensions", {})
    modern = capabilities_of(LATEST_MODERN, declared)
    assert TASKS_EXTENSION in modern["extensions"]
    assert TASKS_EXTENSION in relayable(modern, LATEST_MODERN)["extensions"]
    assert TASKS_EXTENSION not in relayable(modern, version).get("extensions", {})
    told = initialize_result({"capabilities": {"extensions": {TASKS_EXTENSION: {}}}, "serverInfo": {}}, version)
    assert told["capabilities"] == {}
    described = {"capabilities": {"extensions": {TASKS_EXTENSION: {}}}}
    assert discover_result(described)["capabilities"] == described["capabilities"]
