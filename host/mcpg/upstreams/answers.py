"""What an upstream's answer means for whoever called: a result, an error, or something to ask first. It sends nothing.

`{"result"}`        in the newest shape
`{"error"}`         as the upstream gave it, or for want of a client's capability
`{"asking"}`        requests for the client, and a state to go on with
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.capabilities import lacking, named
from mcpg.protocol.methods import EXTENDED, SUSPENDABLE, TASKS_EXTENSION
from mcpg.protocol.shapes import raise_result
from mcpg.protocol.versions import MODERN
from mcpg.upstreams.eras import shown
from mcpg.upstreams.inputs import Unfit, elicitations_of, inputs_of, wanted_of
from mcpg.upstreams.states import State, digest_of, write_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.upstreams.deliveries import Delivery
    from mcpg.upstreams.tickets import Answer

__all__ = ["asking", "error_of", "outcome_of"]

OUR_FAULTS: Final = (frames.HEADER_MISMATCH, frames.UNSUPPORTED_VERSION)
URL_MODE: Final[dict[str, Any]] = {"elicitation": {"url": {}}}


def error_of(failure: frames.Failure) -> dict[str, Any]:
    """Return an error as the port has it."""
    error: dict[str, Any] = {"code": failure.code, "message": failure.message}
    return {"error": error if failure.data is None else error | {"data": failure.data}}


def asking(requests: Mapping[str, Any], state: State) -> dict[str, Any]:
    """Return what is to be asked, as the port has it."""
    return {"asking": {"requests": dict(requests), "state": write_state(state)}}


def outcome_of(upstream: str, delivery: Delivery, answer: Answer) -> dict[str, Any] | None:
    """Return what `answer` means; None if the request, now changed, is to be sent again. Raises `Unfit`."""
    assert delivery.link is not None  # noqa: S101 - it was sent
    version = delivery.link.agreement.version
    if delivery.lacked and delivery.party.version in MODERN and _failed(answer):
        return _lacked(upstream, delivery.lacked)
    if isinstance(answer, frames.Failure):
        return _of_error(upstream, delivery, answer, version)
    kind = answer.result.get("resultType", "complete")
    if kind == "input_required" and version in MODERN and delivery.method in SUSPENDABLE:
        return _of_inputs(upstream, delivery, answer.result, version)
    if kind != "complete" and not (kind == EXTENDED and TASKS_EXTENSION in delivery.told.get("extensions", {})):
        raise Unfit(f"answered with a result of type `{shown(kind)}`, which was not offered")
    try:
        return {"result": raise_result(delivery.method, answer.result, version)}
    except Refusal as refusal:
        raise Unfit(f"answered with a malformed result: {refusal.message}") from refusal


def _failed(answer: Answer) -> bool:
    return isinstance(answer, frames.Failure) or answer.result.get("isError") is True


def _lacked(upstream: str, lack: dict[str, Any]) -> dict[str, Any]:
    """Say in the modern way that a call failed because its client could not be asked: old servers only find out."""
    message = f"upstream `{upstream}` asked for what the client has not declared: `{named(lack)}`"
    return error_of(frames.Failure(None, frames.MISSING_CAPABILITY, message, {"requiredCapabilities": lack}))


def _of_error(upstream: str, delivery: Delivery, answer: frames.Failure, version: str) -> dict[str, Any]:
    if answer.code in OUR_FAULTS:
        raise Unfit(f"refused the gateway's own headers or version (error {answer.code})", done=False)
    if answer.code != frames.URL_ELICITATION_REQUIRED or version in MODERN:
        return error_of(answer)
    requests = elicitations_of(answer, version)
    if lack := lacking(URL_MODE, delivery.capabilities):
        message = f"upstream `{upstream}` wants a URL opened, and the client has not declared `{named(lack)}`"
        return error_of(frames.Failure(None, frames.MISSING_CAPABILITY, message, {"requiredCapabilities": lack}))
    if requests is None:
        raise Unfit("wants URLs opened, but does not say which")
    return _asked(upstream, delivery, "again", requests, None)


def _of_inputs(upstream: str, delivery: Delivery, result: dict[str, Any], version: str) -> dict[str, Any] | None:
    requests = inputs_of(result, delivery.capabilities, version)
    request_state = result.get("requestState")
    if requests:
        return _asked(upstream, delivery, "input", requests, request_state)
    delivery.params = {**delivery.params, "requestState": request_state}
    delivery.params.pop("inputResponses", None)
    return None


def _asked(
    upstream: str,
    delivery: Delivery,
    kind: Literal["input", "again"],
    requests: dict[str, dict[str, Any]],
    request_state: str | None,
) -> dict[str, Any]:
    digest = digest_of(upstream, delivery.method, delivery.params)
    return asking(requests, State(kind, digest, request=request_state, keys=wanted_of(requests)))
