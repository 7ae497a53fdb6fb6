"""From a checked call to the bytes of its answer, the same for every transport. It writes nothing to a client.

What is answered here and not by the service: ping, server/discover, logging/setLevel. Errors that are no refusal
become -32603 without a word on what went wrong inside; the log gets where it happened, not what the values were.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import McpgError
from mcpg.protocol import frames
from mcpg.protocol.handshake import discover_result
from mcpg.protocol.refusals import error_for, unknown_method
from mcpg.protocol.shapes import shape

if TYPE_CHECKING:
    from mcpg.contract.documents import Caller, Credentials
    from mcpg.contract.ports import Channel, McpCall, Service
    from mcpg.edge.subscriptions import Subscriptions
    from mcpg.protocol.frames import Notification
    from mcpg.protocol.sessions import Session

__all__ = ["Answer", "Answers", "internal", "offers"]

_log = logging.getLogger("mcpg.edge")


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The bytes of one JSON-RPC answer, and the HTTP status and headers of its carrier; `code` is 0 for a result."""

    body: bytes
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    code: int = 0


class Answers:
    """Answers calls by asking the service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._server_info: dict[str, Any] | None = None
        self.subscriptions: Subscriptions | None = None
        """What sessions watch; none where nothing can be watched."""

    @property
    def service(self) -> Service:
        """Whom the calls are put to."""
        return self._service

    def exchange(self, service: Service) -> None:
        """Put calls to another service from now on."""
        self._service = service
        self.forget()

    async def identify(self, credentials: Credentials) -> Caller:
        """Return the caller; raises `Refusal`, also where the service failed otherwise (503)."""
        try:
            return await self._service.identify(credentials)
        except Refusal:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody was identified
            raise internal(error, "identity", status=503) from None

    async def answer(self, caller: Caller, call: McpCall, channel: Channel, session: Session | None = None) -> Answer:
        """Return the answer to a call; never raises but on cancellation."""
        try:
            result = await self._result(caller, call, channel, session)
            shaped = shape(call.method, result, call.version, self._info())
            return Answer(frames.encode_response(call.request_id, shaped))
        except Refusal as refusal:
            return self.refuse(refusal, call.request_id, call.version, call.method)
        except Exception as error:  # noqa: BLE001 - the boundary where errors become answers
            return self.refuse(internal(error, call.method), call.request_id, call.version, call.method)

    async def pass_on(self, caller: Caller, note: Notification, session: Session) -> None:
        """Tell the service a session's notification that belongs to no request; never raises but on cancellation."""
        try:
            await self._service.note(caller, note.method, note.params, version=session.version, session=session.id)
        except Refusal:
            return  # who sends a notification is told nothing
        except Exception as error:  # noqa: BLE001 - the same
            internal(error, note.method)

    def refuse(self, refusal: Refusal, request_id: Any, version: str, method: str = "") -> Answer:
        """Return a refusal as a client of `version` may see it."""
        status, code, message, data = error_for(refusal, version, method)
        return Answer(frames.encode_failure(request_id, code, message, data), status, refusal.headers, code)

    def describe(self) -> dict[str, Any]:
        """Return the service's description of itself, and keep its name for later answers."""
        description = self._service.describe()
        self._server_info = dict(description.get("serverInfo", {}))
        return description

    def forget(self) -> None:
        """Ask the service again for its name; call it when its configuration has changed."""
        self._server_info = None

    async def _result(self, caller: Caller, call: McpCall, channel: Channel, session: Session | None) -> dict[str, Any]:
        match call.method:
            case "ping":
                return {}
            case "server/discover":
                return discover_result(self.describe())
            case "logging/setLevel" if session is not None:
                if not offers(self.describe(), "logging"):
                    raise unknown_method(call.method, call.version)
                session.log_level = call.params["level"]
                return {}
            case "resources/subscribe" | "resources/unsubscribe" if session is not None:
                return await self._watch(caller, call, session)
            case _:
                return await self._service.respond(caller, call, channel)

    async def _watch(self, caller: Caller, call: McpCall, session: Session) -> dict[str, Any]:
        if self.subscriptions is None or not offers(self.describe(), "resources", "subscribe"):
            raise unknown_method(call.method, call.version)
        if call.method == "resources/unsubscribe":
            return self.subscriptions.unsubscribe(session.id, call.params["uri"])
        return await self.subscriptions.subscribe(self._service, caller, call, session)

    def _info(self) -> dict[str, Any]:
        if self._server_info is None:
            self.describe()
        return self._server_info or {}


def offers(description: dict[str, Any], capability: str, option: str = "") -> bool:
    """Return whether a service declares a capability, and an option of it if one is named."""
    declared = description.get("capabilities", {}).get(capability)
    if declared is None:
        return False
    return not option or bool(declared.get(option))


def internal(error: Exception, where: str, *, status: int = 200) -> Refusal:
    """Return what a client learns of an error inside (nothing), after logging where it happened."""
    code = error.code if isinstance(error, McpgError) else type(error).__name__
    steps = traceback.extract_tb(error.__traceback__)[-3:]
    place = ", ".join(f"{PurePath(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in steps)
    _log.error("`%s` failed with `%s` at %s", where, code, place)
    return Refusal(frames.INTERNAL_ERROR, "the gateway could not finish this request", status=status)
