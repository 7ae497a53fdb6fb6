"""The MCP endpoint: Streamable HTTP of both eras as a raw ASGI application. It routes no path and knows no stage.

A request passes, in this order: Host and Origin, method, media types, body, frame and headers (`protocol.classify`),
identity, session, work. Every refusal on the way is a JSON-RPC error under its HTTP status.
Source: MCP 2025-11-25 and 2026-07-28, basic/transports.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.edge.answers import Answers, internal
from mcpg.edge.asgi import ClientGone, Intake, encode_lines, send_whole
from mcpg.edge.exchange import BY_SHUTDOWN
from mcpg.edge.guards import check_media, check_source, cors_headers, credentials_of, preflight_headers
from mcpg.edge.listening import Listening
from mcpg.edge.measures import EdgeMeasures
from mcpg.edge.metrics import Gauge
from mcpg.edge.settings import EdgeSettings
from mcpg.edge.streams import Streams
from mcpg.edge.work import Work
from mcpg.protocol import frames
from mcpg.protocol.classify import ModernCall, ModernNote, Opening, SessionTraffic, classify
from mcpg.protocol.headers import SESSION, fold
from mcpg.protocol.refusals import Rejected
from mcpg.protocol.sessions import SessionTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.ports import Service
    from mcpg.edge.asgi import Lines, Receive, Scope, Send
    from mcpg.edge.metrics import Metric
    from mcpg.protocol.classify import Posted
    from mcpg.protocol.frames import RequestId
    from mcpg.protocol.headers import Headers
    from mcpg.protocol.sessions import Principal

__all__ = ["McpEndpoint"]

_ALLOW = ("allow", "POST, GET, DELETE")


class McpEndpoint:
    """A raw ASGI application for one path; `new_session_id` makes ids that nobody can guess."""

    def __init__(
        self,
        service: Service,
        settings: EdgeSettings | None = None,
        *,
        new_session_id: Callable[[], str] = lambda: secrets.token_urlsafe(24),
        measures: EdgeMeasures | None = None,
    ) -> None:
        self._settings = settings or EdgeSettings()
        self._answers = Answers(service)
        self._intake = Intake(self._settings.max_body, self._settings.body_timeout, self._settings.max_reading)
        self.sessions = SessionTable(
            new_session_id,
            limit=self._settings.max_sessions,
            per_principal=self._settings.max_sessions_each,
            idle=self._settings.session_idle,
        )
        self.measures = measures or EdgeMeasures()
        self.streams = Streams(self._settings)
        self._listening = Listening(self._answers, self.sessions, self.streams)
        self._work = Work(self._answers, self.sessions, self._settings, self.measures, self._listening)
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; other kinds of connection are none of ours."""
        if scope["type"] != "http":
            raise RuntimeError(f"`{scope['type']}` is not served here")
        lines: Lines = []
        try:
            headers = fold(scope["headers"])
            check_source(headers, self._settings)
            lines = cors_headers(headers)
            if scope["method"] == "POST":
                await self._post(scope, headers, receive, send, lines)
            else:
                await self._other(scope, headers, receive, send, lines)
        except Refusal as refusal:
            await self._refuse(refusal, send, lines)
        except ClientGone:
            self.measures.refused("gone")
        except Exception as error:  # noqa: BLE001 - the boundary where errors become answers
            await self._refuse(internal(error, "edge", status=500), send, lines)

    def notify_changed(self, kind: str, only: Callable[[Principal], bool] | None = None) -> None:
        """Tell clients that the list of `tools`, `prompts` or `resources` has changed; `only` picks whose lists did."""
        self._answers.forget()
        self.measures.dropped(self.streams.tell(kind, only))

    def expire_sessions(self) -> None:
        """End idle sessions; call it now and then, so that they do not wait for the next initialize."""
        for session in self.sessions.expire(asyncio.get_running_loop().time()):
            self._listening.close(session.id)

    def metrics(self) -> list[Metric]:
        """Return what is counted here and how many requests, sessions and streams there are, for a registry."""
        return [
            *self.measures.metrics(),
            Gauge("mcpg_requests_pending", "Requests in work.", lambda: self.pending),
            Gauge("mcpg_sessions", "Open sessions.", lambda: len(self.sessions)),
            Gauge("mcpg_streams", "Open streams for server notifications.", lambda: len(self.streams)),
        ]

    @property
    def pending(self) -> int:
        """How many requests are in work."""
        return self._work.pending

    async def drain(self, deadline: float) -> bool:
        """Take no more requests, end all streams, and wait `deadline` seconds for those in work, then cancel them.

        Returns whether all ended by themselves. Cancelled ones are told that they may have happened.
        """
        self._draining = True
        self.streams.close_all()
        if await self._work.idle(deadline):
            return True
        self._work.cancel_all(BY_SHUTDOWN)
        await self._work.idle(self._settings.write_timeout)
        return False

    async def _post(self, scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        if self._draining:
            closing = [("connection", "close"), ("retry-after", "5")]
            raise Refusal(frames.INTERNAL_ERROR, "the gateway is shutting down", status=503, headers=closing)
        check_media(headers)
        posted = classify(await self._intake.read(headers, receive), headers)
        try:
            caller = await self._answers.identify(credentials_of(scope, headers, self._settings))
        except Refusal as refusal:
            await self._refuse(refusal, send, lines, _id_of(posted))
            return
        match posted:
            case ModernCall(call=call):
                await self._work.modern(caller, call, receive, send, lines)
            case ModernNote():
                await send_whole(send, 202, lines=lines)
            case Opening(request=request):
                await self._work.open(caller, request, send, lines)
            case SessionTraffic():
                await self._work.session(caller, posted, headers.get(SESSION, ""), receive, send=send, lines=lines)

    async def _other(self, scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        method = scope["method"]
        if method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers:
            await send_whole(send, 204, lines=preflight_headers(headers))
        elif method in {"GET", "DELETE"} and self._listening.applies(headers):
            caller = await self._answers.identify(credentials_of(scope, headers, self._settings))
            if method == "GET":
                await self._listening.get(caller, headers, receive, send, lines)
            else:
                self._work.end_session(self._listening.end(caller, headers))
                await send_whole(send, 204, lines=lines)
        else:
            text = f"method `{method[:16]}` is not served here"
            raise Refusal(frames.INVALID_REQUEST, text, status=405, headers=[_ALLOW])

    async def _refuse(self, refusal: Refusal, send: Send, lines: Lines, request_id: RequestId | None = None) -> None:
        self.measures.refused(str(refusal.status))
        headers = encode_lines(refusal.headers)
        if refusal.status == 401 and all(name != b"www-authenticate" for name, _ in headers):  # noqa: PLR2004 - HTTP
            headers.append((b"www-authenticate", b"Bearer"))
        if isinstance(refusal, Rejected) and request_id is None:
            request_id = refusal.request_id
        body = frames.encode_failure(request_id, refusal.code, str(refusal), refusal.data)
        status = refusal.status if refusal.status != 200 else 400  # noqa: PLR2004 - nothing was answered yet
        await send_whole(send, status, body, [*lines, *headers])


def _id_of(posted: Posted) -> RequestId | None:
    match posted:
        case ModernCall(call=call):
            return call.request_id
        case Opening(request=request):
            return request.id
        case SessionTraffic(messages=[frames.Request(id=request_id)]):
            return request_id
        case _:
            return None
