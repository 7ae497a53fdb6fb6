"""What an upstream's answer asks of the client before it can be given, as plain values. It sends nothing.

Sources: basic/patterns/mrtr of 2026-07-28 (`input_required`), client/elicitation of 2025-11-25 (error -32042).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.capabilities import named
from mcpg.protocol.shapes import lower_response, raise_request
from mcpg.upstreams.asks import ASKED, unmet
from mcpg.upstreams.eras import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.upstreams.states import State

__all__ = ["Unfit", "elicitations_of", "inputs_of", "retry_params", "wanted_of"]

MAX_REQUESTS = 32
MAX_KEY = 256
ELICIT = "elicitation/create"
_KEYS = ("inputRequests", "requestState")


class Unfit(Exception):  # noqa: N818 - it says what the answer is
    """An answer that cannot be handed on, in words that follow the upstream's name; `done` if it may have acted."""

    def __init__(self, message: str, *, done: bool = True) -> None:
        super().__init__(message)
        self.done = done


def inputs_of(result: Mapping[str, Any], capabilities: Mapping[str, Any], version: str) -> dict[str, dict[str, Any]]:
    """Return the requests of an `input_required` result by key, in the newest shape; raises `Unfit`.

    None at all is sound where there is a `requestState`: the request is only to be sent again.
    """
    given = result.get("inputRequests")
    state = result.get("requestState")
    if (not given and state is None) or not isinstance(given or {}, dict) or not isinstance(state or "", str):
        raise Unfit("wants input, but does not say which")
    requests: dict[str, Any] = given or {}
    if len(requests) > MAX_REQUESTS or any(len(key) > MAX_KEY for key in requests):
        raise Unfit(f"wants more than {MAX_REQUESTS} inputs at once, or has keys beyond {MAX_KEY} characters")
    return {key: _checked(request, capabilities, version) for key, request in requests.items()}


def _checked(request: Any, capabilities: Mapping[str, Any], version: str) -> dict[str, Any]:
    method = request.get("method") if isinstance(request, dict) else None
    params = request.get("params", {}) if isinstance(request, dict) else None
    if not isinstance(method, str) or method not in ASKED or not isinstance(params, dict):
        raise Unfit(f"wants input by `{shown(method)}`, which no server may ask for")
    if lack := unmet(method, params, capabilities):
        raise Unfit(f"wants input by `{method}`, but the client has not declared `{named(lack)}`")
    try:
        return {"method": method, "params": raise_request(method, params, version)}
    except Refusal as refusal:
        raise Unfit(f"wants input by `{method}` that is malformed: {refusal.message}") from refusal


def elicitations_of(failure: frames.Failure, version: str) -> dict[str, dict[str, Any]] | None:
    """Return the URL elicitations that error -32042 names, by their ids; None if it names none that are sound."""
    if failure.code != frames.URL_ELICITATION_REQUIRED or not isinstance(failure.data, dict):
        return None
    listed = failure.data.get("elicitations")
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_REQUESTS:
        return None
    found: dict[str, dict[str, Any]] = {}
    for one in listed:
        number = one.get("elicitationId") if isinstance(one, dict) else None
        if not isinstance(number, str) or len(number) > MAX_KEY or one.get("mode", "url") != "url":
            return None
        try:
            found[number] = {"method": ELICIT, "params": raise_request(ELICIT, {**one, "mode": "url"}, version)}
        except Refusal:
            return None
    return found


def wanted_of(requests: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the method of each request by its key, as a state keeps them."""
    return {key: str(request["method"]) for key, request in requests.items()}


def retry_params(
    params: Mapping[str, Any], state: State, responses: Mapping[str, Any], version: str
) -> dict[str, Any] | frames.Failure:
    """Return the params with which a modern server is asked again, or the error of a client that cannot answer.

    There is no way to tell a server of an error: an elicitation counts as dismissed, anything else ends the call.
    """
    given: dict[str, Any] = {}
    for key, method in state.keys.items():
        response = responses.get(key)
        if not isinstance(response, dict):
            continue  # the server asks for it again
        error = response.get("error")
        if not isinstance(error, dict):
            given[key] = lower_response(method, response.get("result") or {}, version)
        elif method == ELICIT:
            given[key] = {"action": "cancel"}
        else:
            return frames.Failure(None, error.get("code", frames.INTERNAL_ERROR), error.get("message", "no answer"))
    again = {key: value for key, value in params.items() if key not in _KEYS}
    if given:
        again["inputResponses"] = given
    if state.request is not None:
        again["requestState"] = state.request
    return again
