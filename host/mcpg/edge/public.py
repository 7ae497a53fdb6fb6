"""What anyone may ask beside MCP: is it alive, is it ready. It shows nothing of the inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

__all__ = ["public_app"]


def public_app(
    ready: Callable[[], bool],
    *,
    alarms: Callable[[], dict[str, str]] = dict,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """Return an application with `/health` (200 while the loop turns) and `/ready` (200 or 503, as `ready` says).

    `alarms` are words that `/ready` adds: what is not as it should be, although calls are answered.
    """
    app = FastAPI(title="MCPG", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    async def is_ready(response: Response) -> dict[str, str]:
        if ready():
            return {"status": "ready", **alarms()}
        response.status_code = 503
        return {"status": "not ready", **alarms()}

    return app
