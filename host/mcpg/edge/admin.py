"""The second listener: metrics and the admin API, each request with the bearer token.

It changes nothing, but that it takes a signed revocation list.

Everything is 401 without the token, known path or not, so that a stranger learns no path.
"""

from __future__ import annotations

import hmac
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from mcpg.edge.asgi import send_whole
from mcpg.edge.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.edge.asgi import App, Receive, Scope, Send
    from mcpg.edge.list_post import ListPost

__all__ = ["AdminViews", "admin_app"]

_MIN_TOKEN = 16


@dataclass(frozen=True, slots=True)
class AdminViews:
    """What the admin API shows; each view returns what JSON can say, at once or awaited."""

    metrics: Callable[[], str]
    status: Callable[[], Any | Awaitable[Any]]
    plugins: Callable[[], Any | Awaitable[Any]]
    upstreams: Callable[[], Any | Awaitable[Any]]
    tools: Callable[[], Any | Awaitable[Any]]
    revocations: Callable[[], Any | Awaitable[Any]] = dict
    post: ListPost | None = None
    """What takes a list; nothing does where there is none."""


def admin_app(token: str, views: AdminViews) -> App:
    """Return an application with `/metrics` and `/admin/v1/...` (the names of `views`) behind `token`.

    Raises `ValueError` for a token of fewer than 16 characters.
    """
    if len(token) < _MIN_TOKEN:
        raise ValueError(f"the admin token has fewer than {_MIN_TOKEN} characters")
    app = FastAPI(title="MCPG admin", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(views.metrics(), media_type=CONTENT_TYPE)

    for name in ("status", "plugins", "upstreams", "tools", "revocations"):
        app.add_api_route(f"/admin/v1/{name}", _view(getattr(views, name)), methods=["GET"], name=name)
    if views.post is not None:
        app.add_route("/admin/v1/revocations", views.post.answer, methods=["POST"])
    return _Guard(app, token)


def _view(view: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def answer() -> Any:
        shown = view()
        return await shown if inspect.isawaitable(shown) else shown

    return answer


class _Guard:
    """Lets a request pass with the token only, compared in constant time."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._expected = b"Bearer " + token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = [value for name, value in scope["headers"] if name == b"authorization"]
            if not hmac.compare_digest(given[0] if len(given) == 1 else b"", self._expected):
                await send_whole(send, 401, b'{"detail":"unauthorized"}', [(b"www-authenticate", b"Bearer")])
                return
        elif scope["type"] != "lifespan":
            raise RuntimeError(f"`{scope['type']}` is not served here")
        await self._app(scope, receive, send)
