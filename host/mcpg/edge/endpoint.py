"""The MCP endpoint: Streamable HTTP of both eras as a raw ASGI application. It routes no path and knows no stage.

A request passes, in this order: Host and Origin, method, media types, body, frame and headers (`protocol.classify`),
identity, session, work. Every refusal on the way is a JSON-RPC error under its HTTP status.
Source: MCP 2025-11-25 and 2026-07-28, basic/transports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.edge.answers import Answers, internal
from mcpg.edge.asgi import ClientGone, encode_lines, send_whole
from mcpg.edge.guards import check_media, check_source, cors_headers, credentials_of, is_preflight, preflight_headers
from mcpg.edge.legacy_sse import LegacySse
from mcpg.edge.listening import Listening
from mcpg.edge.shared import BY_STREAM, Shared
from mcpg.edge.wellknown import base_of, challenged, metadata
from mcpg.edge.work import Work
from mcpg.protocol import frames
from mcpg.protocol.classify import (
    ModernCall,
    ModernNote,
    Opening,
    SessionTraffic,
    check_session_version,
    classify,
)
from mcpg.protocol.headers import SESSION, fold
from mcpg.protocol.refusals import Rejected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.ports import Service
    from mcpg.edge.asgi import App, Lines, Receive, Scope, Send
    from mcpg.edge.measures import EdgeMeasures
    from mcpg.edge.settings import EdgeSettings
    from mcpg.edge.wellknown import Protected
    from mcpg.protocol.classify import Posted
    from mcpg.protocol.frames import RequestId
    from mcpg.protocol.headers import Headers
    from mcpg.protocol.sessions import Session

    Serve = Callable[[Scope, Headers, Receive, Send, Lines], Awaitable[None]]

__all__ = ["McpEndpoint"]


class McpEndpoint:
    """A raw ASGI application for one path; its sessions are bound to `name`, `shared` is what others share with it."""

    def __init__(
        self,
        service: Service,
        settings: EdgeSettings | None = None,
        *,
        measures: EdgeMeasures | None = None,
        shared: Shared | None = None,
        name: str = "mcp",
        protected: Protected | None = None,
    ) -> None:
        self.shared = shared or Shared(settings, measures=measures)
        self.name = name
        self.protected = protected
        self._settings = self.shared.settings
        self._answers = Answers(service)
        self.sessions = self.shared.sessions.at(name)
        self.measures = self.shared.measures
        self.streams = self.shared.streams
        self._listening = Listening(self._answers, self.sessions, self.shared)
        self._answers.subscriptions = self._listening.subscriptions
        self._work = Work(
            self._answers,
            self.sessions,
            self._settings,
            self.measures,
            listening=self._listening,
            load=self.shared.load,
            asks=self.shared.asks,
            resuming=self.shared.resuming,
        )
        self._legacy = LegacySse(self._answers, self.shared.sessions.at(name + BY_STREAM), self.shared)
        self.shared.attach(name, self)
        self.shared.attach(name + BY_STREAM, self._legacy)
        self.notify_changed = self.shared.notify_changed
        self.expire_sessions = self.shared.expire_sessions
        self.metrics = self.shared.metrics
        self.drain = self.shared.drain

    @property
    def pending(self) -> int:
        """How many requests are in work."""
        return self.shared.pending

    def exchange(self, service: Service, protected: Protected | None) -> None:
        """Put calls to another service from now on; sessions go on with it."""
        self._answers.exchange(service)
        self.protected = protected

    def forget(self) -> None:
        """Ask the service for its name and capabilities again."""
        self._answers.forget()

    def session_ended(self, session: Session) -> Service:
        """Cancel and close what a session of this endpoint still has; return whom to tell that it has ended."""
        self._work.end_session(session)
        return self._answers.service

    def drained(self) -> None:
        """End nothing more: streams and requests have ended."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; other kinds of connection are none of ours."""
        if scope["type"] != "http":
            raise RuntimeError(f"`{scope['type']}` is not served here")
        serve = self._post if scope["method"] == "POST" else self._other
        await self._guarded(serve, scope, receive, send)

    async def sse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream of HTTP+SSE (2024-11-05)."""
        await self._guarded(self._legacy.stream, scope, receive, send)

    async def messages(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the posts of HTTP+SSE (2024-11-05)."""
        await self._guarded(self._legacy.post, scope, receive, send)

    async def guard(self, rest: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Let another application of the same listener serve, for whom Host and Origin may be."""
        try:
            check_source(fold(scope["headers"]), self._settings)
        except Refusal as refusal:
            await self._refuse(refusal, scope, send, [])
            return
        await rest(scope, receive, send)

    async def metadata(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for this endpoint's metadata as a protected resource, as found under `path`."""

        async def answer(scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:  # noqa: ARG001 - as `_post`
            if scope["method"] not in {"GET", "HEAD"} or self.protected is None:
                raise _not_served(scope["method"], "GET, HEAD")
            body = metadata(self.protected, base_of(self.protected, scope), path)
            await send_whole(send, 200, body, [*lines, (b"cache-control", b"max-age=3600")])

        await self._guarded(answer, scope, receive, send)

    async def _guarded(self, serve: Serve, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request whose Host and Origin may be; what goes wrong becomes its answer."""
        lines: Lines = []
        try:
            headers = fold(scope["headers"])
            check_source(headers, self._settings)
            lines = cors_headers(headers)
            if scope["method"] == "OPTIONS" and is_preflight(headers):
                await send_whole(send, 204, lines=preflight_headers(headers))
            else:
                await serve(scope, headers, receive, send, lines)
        except Refusal as refusal:
            await self._refuse(refusal, scope, send, lines)
        except ClientGone:
            self.measures.refused("gone")
        except Exception as error:  # noqa: BLE001 - the boundary where errors become answers
            await self._refuse(internal(error, "edge", status=500), scope, send, lines)

    async def _other(self, scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        method = scope["method"]
        if method in {"GET", "DELETE"} and self._listening.applies(headers):
            check_session_version(headers)
            caller = await self._answers.identify(credentials_of(scope, headers, self._settings))
            if method == "GET":
                await self._listening.get(caller, headers, receive, send, lines)
            else:
                await self.sessions.end(headers[SESSION], caller)
                await send_whole(send, 204, lines=lines)
        else:
            raise _not_served(method, "POST, GET, DELETE")

    async def _post(self, scope: Scope, headers: Headers, receive: Receive, send: Send, lines: Lines) -> None:
        check_media(headers)
        posted = classify(await self.shared.intake.read(headers, receive), headers)
        try:
            if self.shared.draining:
                self.shared.refuse_when_draining(posted)
            caller = await self._answers.identify(credentials_of(scope, headers, self._settings))
            match posted:
                case ModernCall(call=call):
                    await self._work.modern(caller, call, receive, send, lines)
                case ModernNote():
                    await send_whole(send, 202, lines=lines)
                case Opening(request=request):
                    await self._work.open(caller, request, send, lines)
                case SessionTraffic():
                    await self._work.session(caller, posted, headers.get(SESSION, ""), receive, send=send, lines=lines)
        except Refusal as refusal:
            await self._refuse(refusal, scope, send, lines, _id_of(posted))

    async def _refuse(
        self, refusal: Refusal, scope: Scope, send: Send, lines: Lines, request_id: RequestId | None = None
    ) -> None:
        self.measures.refused(str(refusal.status))
        headers = encode_lines(refusal.headers)
        if refusal.status == 401:  # noqa: PLR2004 - HTTP
            headers = challenged(headers, self.protected, scope)
        if isinstance(refusal, Rejected) and request_id is None:
            request_id = refusal.request_id
        body = frames.encode_failure(request_id, refusal.code, str(refusal), refusal.data)
        status = refusal.status if refusal.status != 200 else 400  # noqa: PLR2004 - nothing was answered yet
        await send_whole(send, status, body, [*lines, *headers])


def _not_served(method: str, allowed: str) -> Refusal:
    text = f"method `{method[:16]}` is not served here"
    return Refusal(frames.INVALID_REQUEST, text, status=405, headers=[("allow", allowed)])


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
