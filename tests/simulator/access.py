"""Who may do what at a simulated registry: anybody, Basic, or Bearer with a token endpoint of its own.

A token is good for the repositories and actions that were granted and for nothing else; `used` keeps the log-ins tried.
Source: distribution "Token Authentication Specification".
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.simulator.distribution import failure
from tests.simulator.wire import Reply

if TYPE_CHECKING:
    from tests.simulator.distribution import Route
    from tests.simulator.wire import Request

__all__ = ["Basic", "Bearer", "Open", "basic"]

Grant = tuple[str, str]
"""A repository and an action."""


def basic(user: str, password: str) -> str:
    """Return the Authorization header of a log-in."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Open:
    """Everybody may do everything."""

    def check(self, request: Request, found: Route, origin: str) -> Reply | None:
        return None


@dataclass(slots=True)
class Basic:
    """Every request must carry one of `users`."""

    users: dict[str, str]

    def check(self, request: Request, found: Route, origin: str) -> Reply | None:
        if request.authorization in {basic(*login) for login in self.users.items()}:
            return None
        return failure(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="simulated registry"')


@dataclass(slots=True)
class Bearer:
    """Tokens of `ORIGIN/token`; `open` repositories may be pulled by anybody with an anonymous token.

    `realm` overrides where the challenge sends clients; `refresh` are identity tokens and whom they stand for.
    """

    users: dict[str, str]
    open: frozenset[str] = frozenset()
    realm: str = ""
    service: str = "simulated registry"
    refresh: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, frozenset[Grant]] = field(default_factory=dict)
    path: str = "/token"

    def check(self, request: Request, found: Route, origin: str) -> Reply | None:
        if request.path == self.path:
            return self._token(request)
        wanted = _wanted(request, found)
        granted = self.tokens.get(request.authorization.removeprefix("Bearer "))
        if granted is not None and wanted <= granted:
            return None
        names: dict[str, list[str]] = {}
        for name, action in sorted(wanted):
            names.setdefault(name, []).append(action)
        scope = " ".join(f"repository:{name}:{','.join(actions)}" for name, actions in names.items())
        parts = [f'realm="{self.realm or origin + self.path}"', f'service="{self.service}"']
        parts += [f'scope="{scope}"'] if scope else []
        parts += ['error="insufficient_scope"'] if granted is not None else []
        return failure(401, "UNAUTHORIZED", WWW_Authenticate="Bearer " + ",".join(parts))

    def revoke(self) -> None:
        """Let every token expire at once."""
        self.tokens.clear()

    def _token(self, request: Request) -> Reply:
        if request.method == "POST":
            form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
            scopes = parse_qs(request.body.decode()).get("scope", [])
            user = self.refresh.get(form.get("refresh_token", ""))
            if form.get("grant_type") == "password" and self.users.get(form.get("username", "")) == form.get(
                "password"
            ):
                user = form["username"]
        else:
            target = parse_qs(request.target.partition("?")[2])
            scopes = target.get("scope", [])
            user = next((user for user, word in self.users.items() if request.authorization == basic(user, word)), None)
        if user is None and (request.method == "POST" or request.authorization):
            return failure(401, "UNAUTHORIZED")
        granted = {grant for scope in scopes for each in scope.split() for grant in _grants(each)}
        if user is None:
            granted = {(name, action) for name, action in granted if action == "pull" and name in self.open}
        token = secrets.token_urlsafe(24)
        self.tokens[token] = frozenset(granted)
        body = json.dumps({"token": token, "access_token": token, "expires_in": 300}).encode()
        return Reply(200, {"Content-Type": "application/json"}, body)


def _grants(scope: str) -> set[Grant]:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    return {(name, action) for action in actions.split(",")} if kind == "repository" else set()


def _wanted(request: Request, found: Route) -> set[Grant]:
    if not found.name:
        return set()
    if request.method in {"GET", "HEAD"}:
        return {(found.name, "pull")}
    if request.method == "DELETE":
        return {(found.name, "delete")}
    wanted = {(found.name, "pull"), (found.name, "push")}
    return wanted | ({(request.query["from"], "pull")} if "from" in request.query else set())
