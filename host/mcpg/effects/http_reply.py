"""Turns an HTTP answer into the reply document: JSON, text, base64, or a body kept in the host. It sends nothing.

Cookies, hop-by-hop headers and challenges of proxies stay in the host.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.effects import BlobRef, HttpReply
from mcpg.effects.transport import HttpFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcpg.contract.ports import Blobs, EffectContext
    from mcpg.effects.echo import EchoGuard

__all__ = ["LARGE", "encode_reply", "keep", "reply_of"]

LARGE = 64 * 1024
"""Bytes above which a body stays in the host."""
_MAX_HEADERS = 16 * 1024
_DROPPED = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "set-cookie", "set-cookie2", "te", "trailer",
    "transfer-encoding", "upgrade", "content-length", "content-encoding",
})  # fmt: skip
_encode = msgspec.json.Encoder().encode


def keep(blobs: Blobs, body: bytes, media: str) -> BlobRef:
    """Keep a large body in the host; raises `HttpFailed` when the run may keep no more."""
    try:
        return msgspec.convert(blobs.put(body, media), BlobRef)
    except (ValueError, OverflowError, MemoryError):
        raise HttpFailed("too-large", "this run may keep no more large bodies", sent="answered") from None


def reply_of(status: int, headers: Iterable[tuple[str, str]], body: bytes, context: EffectContext) -> HttpReply:
    """Return the reply document of a whole answer; a large body stays in the host unless the run wants it whole."""
    kept = _headers(headers)
    content_type = kept.get("content-type", "")
    media = content_type.partition(";")[0].strip().lower()
    fields: dict[str, Any] = {"status": status, "headers": kept, "media": media}
    if not body:
        return HttpReply(**fields)
    if len(body) > LARGE and not context.whole_bodies:
        return HttpReply(**fields, body=keep(context.blobs, body, media or "application/octet-stream"))
    if media == "application/json" or media.endswith("+json"):
        try:
            return HttpReply(**fields, json=msgspec.json.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # it says JSON but is none: the plugin sees it as what it is
    try:
        return HttpReply(**fields, body=body.decode())
    except UnicodeDecodeError:
        return HttpReply(**fields, body_base64=base64.b64encode(body).decode())


def encode_reply(reply: HttpReply, guard: EchoGuard) -> str:
    """Return the reply as JSON text; raises `HttpFailed` when a secret has come back in it."""
    text = _encode(reply)
    if guard.found_in(text):
        raise HttpFailed("secret-echoed", "the answer holds a secret that was sent", sent="answered")
    return text.decode()


def _headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in headers:
        if name not in _DROPPED:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
    if sum(len(name) + len(value) for name, value in kept.items()) > _MAX_HEADERS:
        raise HttpFailed("too-large", f"the answer's headers exceed {_MAX_HEADERS} bytes", sent="answered")
    return kept
