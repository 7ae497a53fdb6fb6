"""The front door: the MCP path to the raw application, all else to FastAPI. It answers nothing itself.

What is beside MCP has the same guard of Host and Origin: a page that has no business here learns nothing of its state.

Mounting the endpoint in FastAPI costs six times (see docs/adr), so `front_door` is the way to serve; `embed` is the
slower way for a program that has a FastAPI application already.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.wellknown import WELL_KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from mcpg.edge.asgi import App, Receive, Scope, Send

__all__ = ["embed", "front_door", "front_doors"]


def front_door(mcp: App, rest: App, *, path: str = "/mcp") -> App:
    """Return an application that gives HTTP requests for `path` to `mcp`, and all else, lifespan too, to `rest`."""
    return front_doors({path: mcp}.get, rest, root=path)


def front_doors(resolve: Callable[[str], App | None], rest: App, *, root: str = "/mcp") -> App:
    """Return an application that gives HTTP requests to what `resolve` finds for their path, and all else to `rest`.

    `resolve` is asked for each request, so what it knows may change. `root` is the endpoint whose metadata answers
    where no path is named.
    """

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        app: App | None = None
        if scope["type"] == "http":
            path: str = scope["path"]
            app = resolve(path) or _beside(resolve, path, root) or _guarded(resolve(root), rest)
        await (app or rest)(scope, receive, send)

    return door


def _beside(resolve: Callable[[str], App | None], path: str, root: str) -> App | None:
    """Return what stands beside an endpoint's own path: HTTP+SSE below it, its metadata (RFC 9728, section 3.1)."""
    above, _, last = path.rpartition("/")
    if last in {"sse", "messages"}:
        endpoint = resolve(above)
        if isinstance(endpoint, McpEndpoint) and endpoint.shared.settings.legacy_sse:
            return endpoint.sse if last == "sse" else endpoint.messages
    if path.startswith(WELL_KNOWN):
        named = path.removeprefix(WELL_KNOWN)
        endpoint = resolve(named or root)
        if isinstance(endpoint, McpEndpoint) and endpoint.protected is not None:
            return partial(endpoint.metadata, named or root)
    return None


def _guarded(endpoint: App | None, rest: App) -> App | None:
    return partial(endpoint.guard, rest) if isinstance(endpoint, McpEndpoint) else None


def embed(app: FastAPI, path: str, endpoint: McpEndpoint) -> None:
    """Mount the endpoint in a FastAPI application at `path`, with what stands beside it (`<path>/sse`, its metadata).

    The application's own lifespan has to start the service. Its middleware applies: one that buffers answers breaks
    streams.
    """
    beside = {f"{path}/sse", f"{path}/messages", WELL_KNOWN, WELL_KNOWN + path}
    parts = {each: _beside({path: endpoint}.get, each, path) for each in sorted(beside)}
    routes = [Route(each, endpoint=_Part(part), include_in_schema=False) for each, part in parts.items() if part]
    app.router.routes[:0] = [Route(path, endpoint=endpoint, include_in_schema=False), *routes]


class _Part:
    """A raw application as routes take it: they believe that every function wants a request of theirs."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
