"""Where a protected server's tokens come from: challenges, well-known places, metadata. It fetches nothing.

Sources: RFC 9728 (protected resources), RFC 8414 and OpenID Connect Discovery (authorization servers), RFC 9110 section
11 (challenges), MCP basic/authorization of 2026-07-28. All of it is written by others: each reader returns plain values
of bounded size, or raises `Unfit`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Challenge",
    "Resource",
    "Server",
    "Unfit",
    "may_ask",
    "read_challenge",
    "read_resource",
    "read_server",
    "resource_places",
    "scopes_in",
    "server_places",
]

MAX_CHALLENGE = 8192
MAX_SCOPES = 64
MAX_TEXT = 2048
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}")
_BEARER = re.compile(r"(?:^|,)\s*bearer(?=\s)", re.IGNORECASE)
_NEXT = re.compile(r",\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:\s+[A-Za-z0-9]|\s*(?:,|$))")
_PARAMETER = re.compile(r'([A-Za-z0-9_-]{1,64})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class Unfit(Exception):  # noqa: N818 - it says what the metadata is
    """Metadata that cannot be used, in words that quote nothing of it."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a `WWW-Authenticate: Bearer` header says; all empty when there is none."""

    metadata: str = ""
    scopes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """What a protected resource says of itself (RFC 9728)."""

    resource: str
    servers: tuple[str, ...]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """What an authorization server says of itself: `methods` of client authentication are empty if it names none."""

    issuer: str
    token_url: str
    methods: tuple[str, ...] = ()


def read_challenge(header: str) -> Challenge:
    """Return the parameters of the Bearer challenge in a `WWW-Authenticate` header."""
    found = _BEARER.search(header[:MAX_CHALLENGE])
    if found is None:
        return Challenge()
    rest = header[found.end() : MAX_CHALLENGE]
    named: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(rest[: _end(rest)]):
        named.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else plain)
    return Challenge(named.get("resource_metadata", ""), scopes_in(named.get("scope", "")), named.get("error", ""))


def _end(rest: str) -> int:
    """Return where the next challenge of the header begins: a word after a comma that is no parameter's name."""
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: '"' + "x" * (len(match[0]) - 2) + '"', rest)
    for match in _NEXT.finditer(plain):
        if "=" not in plain[match.start() : match.end()]:
            return match.start()
    return len(rest)


def scopes_in(text: str) -> tuple[str, ...]:
    """Return the scopes in a list of them (RFC 6749, 3.3), each once; what is no scope is left out."""
    return tuple(dict.fromkeys(each for each in text.split(" ") if _SCOPE.fullmatch(each)))[:MAX_SCOPES]


def resource_places(url: str) -> tuple[str, ...]:
    """Return where a server at `url` may keep its metadata: below its path, then at the root (RFC 9728, 3.1)."""
    parts = urlsplit(url)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    places = (f"{origin}/.well-known/oauth-protected-resource{path}", f"{origin}/.well-known/oauth-protected-resource")
    return tuple(dict.fromkeys(places))


def server_places(issuer: str) -> tuple[str, ...]:
    """Return where an issuer may keep its metadata, in MCP's order."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    if not path:
        return (f"{origin}/.well-known/oauth-authorization-server", f"{origin}/.well-known/openid-configuration")
    return (
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}/.well-known/openid-configuration{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    )


def may_ask(place: str, url: str) -> bool:
    """Whether metadata may be fetched from where the server at `url` says: its own origin, or https."""
    try:
        there, here = urlsplit(place), urlsplit(url)
    except ValueError:
        return False
    same = (there.scheme, there.netloc.lower()) == (here.scheme, here.netloc.lower())
    return (same and not there.fragment) or _safe(place, url)


def read_resource(body: bytes, url: str) -> Resource:
    """Return the metadata of the server at `url`; `Unfit` when it is another resource's, or names no server."""
    document = _object(body)
    resource = document.get("resource")
    if not isinstance(resource, str) or not _covers(resource, url):
        raise Unfit("its metadata is for another resource")
    servers = [each for each in _texts(document, "authorization_servers") if _safe(each, url)]
    if not servers:
        raise Unfit("its metadata names no authorization server with an https URL")
    scopes = scopes_in(" ".join(_texts(document, "scopes_supported")))
    return Resource(resource, tuple(servers), scopes)


def read_server(body: bytes, issuer: str) -> Server:
    """Return the metadata of `issuer`; `Unfit` when it is another's, or its token endpoint may not be used."""
    document = _object(body)
    if document.get("issuer") != issuer:
        raise Unfit("the authorization server's metadata is of another issuer")
    token_url = document.get("token_endpoint")
    if not isinstance(token_url, str) or not _safe(token_url, issuer):
        raise Unfit("the authorization server names no token endpoint with an https URL")
    return Server(issuer, token_url, tuple(_texts(document, "token_endpoint_auth_methods_supported")))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Unfit("its metadata is no JSON object")
    return document


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    value = document.get(name)
    texts = value if isinstance(value, list) else []
    return [each for each in texts[:MAX_SCOPES] if isinstance(each, str) and len(each) <= MAX_TEXT]


def _covers(resource: str, url: str) -> bool:
    """Whether `url` is the resource or stands below it, on the same origin."""
    try:
        there, here = urlsplit(resource), urlsplit(url)
    except ValueError:
        return False
    if (there.scheme, there.netloc.lower()) != (here.scheme, here.netloc.lower()) or there.fragment:
        return False
    path = there.path.rstrip("/")
    return not there.query and (here.path == path or here.path.startswith(path + "/") or not path)


def _safe(url: str, beside: str) -> bool:
    """Whether credentials may go to `url`: https, or this machine when what names it is on this machine, too."""
    try:
        parts, near = urlsplit(url), urlsplit(beside)
        if not parts.hostname or parts.username or parts.fragment or len(url) > MAX_TEXT:
            return False
        local = parts.hostname in LOOPBACK and near.hostname in LOOPBACK and near.scheme == "http"
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and local)
