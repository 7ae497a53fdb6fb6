"""Bearer tokens: asked for with the credentials of one host, kept for that host and scope only, and not for long.

It decides no retry. The scope asked for is ours, never the one in the challenge: a registry cannot have us fetch it a
token for another repository. Source: the distribution project's "Token Authentication" and "OAuth2" specifications.
"""

from __future__ import annotations

import base64
import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mcpg_registry.challenges import check_realm, parse_challenges
from mcpg_registry.http import HttpFailed, Request
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg_registry.challenges import Challenge
    from mcpg_registry.credentials import Credentials, CredentialSource
    from mcpg_registry.hosts import Place
    from mcpg_registry.http import Http

__all__ = ["Tokens", "basic"]

MAX_KEPT = 128
MAX_ANSWER = 64 * 1024
MAX_TOKEN = 32 * 1024
MIN_AGE, MAX_AGE, MARGIN = 60, 3600, 10
_OK = 200
_VALUE = re.compile(r"[\x21-\x7e]+", re.ASCII)
Key = tuple[str, str]


class Tokens:
    """The `Authorization` header for each host and scope, as each host last asked for it."""

    def __init__(
        self, http: Http, credentials: CredentialSource, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[str, float]] = OrderedDict()

    def known(self, place: Place, scope: str) -> str | None:
        """Return the header that this place took for this scope, while it is good."""
        kept = self._kept.get((place.origin, scope))
        if kept is None or kept[1] <= self._clock():
            return None
        return kept[0]

    def forget(self, place: Place, scope: str) -> None:
        """Drop a header that was refused."""
        self._kept.pop((place.origin, scope), None)

    async def answer(self, place: Place, scope: str, header: str) -> str:
        """Return the header that answers a challenge; `HttpFailed` when we have none to give."""
        challenges = {challenge.scheme: challenge for challenge in reversed(parse_challenges(header))}
        credentials = await self._credentials.find(place.host, place.repository)
        if "bearer" in challenges:
            value, age = await self._bearer(place, scope, challenges["bearer"], credentials)
        elif "basic" in challenges and credentials is not None and credentials.password:
            value, age = basic(credentials), MAX_AGE
        elif "basic" in challenges:
            raise _denied("it wants a user and a password, and none are known here", place)
        else:
            raise _denied("it wants a kind of authentication that is not known here", place)
        self._keep((place.origin, scope), value, age)
        return value

    async def _bearer(
        self, place: Place, scope: str, challenge: Challenge, credentials: Credentials | None
    ) -> tuple[str, float]:
        if credentials is not None and credentials.token:
            return f"Bearer {credentials.token}", MAX_AGE
        realm = check_realm(challenge.realm, place)
        fields = [("service", challenge.service), *(("scope", each) for each in scope.split(" ") if each)]
        fields = [(name, value) for name, value in fields if value]
        if credentials is not None and credentials.identity_token:
            form = {
                "grant_type": "refresh_token",
                "client_id": "mcpg",
                "service": challenge.service,
                "scope": scope,
                "refresh_token": credentials.identity_token,
            }
            headers = {"content-type": "application/x-www-form-urlencoded"}
            return await self._ask(place, Request("POST", realm, headers, urlencode(form).encode()))
        headers = {"authorization": basic(credentials)} if credentials is not None else {}
        return await self._ask(place, Request("GET", f"{realm}?{urlencode(fields)}", headers))

    async def _ask(self, place: Place, request: Request) -> tuple[str, float]:
        async with self._http.send(request, place.settings) as answer:
            if answer.status in {401, 403}:
                raise _denied("its token server refused the credentials", place)
            if answer.status != _OK:
                raise HttpFailed(f"its token server answered {answer.status}", code="registry-token")
            data = await answer.read(MAX_ANSWER)
        try:
            document = parse_object(data, MAX_ANSWER)
        except ValueError:
            raise HttpFailed(
                "its token server answered with something else than a token", code="registry-token"
            ) from None
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or len(token) > MAX_TOKEN or _VALUE.fullmatch(token) is None:
            raise HttpFailed("its token server answered without a usable token", code="registry-token")
        seconds = document.get("expires_in")
        age = seconds if type(seconds) is int else MIN_AGE
        return f"Bearer {token}", min(age - MARGIN, MAX_AGE)

    def _keep(self, key: Key, value: str, age: float) -> None:
        self._kept[key] = value, self._clock() + age
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


def basic(credentials: Credentials) -> str:
    """Return the header that says a user's name and password."""
    pair = f"{credentials.username}:{credentials.password}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _denied(reason: str, place: Place) -> HttpFailed:
    return HttpFailed(reason, code="registry-denied", remedy=f"`mcpg login {place.host}`, or look at your credentials")
