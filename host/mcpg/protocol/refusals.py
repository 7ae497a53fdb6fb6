"""Refusals of the protocol room, and how an error looks in each era. It writes no HTTP.

Source: MCP 2026-07-28, basic/transports and basic/index (error codes); 2025-11-25 for the older ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.capabilities import named
from mcpg.protocol.versions import MODERN, Era, era_of

if TYPE_CHECKING:
    from mcpg.protocol.frames import RequestId

__all__ = ["Rejected", "cannot_say", "error_for", "missing_capability", "unknown_method", "unsupported_version"]

_MODERN_STATUS = {
    frames.PARSE_ERROR: 400,
    frames.INVALID_REQUEST: 400,
    frames.METHOD_NOT_FOUND: 404,
    frames.HEADER_MISMATCH: 400,
    frames.MISSING_CAPABILITY: 400,
    frames.UNSUPPORTED_VERSION: 400,
}
_MODERN_ONLY = frozenset({frames.HEADER_MISMATCH, frames.MISSING_CAPABILITY, frames.UNSUPPORTED_VERSION})


class Rejected(Refusal):
    """A refusal of a message by its frame or headers; `request_id` is the id to echo, none where none was readable."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, data: Any = None, request_id: RequestId | None = None
    ) -> None:
        super().__init__(code, message, data=data, status=status)
        self.request_id = request_id


def unknown_method(method: str, version: str, request_id: RequestId | None = None) -> Rejected:
    """Return -32601, which a modern client gets with HTTP status 404 and an older one with 200."""
    status = 404 if era_of(version) is Era.MODERN else 200
    return Rejected(
        frames.METHOD_NOT_FOUND, f"method `{method[:80]}` is not known", status=status, request_id=request_id
    )


def unsupported_version(requested: str, request_id: RequestId | None = None) -> Rejected:
    """Return -32022 with the versions that server/discover names too: the modern ones, newest first.

    The conformance suite wants both lists to be the same; versions with a handshake are found by initialize.
    """
    data = {"supported": list(reversed(MODERN)), "requested": requested[:80]}
    return Rejected(frames.UNSUPPORTED_VERSION, "protocol version is not supported", data=data, request_id=request_id)


def missing_capability(required: dict[str, Any]) -> Refusal:
    """Return -32021 for a modern request whose client did not declare `required`, a ClientCapabilities object."""
    return Refusal(
        frames.MISSING_CAPABILITY,
        f"request needs the capability `{named(required)}`, which the client has not declared",
        data={"requiredCapabilities": required},
        status=400,
    )


def cannot_say(what: str, version: str, required: dict[str, Any]) -> Refusal:
    """Return -32021 for something that a peer of `version` has no words for, naming the capability if there is one."""
    names = named(required)
    text = f"{what} is not part of MCP {version}"
    return Refusal(
        frames.MISSING_CAPABILITY,
        f"{text}: capability `{names}` is missing" if names else text,
        data={"requiredCapabilities": required},
        status=400,
    )


def error_for(refusal: Refusal, version: str, method: str = "") -> tuple[int, int, str, Any]:
    """Return (HTTP status, code, message, data) of a refusal as a client of `version` may see it.

    Resource not found is -32602 for modern clients and -32002 for older ones; codes that one era does not know become
    -32603. An unknown version counts as the latest one with a handshake.
    """
    code, data = refusal.code, refusal.data
    if version in MODERN:
        if code == frames.RESOURCE_NOT_FOUND:
            code = frames.INVALID_PARAMS
        elif code == frames.URL_ELICITATION_REQUIRED:
            code, data = frames.INTERNAL_ERROR, None
        status = _MODERN_STATUS.get(code, refusal.status) if refusal.status == 200 else refusal.status  # noqa: PLR2004 - HTTP
        return status, code, str(refusal), data
    if code in _MODERN_ONLY:
        status = 200 if refusal.status == _MODERN_STATUS[code] else refusal.status
        return status, frames.INTERNAL_ERROR, str(refusal), None  # an answer like any other: 400 would end its session
    if code == frames.INVALID_PARAMS and method == "resources/read" and isinstance(data, dict) and "uri" in data:
        code = frames.RESOURCE_NOT_FOUND
    return refusal.status, code, str(refusal), data
