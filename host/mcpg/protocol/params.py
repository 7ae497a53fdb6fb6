"""The parameters of requests, checked as far as routing and policy rely on them. It reads no header.

Source: schema.ts of MCP 2025-11-25 and 2026-07-28; bounds are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LOG_LEVELS", "MAX_RESPONSES", "MAX_STATE", "MAX_URIS", "SEVERITY", "check_params", "progress_token"]

LOG_LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
SEVERITY: Final = {level: place for place, level in enumerate(LOG_LEVELS)}

MAX_STATE: Final = 256 * 1024
"""Characters of a `requestState` that comes back."""

MAX_RESPONSES: Final = 64
"""Entries of `inputResponses`."""

MAX_URIS: Final = 1000
"""Resources that one `subscriptions/listen` names."""

_MAX_NAME: Final = 4096
_MAX_ARGUMENT: Final = 64 * 1024
_LISTED: Final = ("toolsListChanged", "promptsListChanged", "resourcesListChanged")


def check_params(method: str, params: Mapping[str, Any]) -> None:
    """Return if the parameters that we rely on have their types; raises `Refusal` -32602 otherwise."""
    check = _CHECKS.get(method)
    if check is not None:
        check(params)
    if not isinstance(params.get("_meta", {}), dict):
        raise _wrong("parameter `_meta` is not an object")


def progress_token(meta: Mapping[str, Any]) -> str | int | None:
    """Return the progress token of a request's `_meta`; raises `Refusal` -32602 if it is neither text nor integer."""
    token = meta.get("progressToken")
    if token is None or isinstance(token, str) or (isinstance(token, int) and not isinstance(token, bool)):
        return token
    raise _wrong("progress token is neither text nor an integer")


def _wrong(text: str) -> Refusal:
    return Refusal(frames.INVALID_PARAMS, text)


def _check_text(value: object, what: str, most: int = _MAX_NAME) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise _wrong(f"{what} is not text of 1 to {most} characters")


def _call(params: Mapping[str, Any]) -> None:
    _check_text(params.get("name"), "parameter `name`")
    if not isinstance(params.get("arguments", {}), dict):
        raise _wrong("parameter `arguments` is not an object")
    _retry(params)


def _prompt(params: Mapping[str, Any]) -> None:
    _call(params)
    if not all(isinstance(value, str) for value in params.get("arguments", {}).values()):
        raise _wrong("a prompt's arguments are text")


def _uri(params: Mapping[str, Any]) -> None:
    _check_text(params.get("uri"), "parameter `uri`")


def _read(params: Mapping[str, Any]) -> None:
    _uri(params)
    _retry(params)


def _retry(params: Mapping[str, Any]) -> None:
    """What a retry brings back (MCP 2026-07-28, basic/patterns/mrtr)."""
    if "requestState" in params:
        state = params["requestState"]
        if not isinstance(state, str) or len(state) > MAX_STATE:
            raise _wrong(f"parameter `requestState` is not text of at most {MAX_STATE} characters")
    if "inputResponses" in params:
        responses = params["inputResponses"]
        if not isinstance(responses, dict) or not all(isinstance(answer, dict) for answer in responses.values()):
            raise _wrong("parameter `inputResponses` is not an object of objects")
        if len(responses) > MAX_RESPONSES:
            raise _wrong(f"parameter `inputResponses` has more than {MAX_RESPONSES} entries")


def _page(params: Mapping[str, Any]) -> None:
    if not isinstance(params.get("cursor", ""), str):
        raise _wrong("parameter `cursor` is not text")


def _level(params: Mapping[str, Any]) -> None:
    if params.get("level") not in LOG_LEVELS:
        raise _wrong(f"parameter `level` is none of {', '.join(LOG_LEVELS)}")


def _complete(params: Mapping[str, Any]) -> None:
    ref, argument, context = params.get("ref"), params.get("argument"), params.get("context", {})
    if not isinstance(ref, dict) or ref.get("type") not in ("ref/prompt", "ref/resource"):
        raise _wrong("parameter `ref` is no object of type `ref/prompt` or `ref/resource`")
    key = "name" if ref["type"] == "ref/prompt" else "uri"
    _check_text(ref.get(key), f"parameter `ref/{key}`")
    if not isinstance(argument, dict):
        raise _wrong("parameter `argument` is not an object")
    _check_text(argument.get("name"), "parameter `argument/name`")
    value = argument.get("value")
    if not isinstance(value, str) or len(value) > _MAX_ARGUMENT:
        raise _wrong(f"parameter `argument/value` is not text of at most {_MAX_ARGUMENT} characters")
    given = context.get("arguments", {}) if isinstance(context, dict) else None
    if not isinstance(given, dict) or not all(isinstance(item, str) for item in given.values()):
        raise _wrong("parameter `context/arguments` is not an object of text")


def _listen(params: Mapping[str, Any]) -> None:
    wanted = params.get("notifications")
    if not isinstance(wanted, dict):
        raise _wrong("parameter `notifications` is not an object")
    for name in _LISTED:
        if not isinstance(wanted.get(name, False), bool):
            raise _wrong(f"parameter `notifications/{name}` is not a boolean")
    for name in ("resourceSubscriptions", "taskIds"):
        items = wanted.get(name, [])
        if not isinstance(items, list) or len(items) > MAX_URIS:
            raise _wrong(f"parameter `notifications/{name}` is not a list of at most {MAX_URIS} items")
        for item in items:
            _check_text(item, f"an item of `notifications/{name}`")


def _task(params: Mapping[str, Any]) -> None:
    _check_text(params.get("taskId"), "parameter `taskId`")


def _task_update(params: Mapping[str, Any]) -> None:
    _task(params)
    _retry(params)


_CHECKS: Final[dict[str, Callable[[Mapping[str, Any]], None]]] = {
    "tools/call": _call,
    "prompts/get": _prompt,
    "resources/read": _read,
    "resources/subscribe": _uri,
    "resources/unsubscribe": _uri,
    "tools/list": _page,
    "prompts/list": _page,
    "resources/list": _page,
    "resources/templates/list": _page,
    "tasks/list": _page,
    "logging/setLevel": _level,
    "completion/complete": _complete,
    "subscriptions/listen": _listen,
    "tasks/get": _task,
    "tasks/result": _task,
    "tasks/cancel": _task,
    "tasks/update": _task_update,
}
