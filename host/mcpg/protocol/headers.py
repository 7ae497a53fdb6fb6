"""Request headers as the protocol reads them: folded, bounded, decoded from the base64 sentinel. It opens no request.

Source: RFC 9110 sections 5.5 and 5.6.2, MCP 2026-07-28 basic/transports (header encoding, duplicated routing headers).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from mcpg.protocol import frames
from mcpg.protocol.refusals import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MAX_HEADERS",
    "MAX_HEADER_BYTES",
    "METHOD",
    "NAME",
    "PARAM_PREFIX",
    "SESSION",
    "VERSION",
    "Headers",
    "decode_value",
    "encode_value",
    "fold",
]

VERSION = "mcp-protocol-version"
METHOD = "mcp-method"
NAME = "mcp-name"
SESSION = "mcp-session-id"
PARAM_PREFIX = "mcp-param-"

MAX_HEADERS = 100
"""Header lines of one request."""

MAX_HEADER_BYTES = 32 * 1024
"""Bytes of all names and values of one request."""

_ROUTING = frozenset({VERSION, METHOD, NAME})
_SINGLE = frozenset(
    {"authorization", "content-length", "content-type", "host", "origin", "proxy-authorization", SESSION}
)
_USUAL = {
    name.encode(): name
    for name in (
        *_ROUTING,
        *_SINGLE,
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "cookie",
        "traceparent",
        "user-agent",
        "x-api-key",
    )
}
"""Names that need no decoding: this runs for every line of every request."""
_SENTINEL = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)
_PLAIN = re.compile(r"[\x20-\x7e]*")


class Headers(dict[str, str]):
    """Header values by lower-case name.

    `repeated` is a routing header that came twice, empty if none did; `mirrored` holds the `mcp-param-*` headers.
    """

    __slots__ = ("mirrored", "repeated")

    def __init__(self) -> None:
        super().__init__()
        self.repeated = ""
        self.mirrored: dict[str, str] = {}


def fold(lines: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers with values stripped of blanks at their edges; a repeated one is joined with a comma.

    Raises `Rejected` with status 431 beyond the bounds, and with 400 where a repeated header would be read differently
    by different readers (a credential, Host, Origin, the session). A repeated routing header is only noted: its refusal
    needs the request's id.
    """
    headers = Headers()
    size = count = 0
    for raw_name, raw_value in lines:
        count += 1
        size += len(raw_name) + len(raw_value)
        name = _USUAL.get(raw_name) or raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1").strip(" \t")
        if name not in headers:
            headers[name] = value
            if name.startswith(PARAM_PREFIX):
                headers.mirrored[name] = value
        elif name in _SINGLE:
            raise Rejected(frames.INVALID_REQUEST, f"header `{name}` is given more than once")
        elif name in _ROUTING or name.startswith(PARAM_PREFIX):
            headers.repeated = name
        else:
            headers[name] += ("; " if name == "cookie" else ", ") + value
    if count > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise Rejected(frames.INVALID_REQUEST, "request has too many or too large headers", status=431)
    return headers


def encode_value(value: str) -> str:
    """Return `value` as it can stand in a header: as it is, or in the sentinel `=?base64?...?=`."""
    if _PLAIN.fullmatch(value) and value == value.strip() and not _SENTINEL.fullmatch(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


def decode_value(value: str) -> str | None:
    """Return what a header value stands for; none if it holds a sentinel or a character that no sender may write."""
    found = _SENTINEL.fullmatch(value)
    if found is None:
        return value if _PLAIN.fullmatch(value) else None
    try:
        raw = base64.b64decode(found[1], validate=True)
        if base64.b64encode(raw).decode() != found[1]:
            return None
        return raw.decode()
    except (binascii.Error, ValueError):
        return None
