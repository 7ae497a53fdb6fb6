"""Requests to a protected server with tokens of its authorization server (client credentials). It asks no person.

`Authorized` stands where the guarded connector stands: it puts the token on each request, answers one 401 with a new
token and one 403 `insufficient_scope` with a token of more scopes, and hands every other answer on as it is.

1. Where nothing is configured the first request goes without a token; its 401 says where to ask.
2. A client secret goes to the issuer or token endpoint that the operator named and to no other: the server itself
   names its authorization server, and one that lies would be given the secret. A signed assertion is of use to its
   audience only, so a key may go where the server says.
3. No redirect is followed, every answer is bounded in bytes and time, and no error quotes what came.

Sources: MCP extension oauth-client-credentials; RFC 6749 (4.4), 7523, 8707, 9728; OAuth 2.1.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from mcpg.effects.transport import HttpFailed
from mcpg.upstreams.oauth_discovery import read_challenge
from mcpg.upstreams.oauth_tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from mcpg.effects.incoming import Incoming
    from mcpg.effects.transport import Outgoing, Reach
    from mcpg.upstreams.oauth_discovery import Challenge
    from mcpg.upstreams.oauth_tokens import Token
    from mcpg.upstreams.specs import HttpSpec

__all__ = ["EXTENSION", "Authorized", "Streams", "declaring"]

EXTENSION: Final = "io.modelcontextprotocol/oauth-client-credentials"
UNAUTHORIZED = 401
FORBIDDEN = 403
MOST_TRIES = 3
"""A token that is too old, then one with too few scopes, then the request."""


def declaring(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ClientCapabilities object that also says that we speak the extension."""
    known = capabilities.get("extensions")
    return {**capabilities, "extensions": {**(known if isinstance(known, dict) else {}), EXTENSION: {}}}


class Streams(Protocol):
    """What sends requests: the guarded connector, or one that wraps it."""

    def stream(
        self, outgoing: Outgoing, reach: Reach, *, deadline: float | None
    ) -> AbstractAsyncContextManager[Incoming]:
        """Open an answer whose body is read chunk by chunk; raises `HttpFailed`, `EffectDenied`."""
        ...


class Authorized:
    """Sends requests of one upstream with its tokens. Implements `Streams`."""

    def __init__(self, spec: HttpSpec, connector: Streams) -> None:
        self._connector = connector
        self._tokens = Tokens(spec, connector)

    @asynccontextmanager
    async def stream(self, outgoing: Outgoing, reach: Reach, *, deadline: float | None) -> AsyncIterator[Incoming]:
        """Open an answer; raises `HttpFailed` with code `no-token` when no token could be had."""
        token = await self._tokens.current()
        renewed = stepped = False
        for _ in range(MOST_TRIES):
            async with self._connector.stream(_dressed(outgoing, token), reach, deadline=deadline) as incoming:
                challenge = _challenge(incoming)
                if incoming.status == UNAUTHORIZED and not renewed:
                    renewed = True
                elif incoming.status == FORBIDDEN and not stepped and self._tokens.wants_more(token, challenge):
                    stepped = True
                else:
                    yield incoming
                    return
            token = await self._tokens.renewed(token, challenge, more=stepped and incoming.status == FORBIDDEN)
        raise HttpFailed("no-token", "each token that its authorization server gave was refused", sent="no")

    async def stop(self) -> None:
        """End a fetch under way."""
        await self._tokens.stop()


def _dressed(outgoing: Outgoing, token: Token | None) -> Outgoing:
    if token is None:
        return outgoing
    return replace(outgoing, headers=(*outgoing.headers, ("authorization", f"Bearer {token.value}")))


def _challenge(incoming: Incoming) -> Challenge:
    if incoming.status not in {UNAUTHORIZED, FORBIDDEN}:
        return NONE
    return read_challenge(", ".join(value for name, value in incoming.headers if name == "www-authenticate"))


NONE: Final = read_challenge("")
