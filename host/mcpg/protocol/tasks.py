"""Tasks (extension `io.modelcontextprotocol/tasks`) as values: who may get one, and the shape of each. It asks nobody.

Shapes are written anew from the members that the extension names: whatever else a server says of its task stays behind.
Source: ext-tasks, specification/draft/tasks (SEP-2663).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.asks import fitted_asks
from mcpg.protocol.methods import EXTENDED, TASK_METHODS, TASKS_EXTENSION
from mcpg.protocol.results import fitted_result
from mcpg.protocol.versions import LATEST_MODERN, MODERN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_TASK_ID", "METHODS", "NEEDED", "created_task", "declares_tasks", "fitted_task"]

METHODS: Final = TASK_METHODS[LATEST_MODERN]
"""The extension's requests."""

NEEDED: Final[dict[str, Any]] = {"extensions": {TASKS_EXTENSION: {}}}
"""The ClientCapabilities object of who may get a task."""

MAX_TASK_ID: Final = 1024
"""Characters of a server's own task id: ours, which holds it, has to fit into a header."""

_MAX_TIME: Final = 64
_MAX_WORDS: Final = 4096
_MAX_MS: Final = 2**53
_STATUSES: Final = frozenset({"working", "input_required", "completed", "failed", "cancelled"})


def declares_tasks(version: str, capabilities: Mapping[str, Any]) -> bool:
    """Return whether a client of `version` that declared this may be answered with a task."""
    extensions = capabilities.get("extensions")
    return version in MODERN and isinstance(extensions, dict) and isinstance(extensions.get(TASKS_EXTENSION), dict)


def created_task(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a CreateTaskResult; raises `Refusal` -32603 for what is none."""
    return _with_meta({"resultType": EXTENDED, **_task(result)}, result)


def fitted_task(method: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a server answered to one of the extension's requests; raises `Refusal` -32603 for what is no answer.

    A DetailedTask with what belongs to its status and nothing else; an acknowledgement is empty.
    """
    if method != "tasks/get":
        return _with_meta({"resultType": "complete"}, result)
    task: dict[str, Any] = {"resultType": "complete", **_task(result)}
    if task["status"] == "completed":
        task["result"] = _inlined(result.get("result"))
    elif task["status"] == "failed":
        task["error"] = _error(result.get("error"))
    elif task["status"] == "input_required":
        requests = result.get("inputRequests")
        task["inputRequests"] = fitted_asks({"inputRequests": requests}, LATEST_MODERN)["inputRequests"]
    return _with_meta(task, result)


def _task(result: Mapping[str, Any]) -> dict[str, Any]:
    task: dict[str, Any] = {}
    name = result.get("taskId")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_TASK_ID:
        raise _malformed("taskId")
    task["taskId"] = name
    if not isinstance(status := result.get("status"), str) or status not in _STATUSES:
        raise _malformed("status")
    task["status"] = status
    words = result.get("statusMessage")
    if isinstance(words, str):
        task["statusMessage"] = words[:_MAX_WORDS]
    for member in ("createdAt", "lastUpdatedAt"):
        task[member] = _time(member, result.get(member))
    if "ttlMs" not in result:
        raise _malformed("ttlMs")
    task["ttlMs"] = None if result["ttlMs"] is None else _milliseconds("ttlMs", result["ttlMs"])
    if result.get("pollIntervalMs") is not None:
        task["pollIntervalMs"] = _milliseconds("pollIntervalMs", result["pollIntervalMs"])
    return task


def _time(member: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TIME:
        raise _malformed(member)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise _malformed(member) from None
    return value


def _milliseconds(member: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_MS:
        raise _malformed(member)
    return int(value)


def _inlined(result: object) -> dict[str, Any]:
    """The original request was a tools/call: no other may be answered with a task."""
    if not isinstance(result, dict) or result.get("resultType", "complete") != "complete":
        raise _malformed("result")
    fitting = fitted_result("tools/call", result, LATEST_MODERN)
    fitting.pop("resultType", None)
    return fitting


def _error(error: object) -> dict[str, Any]:
    code = error.get("code") if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(code, int) or isinstance(code, bool) or not isinstance(message, str):
        raise _malformed("error")
    return {"code": code, "message": message}


def _with_meta(task: dict[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    meta = result.get("_meta")
    return {**task, "_meta": meta} if isinstance(meta, dict) and meta else task


def _malformed(member: str) -> Refusal:
    return Refusal(frames.INTERNAL_ERROR, f"a task is malformed at `{member}`")
