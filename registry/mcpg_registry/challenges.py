"""What a registry asks for when it answers 401, and which token server may be believed. It sends nothing.

Sources: RFC 9110 section 11.6.1; the distribution project's "Token Authentication Specification".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpg_registry.hosts import is_loopback
from mcpg_registry.http import HttpFailed

if TYPE_CHECKING:
    from mcpg_registry.hosts import Place

__all__ = ["Challenge", "check_realm", "origin_of", "parse_challenges"]

MAX_HEADER = 4096
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = re.compile(rf"\s*({_WORD})\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|({_WORD}))\s*(?:,|$)", re.ASCII)
_SCHEME = re.compile(rf"\s*,?\s*({_WORD})(?:\s+(?=\S)|\s*(?:,|$))", re.ASCII)
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate: `bearer` with realm and service, or `basic`."""

    scheme: str
    realm: str = ""
    service: str = ""


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Return the challenges in a WWW-Authenticate header, in order; none of it is believed, malformed parts end it."""
    text, place, found = header[:MAX_HEADER], 0, []
    while match := _SCHEME.match(text, place):
        if match.end() == place:
            break
        place = match.end()
        values: dict[str, str] = {}
        while pair := _PAIR.match(text, place):
            place = pair.end()
            quoted = re.sub(r"\\(.)", r"\1", pair[2]) if pair[2] is not None else pair[3]
            values.setdefault(pair[1].lower(), quoted)
        found.append(Challenge(match[1].lower(), values.get("realm", ""), values.get("service", "")))
    return tuple(found)


def check_realm(realm: str, place: Place) -> str:
    """Return the realm's URL when it may be asked for a token of this place; `HttpFailed` says why not.

    It must be the registry's own origin, its host on the usual port of HTTPS, or a host allowed by name. Without TLS it
    must be the very origin that the operator allowed plain HTTP for.
    """
    try:
        origin, name = origin_of(realm), urlsplit(realm).hostname or ""
    except ValueError:
        raise _bad_realm("a malformed address") from None
    if urlsplit(realm).query or "#" in realm or not realm.isprintable():
        raise _bad_realm("an address with more than scheme, host and path")
    own = urlsplit(place.origin)
    allowed = origin == origin_of(place.origin)
    if origin[0] == "https":
        allowed = allowed or (name == own.hostname and origin[2] == _DEFAULT_PORTS["https"])
        allowed = allowed or urlsplit(realm).netloc.lower() in {each.lower() for each in place.realms}
    elif not is_loopback(own.netloc) and not place.settings.plain_http:
        allowed = False
    if not allowed:
        raise _bad_realm(f"`{origin[0]}://{urlsplit(realm).netloc[:100]}`, which is not one of this host's")
    return realm


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL; `ValueError` when it is no plain HTTP(S) address, or holds a user."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("wanted http or https, a host, and no user")
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]


def _bad_realm(what: str) -> HttpFailed:
    return HttpFailed(
        f"it sends for tokens to {what}",
        code="registry-realm",
        remedy="if that server may have this host's credentials, name it among the host's `realms`",
    )
