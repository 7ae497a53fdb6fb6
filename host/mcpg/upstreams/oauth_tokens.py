"""The token of one protected server: fetched once for all who need it, kept until shortly before it expires.

It sends no MCP request; `oauth` does. What goes wrong is told as `HttpFailed` with code `no-token`, in words that hold
neither a secret nor what an authorization server wrote, and is not tried again before a while has passed.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from mcpg.contract.problems import EffectDenied
from mcpg.effects.addresses import Private
from mcpg.effects.transport import HttpFailed, Outgoing, Reach, Tls
from mcpg.upstreams.breaker import backoff
from mcpg.upstreams.oauth_discovery import (
    MAX_SCOPES,
    Challenge,
    Resource,
    Server,
    Unfit,
    may_ask,
    read_resource,
    read_server,
    resource_places,
    scopes_in,
    server_places,
)

if TYPE_CHECKING:
    from mcpg.upstreams.oauth import Streams
    from mcpg.upstreams.specs import HttpSpec

__all__ = ["Token", "Tokens"]

OK = 200
MAX_BODY = 64 * 1024
MAX_TOKEN = 16 * 1024
EACH_SECONDS = 10.0
ALL_SECONDS = 30.0
"""How long one fetch may take with everything that has to be found out for it."""
EARLY_SECONDS = 30.0
"""How long before its end a token is not used any more, or a tenth of its life if that is shorter."""
LONGEST = 24 * 3600.0
ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_ERROR = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `until` is in event-loop seconds."""

    value: str = field(repr=False)
    until: float
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Where to ask for tokens, and for what."""

    server: Server
    resource: str
    scopes: tuple[str, ...]


class Tokens:
    """Fetches and keeps the token for the server of `spec`, whose `oauth` says as whom."""

    def __init__(self, spec: HttpSpec, connector: Streams) -> None:
        assert spec.oauth is not None  # noqa: S101 - nobody asks for tokens otherwise
        self._url = spec.url
        self._oauth = spec.oauth
        self._connector = connector
        self._reach = Reach(
            private=Private(everywhere=spec.private),
            tls=Tls(ca=str(spec.ca) if spec.ca is not None else ""),
            max_request=MAX_BODY,
            max_response=MAX_BODY,
        )
        self._time = asyncio.get_running_loop().time
        self._token: Token | None = None
        self._found: _Found | None = None
        self._more: tuple[str, ...] = ()
        self._fetching: asyncio.Task[Token] | None = None
        self._failures = 0
        self._again = 0.0
        self._why = ""

    async def current(self) -> Token | None:
        """Return a token that is not about to expire, None where nothing says yet where to get one."""
        if self._token is not None and self._time() < self._token.until:
            return self._token
        if self._token is None and not self._oauth.issuer and not self._oauth.token_url and self._found is None:
            return None
        return await self._fetch(Challenge())

    def wants_more(self, token: Token | None, challenge: Challenge) -> bool:
        """Whether the challenge asks for scopes that the token has not been asked with."""
        return challenge.error == "insufficient_scope" and bool(set(challenge.scopes) - set(self._asked(token)))

    async def renewed(self, old: Token | None, challenge: Challenge, *, more: bool) -> Token:
        """Return another token than `old`, which was refused; with `more` it is for the challenge's scopes, too."""
        if more:
            self._more = tuple(dict.fromkeys((*self._more, *challenge.scopes)))[:MAX_SCOPES]
        if self._token is old or (more and self.wants_more(self._token, challenge)):
            self._token = None
        if self._token is not None:
            return self._token
        token = await self._fetch(challenge)
        if more and self.wants_more(token, challenge):  # it was under way before these scopes were asked for
            token = await self._fetch(challenge)
        return token

    async def stop(self) -> None:
        """End a fetch under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _asked(self, token: Token | None) -> tuple[str, ...]:
        return token.scopes if token is not None else ()

    async def _fetch(self, challenge: Challenge) -> Token:
        """Fetch a token, or wait for the fetch under way; raises `HttpFailed`."""
        if self._fetching is None:
            if self._time() < self._again:
                raise _no_token(self._why)
            self._fetching = asyncio.create_task(self._once(challenge), name="upstream token")
            self._fetching.add_done_callback(self._fetched)
        return await asyncio.shield(self._fetching)

    def _fetched(self, task: asyncio.Task[Token]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # whoever still waits has it; nobody may wait any more

    async def _once(self, challenge: Challenge) -> Token:
        try:
            async with asyncio.timeout(ALL_SECONDS):
                if self._found is None or challenge.metadata:
                    self._found = await self._discover(challenge)
                token = await self._ask(self._found, challenge)
        except (HttpFailed, EffectDenied, Unfit, TimeoutError) as error:
            self._found = None
            self._failures += 1
            self._why = _reason(error)
            self._again = self._time() + backoff(self._failures, base=1.0)
            raise _no_token(self._why) from None
        self._failures, self._token = 0, token
        return token

    async def _discover(self, challenge: Challenge) -> _Found:
        """Find out where tokens come from; raises `Unfit`, `HttpFailed`, `EffectDenied`."""
        oauth = self._oauth
        if oauth.token_url:
            return _Found(Server(oauth.issuer, oauth.token_url), oauth.resource or self._url, ())
        said = await self._resource(challenge)
        if said is None and not oauth.issuer:
            raise Unfit("the server does not say which authorization server it trusts")
        if oauth.issuer and said is not None and oauth.issuer not in said.servers:
            raise Unfit("the server does not trust the configured issuer")
        issuer = oauth.issuer or (said.servers[0] if said is not None else "")
        if not oauth.issuer and oauth.secret:
            raise Unfit("the client secret is for a configured `issuer` only")
        server = await self._server(issuer)
        resource = oauth.resource or (said.resource if said is not None else self._url)
        return _Found(server, resource, said.scopes if said is not None else ())

    async def _resource(self, challenge: Challenge) -> Resource | None:
        """Return what the server says of itself, None if it says nothing; raises `Unfit` for what is wrong."""
        places = (challenge.metadata,) if challenge.metadata else resource_places(self._url)
        for place in places:
            if not may_ask(place, self._url):
                raise Unfit("the server names a place for its metadata that is neither its own nor https")
            if (body := await self._get(place)) is not None:
                return read_resource(body, self._url)
        return None

    async def _server(self, issuer: str) -> Server:
        for place in server_places(issuer):
            if (body := await self._get(place)) is not None:
                return read_server(body, issuer)
        raise Unfit("the authorization server has no metadata")

    async def _get(self, url: str) -> bytes | None:
        """Return a document, None if there is none."""
        outgoing = Outgoing("GET", url, (("accept", "application/json"),))
        deadline = self._time() + EACH_SECONDS
        async with self._connector.stream(outgoing, self._reach, deadline=deadline) as incoming:
            return await incoming.read() if incoming.status == OK else None

    async def _ask(self, found: _Found, challenge: Challenge) -> Token:
        scopes = tuple(dict.fromkeys((*(self._oauth.scopes or challenge.scopes or found.scopes), *self._more)))
        form = {"grant_type": "client_credentials", "resource": found.resource}
        if scopes:
            form["scope"] = " ".join(scopes)
        headers = [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")]
        headers += self._prove(found.server, form)
        began = self._time()
        outgoing = Outgoing("POST", found.server.token_url, tuple(headers), urlencode(form).encode())
        async with self._connector.stream(outgoing, self._reach, deadline=began + EACH_SECONDS) as incoming:
            return _read_token(incoming.status, await incoming.read(), began, scopes)

    def _prove(self, server: Server, form: dict[str, str]) -> list[tuple[str, str]]:
        """Put into `form`, or return as headers, what proves who we are; raises `Unfit` if the server takes it not."""
        oauth = self._oauth
        if oauth.key is not None:
            _takes(server, "private_key_jwt")
            form["client_assertion_type"] = ASSERTION_TYPE
            form["client_assertion"] = oauth.key.jwt(self._claims(server), key_id=oauth.key_id)
            return []
        if oauth.method == "post" or (not oauth.method and not _prefers_basic(server)):
            _takes(server, "client_secret_post")
            form |= {"client_id": oauth.client_id, "client_secret": oauth.secret}
            return []
        _takes(server, "client_secret_basic")
        pair = f"{quote(oauth.client_id, safe='')}:{quote(oauth.secret, safe='')}"
        return [("authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")]

    def _claims(self, server: Server) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self._oauth.client_id,
            "sub": self._oauth.client_id,
            "aud": server.issuer or server.token_url,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }


def _prefers_basic(server: Server) -> bool:
    return not server.methods or "client_secret_basic" in server.methods


def _takes(server: Server, method: str) -> None:
    if server.methods and method not in server.methods:
        raise Unfit(f"the authorization server does not take `{method}`")


def _read_token(status: int, body: bytes, began: float, scopes: tuple[str, ...]) -> Token:
    """Return the token in an answer (RFC 6749, 5.1); raises `Unfit`."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Unfit(f"the authorization server answered with HTTP status {status} and no JSON object")
    if status != OK:
        error = document.get("error")
        told = f" `{error}`" if isinstance(error, str) and _ERROR.fullmatch(error) else ""
        raise Unfit(f"the authorization server refused with HTTP status {status}{told}")
    value, kind, life = document.get("access_token"), document.get("token_type"), document.get("expires_in")
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not _TOKEN.fullmatch(value):
        raise Unfit("the authorization server gave no token that can stand in a header")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise Unfit("the authorization server gave a token that is no Bearer token")
    seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) and life > 0 else LONGEST
    seconds = min(seconds, LONGEST)
    granted = document.get("scope")
    held = (*scopes, *scopes_in(granted)) if isinstance(granted, str) else scopes
    return Token(value, began + seconds - min(EARLY_SECONDS, seconds / 10), held)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"getting one took more than {ALL_SECONDS:g} s"
    return error.message if isinstance(error, HttpFailed | EffectDenied) else str(error)


def _no_token(why: str) -> HttpFailed:
    return HttpFailed("no-token", f"no token for it: {why}", sent="no")
