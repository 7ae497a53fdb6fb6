"""Driver `http`: one request to an API that the operator granted. It opens no socket itself; the connector does.

A request is sent again only when it surely was not sent, or when repeating it is harmless: its method is idempotent, or
the plugin says so and the host adds an idempotency key. Otherwise a request without an answer is `outcome-unknown`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.effects import BlobRef, HttpRequest, Secret
from mcpg.contract.problems import EffectDenied
from mcpg.contract.verdicts import Case, failed, ok
from mcpg.effects.echo import EchoGuard
from mcpg.effects.http_grant import HttpGrant, read_http_grant
from mcpg.effects.http_reply import LARGE, encode_reply, keep, reply_of
from mcpg.effects.http_stream import StreamReader
from mcpg.effects.secrets import Place
from mcpg.effects.targets import parse_target
from mcpg.effects.transport import HttpFailed, Outgoing, Reach
from mcpg.effects.wire import check_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import EffectContext
    from mcpg.effects.connector import GuardedConnector
    from mcpg.effects.incoming import Incoming
    from mcpg.effects.secrets import Keyring

__all__ = ["HttpDriver"]

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_WORTH_ANOTHER_TRY = frozenset({"broken", "unreachable"})
_PAUSE = 0.05
_MAX_HEADERS = 16 * 1024
_TAKEN = frozenset({"idempotency-key", "keep-alive", "proxy-connection", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class _Ready:
    """A request with its secrets in place, never shown."""

    outgoing: Outgoing
    guard: EchoGuard
    repeatable: bool


class HttpDriver:
    """Sends HTTP requests through the guarded connector, which whoever made it stops."""

    name = "http"
    request = HttpRequest

    def __init__(self, connector: GuardedConnector) -> None:
        self._connector = connector

    async def start(self) -> None:
        """Nothing to do: connections open when they are needed."""

    async def stop(self) -> None:
        """Nothing to do: the connector belongs to the gateway."""

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> HttpGrant:
        """Read the fields of `http_grant`; raises `ConfigError`."""
        return read_http_grant(document, keyring)

    def check(self, request: HttpRequest, grant: HttpGrant) -> None:
        """Return if the first hop, its headers, secrets and body are granted; raises `EffectDenied`."""
        target = parse_target(request.url)
        grant.admit(target, request.method)
        size = 0
        for name, value in request.headers.items():
            text = value if isinstance(value, str) else value.prefix + value.suffix
            check_header(name, text)
            if name.lower() in _TAKEN:
                raise EffectDenied(f"header `{name}` is set by the host only")
            if isinstance(value, Secret):
                grant.keyring.check(value, Place("http", target.host, name.lower()))
            size += len(name) + len(text)
        if size > _MAX_HEADERS:
            raise EffectDenied(f"the request's headers exceed {_MAX_HEADERS} bytes")
        if len({name.lower() for name in request.headers}) < len(request.headers):
            raise EffectDenied("a header stands twice")
        bodies = (request.body is not None, request.body_base64 is not None, request.json is not msgspec.UNSET)
        if sum(bodies) > 1:
            raise EffectDenied("only one of `body`, `body_base64` and `json` can be sent")
        if request.body_base64 is None and not isinstance(request.body, BlobRef):
            self._fits(_plain(request), grant)

    def _fits(self, body: bytes, grant: HttpGrant) -> bytes:
        if len(body) > grant.max_request:
            raise EffectDenied(f"the body has {len(body)} bytes, {grant.max_request} are granted (`max_request`)")
        return body

    async def perform(self, request: HttpRequest, grant: HttpGrant, context: EffectContext) -> Case:
        """Send the request, and again where that is safe; answers `ok(HttpReply)` or `failed`."""
        loop = asyncio.get_running_loop()
        deadline = min(context.deadline, loop.time() + min(request.timeout / 1000, grant.timeout))
        ready = await self._ready(request, grant, context)
        reach = grant.reach()
        for attempt in range(2):
            try:
                return ok(await self._once(ready, request, reach, context, deadline))
            except HttpFailed as failure:
                again = failure.sent == "no" or (failure.sent == "maybe" and ready.repeatable)
                if attempt or not again or failure.code not in _WORTH_ANOTHER_TRY or loop.time() + _PAUSE >= deadline:
                    if failure.sent == "maybe" and not ready.repeatable:
                        return failed("outcome-unknown", f"{failure.message}: the request may have taken effect")
                    return failed(failure.code, failure.message)
            await asyncio.sleep(_PAUSE)
        raise AssertionError  # the second attempt always answers

    async def _once(
        self, ready: _Ready, request: HttpRequest, reach: Reach, context: EffectContext, deadline: float
    ) -> str:
        async with self._connector.stream(ready.outgoing, reach, deadline=deadline) as incoming:
            if request.expect and incoming.status not in request.expect:
                raise HttpFailed("unexpected-status", f"the server answered {incoming.status}", sent="answered")
            if request.stream is not None:
                return await self._streamed(incoming, request, ready.guard, context)
            body = await incoming.read()
            self._refuse_echo(incoming, body, ready.guard)
            return encode_reply(reply_of(incoming.status, incoming.headers, body, context), ready.guard)

    async def _streamed(
        self, incoming: Incoming, request: HttpRequest, guard: EchoGuard, context: EffectContext
    ) -> str:
        assert request.stream is not None  # noqa: S101 - `_once` asked; for the checker
        self._refuse_echo(incoming, b"", guard)
        value = await StreamReader(request.stream, guard, context).read(incoming)
        reply = reply_of(incoming.status, incoming.headers, b"", context)
        text = msgspec.json.encode(value)
        if len(text) > LARGE and not context.whole_bodies:
            if guard.found_in(text):
                raise HttpFailed("secret-echoed", "the answer holds a secret that was sent", sent="answered")
            return encode_reply(
                msgspec.structs.replace(reply, body=keep(context.blobs, text, "application/json")), guard
            )
        return encode_reply(msgspec.structs.replace(reply, json=value), guard)

    def _refuse_echo(self, incoming: Incoming, body: bytes, guard: EchoGuard) -> None:
        headers = "\n".join(f"{name}: {value}" for name, value in incoming.headers).encode("latin-1")
        if guard.found_in(headers) or guard.found_in(body):
            raise HttpFailed("secret-echoed", "the answer holds a secret that was sent", sent="answered")

    async def _ready(self, request: HttpRequest, grant: HttpGrant, context: EffectContext) -> _Ready:
        target = parse_target(request.url)
        headers: list[tuple[str, str]] = []
        secrets: list[str] = []
        placed: set[str] = set()
        for name, value in request.headers.items():
            lower = name.lower()
            if isinstance(value, Secret):
                grant.keyring.check(value, Place("http", target.host, lower))
                secret, text = await grant.keyring.open(value, context.caller)
                secrets.append(secret)
                placed.add(lower)
            else:
                text = value
            headers.append((lower, text))
        body, media = self._body(request, grant, context)
        names = {name for name, _ in headers}
        if media and "content-type" not in names:
            headers.append(("content-type", media))
        if "user-agent" not in names:
            headers.append(("user-agent", "mcpg"))
        if request.idempotent:
            headers.append(("idempotency-key", f"{context.run}-{context.index}"))
        outgoing = Outgoing(request.method, request.url, tuple(headers), body, frozenset(placed))
        return _Ready(outgoing, EchoGuard(secrets), request.idempotent or request.method in _IDEMPOTENT)

    def _body(self, request: HttpRequest, grant: HttpGrant, context: EffectContext) -> tuple[bytes, str]:
        """Return the body and its media type if the driver knows it."""
        if isinstance(request.body, BlobRef):
            try:
                return self._fits(context.blobs.get(request.body.ref), grant), request.body.media
            except KeyError:
                raise EffectDenied(f"this run has no body `{request.body.ref[:128]}`") from None
        if request.body_base64 is not None:
            try:
                return self._fits(base64.b64decode(request.body_base64, validate=True), grant), ""
            except (binascii.Error, ValueError):
                raise EffectDenied("`body_base64` is not base64") from None
        return self._fits(_plain(request), grant), "application/json" if request.json is not msgspec.UNSET else ""


def _plain(request: HttpRequest) -> bytes:
    if request.json is not msgspec.UNSET:
        return msgspec.json.encode(request.json)
    return request.body.encode() if isinstance(request.body, str) else b""
