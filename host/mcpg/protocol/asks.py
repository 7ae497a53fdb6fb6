"""Requests of a server to its client, and the answers, from one version to another. It sends none of them.

`elicitation/create`, `sampling/createMessage` and `roots/list`, whether they come as requests or in an
`input_required` result. What a version has no words for is refused by the capability that it lacks.
Source: `ServerRequest` and `ClientResult` in schema.ts of each version; MCP 2026-07-28, basic/patterns/mrtr.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames, sampling
from mcpg.protocol.conform import NOTHING, conform, missing_member
from mcpg.protocol.forms import fitted_form
from mcpg.protocol.refusals import cannot_say
from mcpg.protocol.versions import LATEST_MODERN, MODERN, at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ASKS",
    "MAX_ASKS",
    "fitted_asks",
    "lower_request",
    "lower_response",
    "raise_request",
    "raise_response",
]

ASKS: Final = {"roots/list": "2024-11-05", "sampling/createMessage": "2024-11-05", "elicitation/create": "2025-06-18"}
"""What a server may ask its client for, with the first version that has it."""

MAX_ASKS: Final = 32
"""Requests in one `input_required` result."""

_URL: Final = "2025-11-25"


def raise_request(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the params of an upstream's request to the client in the newest shape.

    Raises `Refusal` -32601 for a request that no client takes, -32602 for a malformed one. Keeps the `elicitationId` of
    2025-11-25, which its own clients need; drops the progress token, which is the link's.
    """
    if method not in ASKS or not at_least(version, ASKS[method]):
        raise Refusal(frames.METHOD_NOT_FOUND, f"method `{method[:80]}` cannot be asked of a client")
    raised = {key: value for key, value in params.items() if key != "task"}
    meta = raised.get("_meta")
    if isinstance(meta, dict) and "progressToken" in meta:
        raised["_meta"] = {key: value for key, value in meta.items() if key != "progressToken"}
    identity = raised.get("elicitationId")
    fitting = _fitted(method, raised, LATEST_MODERN)
    if version not in MODERN and isinstance(identity, str) and fitting.get("mode") == "url":
        fitting["elicitationId"] = identity
    return fitting


def lower_request(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the params of a request to a client of `version`.

    Raises `Refusal` -32021 naming the capability where the version has no words for it, -32602 for a malformed one.
    For 2025-11-25 in URL mode the caller mints an `elicitationId` first if there is none.
    """
    if method not in ASKS:
        raise Refusal(frames.METHOD_NOT_FOUND, f"method `{method[:80]}` cannot be asked of a client")
    if method == "elicitation/create":
        if not at_least(version, ASKS[method]):
            raise cannot_say("elicitation", version, {"elicitation": {}})
        if params.get("mode") == "url" and not at_least(version, _URL):
            raise cannot_say("elicitation in URL mode", version, {"elicitation": {"url": {}}})
    elif method == "sampling/createMessage":
        params = sampling.sayable_request(params, version)
    return _fitted(method, params, version)


def raise_response(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the answer of a client of `version` in the newest shape; raises `Refusal` -32602 for a malformed one."""
    del version  # every version's answer fits the newest shape
    return _answer(method, dict(result), LATEST_MODERN)


def lower_response(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a client's answer as an upstream of `version` may read it; raises `Refusal` where it cannot be said."""
    if method == "sampling/createMessage":
        result = sampling.sayable_answer(result, version)
    answer = _answer(method, dict(result), version)
    if method == "elicitation/create" and not at_least(version, _URL):
        filled = answer.get("content", {})
        if any(isinstance(value, list) for value in filled.values()):
            raise cannot_say("a choice of several values", version, {})
    return answer


def fitted_asks(result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return an `input_required` result of a modern `version`; raises `Refusal` -32603 if it asks for nothing sound."""
    asking = {key: value for key, value in result.items() if key not in {"ttlMs", "cacheScope"}}
    requests = asking.get("inputRequests", {})
    if not isinstance(requests, dict) or len(requests) > MAX_ASKS:
        raise _bad_asking("`inputRequests`")
    if not isinstance(asking.get("requestState", ""), str):
        raise _bad_asking("`requestState`")
    if "requestState" not in asking and not requests:
        raise _bad_asking("`inputRequests`")
    if not isinstance(asking.get("_meta", {}), dict):
        del asking["_meta"]
    if "inputRequests" in asking:
        asking["inputRequests"] = {key: _ask(key, request, version) for key, request in requests.items()}
    return asking


def _ask(key: str, request: Any, version: str) -> dict[str, Any]:
    place = f"`inputRequests/{key[:80]}`"
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise _bad_asking(place)
    params = request.get("params", {})
    if not isinstance(params, dict):
        raise _bad_asking(place)
    try:
        fitting = lower_request(request["method"], params, version)
    except Refusal as refusal:
        raise _bad_asking(f"{place}: {refusal}") from None
    asked = {key: value for key, value in request.items() if key not in {"id", "jsonrpc"}}
    if fitting or "params" in request:
        asked["params"] = fitting
    return asked


def _bad_asking(place: str) -> Refusal:
    return Refusal(frames.INTERNAL_ERROR, f"a result that asks for input is malformed at {place}")


def _fitted(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    kind = f"ask {method}"
    if method == "elicitation/create":
        kind += " url" if params.get("mode") == "url" else " form"
    fitting = conform(kind, params, version)
    if fitting is NOTHING:
        place = missing_member(kind, params, version)
        raise Refusal(frames.INVALID_PARAMS, f"request `{method}` to the client is malformed at `{place}`")
    whole = dict(fitting)
    if "requestedSchema" in whole:
        whole["requestedSchema"] = fitted_form(whole["requestedSchema"], version)
    return whole


def _answer(method: str, result: dict[str, Any], version: str) -> dict[str, Any]:
    if method not in ASKS:
        raise Refusal(frames.METHOD_NOT_FOUND, f"method `{method[:80]}` cannot be asked of a client")
    if method == "elicitation/create" and result.get("action") != "accept":
        result.pop("content", None)
    kind = f"answer {method}"
    fitting = conform(kind, result, version)
    if fitting is NOTHING:
        place = missing_member(kind, result, version)
        raise Refusal(frames.INVALID_PARAMS, f"the client's answer to `{method}` is malformed at `{place}`")
    return dict(fitting)
