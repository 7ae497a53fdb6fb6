"""What a posted body is: which era governs it, and whether its frame, `_meta` and headers agree. It knows no caller.

The checks, in the order in which they refuse (MCP 2026-07-28, basic/transports):

 1. the body is JSON                                       400 -32700
 2. it is one message (batches: sessions of 2025-03-26)    400 -32600
 3. no routing header came twice                           400 -32020
 4. `_meta` names version and capabilities                 400 -32602
 5. MCP-Protocol-Version, Mcp-Method, Mcp-Name agree       400 -32020
 6. the version is one that we speak                       400 -32022
 7. the method exists                                      404 -32601
 8. parameters that we rely on have their types            200 -32602

A message with the modern `_meta`, or the header of a modern version, is modern; initialize without them opens a
session; all else belongs to a session, whose caller and life are checked by `sessions`. Mcp-Param headers need the
tool's schema and are checked by `mirrors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import McpCall, Refusal
from mcpg.protocol import frames
from mcpg.protocol.frames import FrameError, Message, Notification, Request
from mcpg.protocol.headers import METHOD, NAME, SESSION, VERSION, Headers, decode_value
from mcpg.protocol.methods import (
    LOG_LEVELS,
    METHODS,
    NAME_KEYS,
    RESERVED_PREFIX,
    TASK_METHODS,
    check_params,
    progress_token,
)
from mcpg.protocol.refusals import Rejected, missing_capability, unknown_method, unsupported_version
from mcpg.protocol.tasks import NEEDED, declares_tasks
from mcpg.protocol.versions import HANDSHAKE, MODERN

if TYPE_CHECKING:
    from mcpg.protocol.sessions import Session

__all__ = [
    "ModernCall",
    "ModernNote",
    "Opening",
    "Posted",
    "SessionTraffic",
    "check_session_version",
    "classify",
    "session_call",
]

_VERSION_KEY = RESERVED_PREFIX + "protocolVersion"
_CAPABILITIES_KEY = RESERVED_PREFIX + "clientCapabilities"
_LOG_KEY = RESERVED_PREFIX + "logLevel"
_TRACE = ("traceparent", "tracestate", "baggage")


@dataclass(frozen=True, slots=True)
class ModernCall:
    """A request of a modern version, checked."""

    call: McpCall


@dataclass(frozen=True, slots=True)
class ModernNote:
    """A modern notification: taken, and of no effect over HTTP."""

    note: Notification


@dataclass(frozen=True, slots=True)
class Opening:
    """An initialize request."""

    request: Request


@dataclass(frozen=True, slots=True)
class SessionTraffic:
    """One message, or one batch, of a session; an unreadable message of a batch is its error."""

    messages: list[Message | FrameError]
    batch: bool = False


Posted = ModernCall | ModernNote | Opening | SessionTraffic


def classify(body: bytes, headers: Headers | None, *, tasks: bool = True) -> Posted:
    """Return what `body` is; raises `Rejected`. `headers` is none for a transport without headers (stdio).

    `tasks` says whether the extension's methods exist for modern requests: whoever answers them knows what is offered.
    """
    try:
        if frames.is_batch(body):
            return _batch(body, headers)
        message = frames.parse(body)
    except FrameError as error:
        raise Rejected(error.code, error.message, request_id=error.request_id) from None
    named, has_session = "", False
    if headers is not None:
        if headers.repeated:
            raise _mismatch(f"header `{headers.repeated}` is given more than once", message)
        named, has_session = headers.get(VERSION, ""), SESSION in headers
        if "traceparent" in headers and isinstance(message, Request):
            _take_trace(message.params, headers)
    if named in MODERN or _is_marked(message):
        return _modern(message, headers, tasks=tasks)
    if isinstance(message, Request) and message.method == "initialize":
        return Opening(message)
    if named and named not in HANDSHAKE:
        if not has_session:
            return _modern(message, headers, tasks=tasks)
        raise _no_session_version()
    return SessionTraffic([message])


def _take_trace(params: dict[str, Any], headers: Headers) -> None:
    """Take the trace context of the headers for a request whose `_meta` says nothing of one."""
    meta = params.setdefault("_meta", {})
    if isinstance(meta, dict) and "traceparent" not in meta:
        meta |= {name: headers[name] for name in _TRACE if name in headers}


def check_session_version(headers: Headers) -> None:
    """Return if a request of a session names no version or one with a handshake, once; raises `Rejected` 400.

    Source: MCP 2025-06-18, basic/transports (protocol version header): it holds for every HTTP request.
    """
    if headers.repeated:
        raise Rejected(frames.INVALID_REQUEST, f"header `{headers.repeated}` is given more than once")
    if headers.get(VERSION, "") not in ("", *HANDSHAKE):
        raise _no_session_version()


def session_call(request: Request, session: Session, *, tasks: bool = False) -> McpCall:
    """Return the call of a request in a session; raises `Refusal` -32601 or -32602."""
    if not _exists(request.method, session.version, tasks=tasks) or request.method == "initialize":
        raise unknown_method(request.method, session.version, request.id)
    params = request.params
    check_params(request.method, params)
    meta = params.get("_meta")
    return McpCall(
        method=request.method,
        params=params,
        version=session.version,
        request_id=request.id,
        session=session.id,
        capabilities=session.capabilities,
        progress_token=None if meta is None else progress_token(meta),
        log_level=session.log_level,
    )


def _exists(method: str, version: str, *, tasks: bool) -> bool:
    return method in METHODS[version] or (tasks and method in TASK_METHODS[version])


def _batch(body: bytes, headers: Headers | None) -> SessionTraffic:
    if headers is not None:
        if headers.get(VERSION) in MODERN:
            raise Rejected(frames.INVALID_REQUEST, "batches are not part of this protocol version")
        check_session_version(headers)
    messages = frames.parse_batch(body)
    if any(isinstance(message, Request) and message.method == "initialize" for message in messages):
        raise Rejected(frames.INVALID_REQUEST, "initialize cannot stand in a batch")
    return SessionTraffic(messages, batch=True)


def _no_session_version() -> Rejected:
    return Rejected(frames.INVALID_REQUEST, "header `mcp-protocol-version` names no version of a session")


def _is_marked(message: Message) -> bool:
    if not isinstance(message, Request | Notification):
        return False
    meta = message.params.get("_meta")
    return isinstance(meta, dict) and _VERSION_KEY in meta


def _modern(message: Message, headers: Headers | None, *, tasks: bool) -> ModernCall | ModernNote:
    if isinstance(message, Request):
        return ModernCall(_modern_call(message, headers, tasks=tasks))
    if not isinstance(message, Notification):
        raise Rejected(frames.INVALID_REQUEST, "answers are not part of this protocol version")
    if headers is not None and headers.get(VERSION) not in MODERN:
        raise unsupported_version(headers.get(VERSION, ""))
    return ModernNote(message)


def _modern_call(request: Request, headers: Headers | None, *, tasks: bool) -> McpCall:
    meta, version, capabilities = _envelope(request)
    if headers is not None:
        _check_headers(request, version, headers)
    if not isinstance(version, str):
        raise Rejected(frames.INVALID_PARAMS, f"`_meta` member `{_VERSION_KEY}` is not text", request_id=request.id)
    if version not in MODERN:
        raise unsupported_version(version, request.id)
    if not _exists(request.method, version, tasks=tasks):
        raise unknown_method(request.method, version, request.id)
    level = meta.get(_LOG_KEY, "")
    if _LOG_KEY in meta and level not in LOG_LEVELS:
        text = f"`_meta` member `{_LOG_KEY}` is none of {', '.join(LOG_LEVELS)}"
        raise Rejected(frames.INVALID_PARAMS, text, request_id=request.id)
    try:
        check_params(request.method, request.params)
        if request.method == "subscriptions/listen":
            _check_listener(request.params, version, capabilities)
        token = progress_token(meta)
    except Refusal as refusal:
        raise Rejected(
            refusal.code, str(refusal), status=refusal.status, data=refusal.data, request_id=request.id
        ) from None
    return McpCall(
        method=request.method,
        params=_without_envelope(request.params, meta),
        version=version,
        request_id=request.id,
        capabilities=capabilities,
        progress_token=token,
        log_level=level,
        mirrored=headers.mirrored if headers is not None and request.method == "tools/call" else None,
    )


def _check_listener(params: dict[str, Any], version: str, capabilities: dict[str, Any]) -> None:
    """Raise `Refusal` -32021 for who wants to hear of tasks and has not declared them (ext-tasks, notifications)."""
    if params["notifications"].get("taskIds") and not declares_tasks(version, capabilities):
        raise missing_capability(NEEDED)


def _envelope(request: Request) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    meta = request.params.get("_meta")
    if not isinstance(meta, dict):
        raise Rejected(frames.INVALID_PARAMS, "parameter `_meta` is missing", request_id=request.id)
    for key in (_VERSION_KEY, _CAPABILITIES_KEY):
        if key not in meta:
            raise Rejected(frames.INVALID_PARAMS, f"`_meta` member `{key}` is missing", request_id=request.id)
    capabilities = meta[_CAPABILITIES_KEY]
    if not isinstance(capabilities, dict):
        raise Rejected(
            frames.INVALID_PARAMS, f"`_meta` member `{_CAPABILITIES_KEY}` is not an object", request_id=request.id
        )
    return meta, meta[_VERSION_KEY], capabilities


def _check_headers(request: Request, version: object, headers: Headers) -> None:
    if headers.get(VERSION) != version:
        raise _mismatch("header `mcp-protocol-version` is not the version in `_meta`", request)
    if headers.get(METHOD) != request.method:
        raise _mismatch("header `mcp-method` is not the method of the body", request)
    key = NAME_KEYS.get(request.method)
    if key is None:
        return
    name = headers.get(NAME)
    if (None if name is None else decode_value(name)) != request.params.get(key):
        raise _mismatch(f"header `mcp-name` is not the parameter `{key}` of the body", request)


def _mismatch(text: str, message: Message) -> Rejected:
    return Rejected(frames.HEADER_MISMATCH, text, request_id=message.id if isinstance(message, Request) else None)


def _without_envelope(params: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    """Take the protocol's own members out of `_meta`, in place: they are the call's fields from here on."""
    kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED_PREFIX)}
    if kept:
        params["_meta"] = kept
    else:
        del params["_meta"]
    return params
