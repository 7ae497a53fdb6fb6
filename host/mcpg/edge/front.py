"""The front door: the MCP path to the raw application, all else to FastAPI. It answers nothing itself.

Mounting the endpoint in FastAPI costs six times (see docs/adr), so `front_door` is the way to serve; `embed` is the
slower way for a program that has a FastAPI application already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from fastapi import FastAPI

    from mcpg.edge.asgi import App, Receive, Scope, Send
    from mcpg.edge.endpoint import McpEndpoint

__all__ = ["embed", "front_door"]


def front_door(mcp: App, rest: App, *, path: str = "/mcp") -> App:
    """Return an application that gives HTTP requests for `path` to `mcp`, and all else, lifespan too, to `rest`."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == path:
            await mcp(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return door


def embed(app: FastAPI, path: str, endpoint: McpEndpoint) -> None:
    """Mount the endpoint in a FastAPI application, at exactly `path`; its own lifespan has to start the service.

    Middleware of the application applies: one that buffers answers breaks streams.
    """
    app.router.routes.insert(0, Route(path, endpoint=endpoint, include_in_schema=False))
