"""The protected resource metadata of an endpoint, and the challenge that names it. It verifies no token.

Source: RFC 9728 sections 2, 3 and 5.1; MCP basic/authorization (authorization server discovery).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from mcpg.edge.asgi import Lines, Scope

__all__ = ["WELL_KNOWN", "Protected", "base_of", "challenge", "challenged", "metadata"]

WELL_KNOWN = "/.well-known/oauth-protected-resource"

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
_CHALLENGE = b"www-authenticate"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Protected:
    """Whose tokens an endpoint takes."""

    authorization_servers: tuple[str, ...]
    """Issuers, as their own metadata names them."""
    scopes: tuple[str, ...] = ()
    """What a client should ask for at first."""
    base: str = ""
    """Where clients find this gateway, such as `https://mcp.example.com`; empty: where they say that they found it."""


def base_of(protected: Protected, scope: Scope) -> str:
    """Return the address that endpoint paths are appended to; empty where neither the operator nor Host names one."""
    if protected.base:
        return protected.base.rstrip("/")
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return f"{scope.get('scheme', 'http')}://{host}" if _HOST.fullmatch(host) else ""


def metadata(protected: Protected, base: str, path: str) -> bytes:
    """Return the metadata document of the endpoint at `path`."""
    document = {
        "resource": base + path,
        "authorization_servers": list(protected.authorization_servers),
        "bearer_methods_supported": ["header"],
    }
    if protected.scopes:
        document["scopes_supported"] = list(protected.scopes)
    return _encode(document)


def challenged(lines: Lines, protected: Protected | None, scope: Scope) -> Lines:
    """Return the headers of a 401 with a challenge in them: the one that was given, or a bare one, naming metadata."""
    given = next((value.decode("latin-1") for name, value in lines if name == _CHALLENGE), "Bearer")
    if protected is not None:
        path = scope["path"].removesuffix("/sse").removesuffix("/messages")
        given = challenge(given, protected, base_of(protected, scope), path)
    return [*(line for line in lines if line[0] != _CHALLENGE), (_CHALLENGE, given.encode("latin-1"))]


def challenge(given: str, protected: Protected, base: str, path: str) -> str:
    """Return a `Bearer` challenge that names the endpoint's metadata; one of another scheme stays as it was given."""
    scheme, _, parameters = given.partition(" ")
    if scheme.lower() not in {"", "bearer"} or "resource_metadata" in parameters or not base:
        return given
    parts = [part for part in (parameters.strip(),) if part]
    if protected.scopes and "scope=" not in parameters:
        parts.append(f'scope="{" ".join(protected.scopes)}"')
    parts.append(f'resource_metadata="{base}{WELL_KNOWN}{path}"')
    return "Bearer " + ", ".join(parts)
