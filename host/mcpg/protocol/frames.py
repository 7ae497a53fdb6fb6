"""JSON-RPC 2.0 frames: bytes to typed messages and back, within bounds. It knows no MCP method and does no I/O.

What holds for every parsed message: one JSON object in UTF-8, `jsonrpc` is "2.0", an id is text or an integer (never
null, a float or a boolean) within bounds, params are an object, and nothing is nested deeper than `MAX_DEPTH`. Where a
key is given twice the last one counts, for every later stage alike, because only what was parsed is ever passed on.

Source: JSON-RPC 2.0, and MCP basic/index (ids, params as objects).
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "HEADER_MISMATCH",
    "INTERNAL_ERROR",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "MAX_BATCH",
    "MAX_DEPTH",
    "MAX_ID_TEXT",
    "METHOD_NOT_FOUND",
    "MISSING_CAPABILITY",
    "PARSE_ERROR",
    "RESOURCE_NOT_FOUND",
    "UNSUPPORTED_VERSION",
    "URL_ELICITATION_REQUIRED",
    "Failure",
    "FrameError",
    "Message",
    "Notification",
    "Request",
    "RequestId",
    "Response",
    "encode_failure",
    "encode_notification",
    "encode_request",
    "encode_response",
    "is_batch",
    "parse",
    "parse_batch",
]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
RESOURCE_NOT_FOUND = -32002
URL_ELICITATION_REQUIRED = -32042
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

MAX_DEPTH = 128
"""Levels of objects and arrays in one message; deeper ones would break recursive code behind us."""

MAX_ID_TEXT = 256
"""Characters in a text id."""

MAX_BATCH = 64
"""Messages in one batch."""

_MAX_ID_NUMBER = 2**53 - 1
_MAX_METHOD = 256
_BLANKS = b" \t\r\n"

RequestId = str | int


class Request(msgspec.Struct, frozen=True, gc=False):
    """A call that is owed an answer."""

    id: RequestId
    method: str
    params: dict[str, Any]


class Notification(msgspec.Struct, frozen=True, gc=False):
    """A message that is owed no answer."""

    method: str
    params: dict[str, Any]


class Response(msgspec.Struct, frozen=True, gc=False):
    """The good answer to a request."""

    id: RequestId
    result: dict[str, Any]


class Failure(msgspec.Struct, frozen=True, gc=False):
    """The error answer to a request; `id` is null where the other side could not read ours."""

    id: RequestId | None
    code: int
    message: str
    data: Any = None


Message = Request | Notification | Response | Failure


class FrameError(Exception):
    """Bytes that are no message: the JSON-RPC `code` to answer with, and the request's id where one could be read."""

    def __init__(self, code: int, message: str, *, request_id: RequestId | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.request_id = request_id


class _Error(msgspec.Struct, gc=False):
    code: int
    message: str
    data: Any = None


class _Envelope(msgspec.Struct, gc=False):
    jsonrpc: str = ""
    id: str | int | msgspec.UnsetType | None = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    result: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    error: _Error | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Envelope).decode
_decode_any = msgspec.json.Decoder().decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def is_batch(body: bytes) -> bool:
    """Return whether the first character that is no blank opens an array."""
    return body[:1] == b"[" or body.lstrip(_BLANKS)[:1] == b"["


