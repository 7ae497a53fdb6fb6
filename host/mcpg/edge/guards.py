"""Checks of a request before its body is read, and the credentials it carries. It judges no caller.

Source: MCP basic/transports (security, Accept), RFC 9110 sections 8.3 and 12.5.1, Fetch (CORS preflight).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from mcpg.contract.documents import Credentials, Peer
from mcpg.contract.ports import Refusal
from mcpg.protocol import frames

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from mcpg.edge.settings import EdgeSettings
    from mcpg.protocol.headers import Headers

__all__ = [
    "check_json",
    "check_media",
    "check_source",
    "cors_headers",
    "credentials_of",
    "forwarded_address",
    "is_loopback_host",
    "is_preflight",
    "preflight_headers",
]

_FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")
_EXPOSED = b"mcp-session-id, www-authenticate, retry-after"
_MAX_ASKED = 64
_HOP = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15})(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})")
"""An address, with a port or without: IPv6 with a port has brackets."""


def check_source(headers: Headers, settings: EdgeSettings) -> None:
    """Return if Host and Origin may be; raises `Refusal` with status 421 or 403.

    On loopback our own origin may be too: a page of it can only have come from this listener.
    """
    host = headers.get("host", "")
    if settings.loopback and not is_loopback_host(host):
        raise Refusal(frames.INVALID_REQUEST, "header `host` does not name this listener", status=421)
    origin = headers.get("origin")
    if origin is None or origin in settings.origins:
        return
    if not settings.loopback or origin.lower() not in {f"http://{host}".lower(), f"https://{host}".lower()}:
        raise Refusal(frames.INVALID_REQUEST, "header `origin` is not allowed", status=403)


def check_media(headers: Headers) -> None:
    """Return if a posted body is JSON and its answer may be JSON or a stream; raises `Refusal` with 406 or 415."""
    accept = headers.get("accept", "")
    if not (accepts(accept, "application/json") and accepts(accept, "text/event-stream")):
        text = "header `accept` does not take `application/json` and `text/event-stream`"
        raise Refusal(frames.INVALID_REQUEST, text, status=406)
    check_json(headers)


def check_json(headers: Headers) -> None:
    """Return if a posted body is JSON, as it is; raises `Refusal` with 415.

    A coding that we would overlook is what someone before us may have read another body by.
    """
    if not _is_json(headers.get("content-type", "")):
        raise Refusal(frames.INVALID_REQUEST, "header `content-type` is not `application/json`", status=415)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(frames.INVALID_REQUEST, "header `content-encoding`: no coding is taken", status=415)


@lru_cache(maxsize=128)
def accepts(accept: str, media: str) -> bool:
    """Return whether an Accept header takes `media`; its most exact range decides, an empty header takes nothing."""
    main = media.partition("/")[0]
    ranks = {"*/*": 1, f"{main}/*": 2, media: 3}
    best = (0, False)
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        rank = ranks.get(name, 0)
        if rank > best[0]:
            best = (rank, not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters))
    return best[1]


def credentials_of(scope: Any, headers: Headers, settings: EdgeSettings) -> Credentials:
    """Return what an identity plugin may judge; forwarding headers end `local`, and are believed of `proxies` only."""
    client = scope.get("client")
    address = client[0] if client else ""
    if settings.proxies:
        address = forwarded_address(address, headers.get("x-forwarded-for", ""), settings.proxies)
    local = (
        settings.loopback
        and is_loopback_host(headers.get("host", ""))
        and not any(name in headers for name in _FORWARDING)
    )
    certificates, names = _client_certificate(scope)
    peer = Peer(address=address, local=local, certificates=certificates, names=names)
    return Credentials(transport="http", peer=peer, headers=dict(headers))


def forwarded_address(address: str, forwarded: str, proxies: frozenset[IPv4Network | IPv6Network]) -> str:
    """Return whom the last proxy that is ours was called by: read from the right, as far as our own proxies wrote it.

    `forwarded` is X-Forwarded-For. What is no address ends the reading there: a client may have written it.
    """
    for hop in reversed(forwarded.split(",")):
        if not _is_within(address, proxies):
            return address
        found = _HOP.fullmatch(hop.strip())
        try:
            address = str(ip_address((found[1] or found[2] or found[3]) if found else ""))
        except ValueError:
            return address
    return address


@lru_cache(maxsize=1024)
def _is_within(address: str, networks: frozenset[IPv4Network | IPv6Network]) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    known = getattr(known, "ipv4_mapped", None) or known
    return any(known in network for network in networks)


@lru_cache(maxsize=128)
def is_loopback_host(host: str) -> bool:
    """Return whether a Host header names loopback, with or without a port."""
    name, found = host, re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::[0-9]{1,5})?", host)
    if found is None:
        return False
    name = found[1].strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def cors_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers for an allowed origin's script to read an answer; none without an Origin."""
    origin = headers.get("origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"origin"),
    ]


def is_preflight(headers: Headers) -> bool:
    """Return whether an OPTIONS request asks on behalf of a script what it may send."""
    return "origin" in headers and "access-control-request-method" in headers


def preflight_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the answer to an allowed origin's preflight: our methods, and the headers it asks to send."""
    asked = [name.strip() for name in headers.get("access-control-request-headers", "").split(",")][:_MAX_ASKED]
    allowed = ", ".join(name.lower() for name in asked if _TOKEN.fullmatch(name))
    return [
        *cors_headers(headers),
        (b"access-control-allow-methods", b"POST, GET, DELETE"),
        (b"access-control-allow-headers", allowed.encode()),
        (b"access-control-max-age", b"600"),
    ]


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    media, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    return media == "application/json" and all(
        parameter.replace('"', "") == "charset=utf-8" for parameter in parameters if parameter.startswith("charset")
    )


def _client_certificate(scope: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    tls = (scope.get("extensions") or {}).get("tls")
    if not tls:
        return (), ()
    return tuple(tls.get("client_cert_chain") or ()), tuple(tls.get("client_cert_sans") or ())