def parse(body: bytes) -> Message:
    """Return the one message in `body`; raises `FrameError` with -32700 for no JSON, -32600 for no single message."""
    try:
        envelope = _decode(body)
    except msgspec.ValidationError as error:
        raise _misshapen(body, error) from None
    except RecursionError:
        raise FrameError(INVALID_REQUEST, f"message is nested deeper than {MAX_DEPTH} levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(PARSE_ERROR, f"body is not JSON: {_one_line(error)}") from None
    return _typed(envelope, body)


def parse_batch(body: bytes) -> list[Message | FrameError]:
    """Return each message of a batch, or what is wrong with it; raises `FrameError` if there is no batch to speak of.

    An empty batch and one of more than `MAX_BATCH` messages are refused as a whole (JSON-RPC 2.0, section 6).
    """
    try:
        parts = _decode_list(body)
    except msgspec.ValidationError:
        raise FrameError(INVALID_REQUEST, "batch is not an array") from None
    except RecursionError:
        raise FrameError(INVALID_REQUEST, f"message is nested deeper than {MAX_DEPTH} levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(PARSE_ERROR, f"body is not JSON: {_one_line(error)}") from None
    if not 1 <= len(parts) <= MAX_BATCH:
        raise FrameError(INVALID_REQUEST, f"batch holds {len(parts)} messages, not 1 to {MAX_BATCH}")
    return [_parse_part(bytes(part)) for part in parts]


def encode_request(request_id: RequestId, method: str, params: Any = None) -> bytes:
    """Return the bytes of a request; no params leaves the member out."""
    frame = {"jsonrpc": "2.0", "id": request_id, "method": method}
    return _encode(frame if params is None else frame | {"params": params})


def encode_notification(method: str, params: Any = None) -> bytes:
    """Return the bytes of a notification; no params leaves the member out."""
    frame = {"jsonrpc": "2.0", "method": method}
    return _encode(frame if params is None else frame | {"params": params})


def encode_response(request_id: RequestId, result: Any) -> bytes:
    """Return the bytes of a good answer."""
    return _encode({"jsonrpc": "2.0", "id": request_id, "result": result})


def encode_failure(request_id: RequestId | None, code: int, message: str, data: Any = None) -> bytes:
    """Return the bytes of an error answer; no data leaves the member out."""
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return _encode({"jsonrpc": "2.0", "id": request_id, "error": error})


def _parse_part(part: bytes) -> Message | FrameError:
    try:
        return parse(part)
    except FrameError as error:
        return error


def _typed(envelope: _Envelope, body: bytes) -> Message:
    request_id = None if envelope.id is msgspec.UNSET else envelope.id
    if envelope.jsonrpc != "2.0":
        raise FrameError(INVALID_REQUEST, "member `jsonrpc` is not `2.0`", request_id=_sound_id(request_id))
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(envelope, request_id)
    if envelope.method is not msgspec.UNSET:
        return _call(envelope, envelope.method, request_id)
    return _answer(envelope, request_id)


def _call(envelope: _Envelope, method: str, request_id: RequestId | None) -> Request | Notification:
    sound = _sound_id(request_id)
    if envelope.result is not msgspec.UNSET or envelope.error is not msgspec.UNSET:
        raise FrameError(INVALID_REQUEST, "message is both a request and an answer", request_id=sound)
    if not 0 < len(method) <= _MAX_METHOD:
        raise FrameError(INVALID_REQUEST, f"member `method` is not 1 to {_MAX_METHOD} characters", request_id=sound)
    params = {} if envelope.params is msgspec.UNSET else envelope.params
    if envelope.id is msgspec.UNSET:
        return Notification(method, params)
    if sound is None:
        raise FrameError(INVALID_REQUEST, f"member `id` is null or beyond {MAX_ID_TEXT} characters or 2^53-1")
    return Request(sound, method, params)


def _answer(envelope: _Envelope, request_id: RequestId | None) -> Response | Failure:
    sound = _sound_id(request_id)
    if (envelope.result is msgspec.UNSET) == (envelope.error is msgspec.UNSET):
        raise FrameError(INVALID_REQUEST, "message has neither `method` nor one of `result`, `error`", request_id=sound)
    if envelope.error is not msgspec.UNSET:
        return Failure(sound, envelope.error.code, envelope.error.message, envelope.error.data)
    if sound is None or envelope.result is msgspec.UNSET:
        raise FrameError(INVALID_REQUEST, "answer has no sound `id`")
    return Response(sound, envelope.result)


def _sound_id(request_id: object) -> RequestId | None:
    """Return an id that may be kept and echoed, else none."""
    if isinstance(request_id, str):
        return request_id if len(request_id) <= MAX_ID_TEXT else None
    if isinstance(request_id, int) and not isinstance(request_id, bool):
        return request_id if -_MAX_ID_NUMBER <= request_id <= _MAX_ID_NUMBER else None
    return None


def _check_depth(envelope: _Envelope, request_id: RequestId | None) -> None:
    """Walk level by level; called only when there are enough brackets for a message to be too deep."""
    error = None if envelope.error is msgspec.UNSET else envelope.error.data
    level = [part for part in (envelope.params, envelope.result, error) if isinstance(part, dict | list)]
    depth = 1
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            sound = _sound_id(request_id)
            raise FrameError(INVALID_REQUEST, f"message is nested deeper than {MAX_DEPTH} levels", request_id=sound)
        children = (child for node in level for child in (node.values() if type(node) is dict else node))
        level = [child for child in children if type(child) is dict or type(child) is list]


def _misshapen(body: bytes, error: msgspec.ValidationError) -> FrameError:
    """Return the error for JSON of the wrong shape, with the id if there is one to echo."""
    try:
        found = _decode_any(body)
    except RecursionError:
        return FrameError(INVALID_REQUEST, f"message is nested deeper than {MAX_DEPTH} levels")
    except msgspec.ValidationError as deeper:  # a number that no double or integer of ours can hold
        return FrameError(PARSE_ERROR, f"body is not JSON that can be kept: {_one_line(deeper)}")
    except (msgspec.DecodeError, UnicodeDecodeError) as deeper:
        return FrameError(PARSE_ERROR, f"body is not JSON: {_one_line(deeper)}")
    request_id = _sound_id(found.get("id")) if isinstance(found, dict) else None
    return FrameError(INVALID_REQUEST, f"message is not JSON-RPC 2.0: {_one_line(error)}", request_id=request_id)


def _one_line(error: Exception) -> str:
    text = "invalid UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    first = text[:1] if text[1:2].isupper() else text[:1].lower()
    return first + text[1:200].replace("\n", " ")
