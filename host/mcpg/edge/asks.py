"""Requests of ours to clients of sessions, until they are answered. It is the same for every transport and writes none.

Each request has an id of ours that no other process, session or request ever had, so that an answer that comes late, or
to the wrong place, settles nothing. How a request reaches its client is the transport's business (`Carry`).
Source: MCP 2025-11-25, basic/index (requests of servers), basic/utilities/cancellation, client/*.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import CannotAsk, Refusal
from mcpg.edge.measures import EdgeMeasures
from mcpg.protocol import frames
from mcpg.protocol.capabilities import capabilities_of
from mcpg.protocol.frames import Failure, Response
from mcpg.protocol.shapes import lower_request, raise_response
from mcpg.protocol.versions import HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.protocol.sessions import Session

__all__ = ["Asks", "Carry", "lacking"]

Carry = Callable[[bytes], Awaitable[None]]
"""Takes one message to the client, on the stream that it belongs to; raises `CannotAsk` where no way leads there."""

_CAPABILITIES = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}

_Pending = dict[str, asyncio.Future[Response | Failure | None]]
"""By our ids; none stands for the end of the session."""


class Asks:
    """The open requests of all sessions, at most `per_session` for each of them."""

    def __init__(self, *, per_session: int = 16, measures: EdgeMeasures | None = None) -> None:
        self._limit = per_session
        self._measures = measures or EdgeMeasures()
        self._prefix = secrets.token_hex(4)
        self._made = 0
        self._open: dict[str, _Pending] = {}
        self.pending = 0
        """How many requests wait for their answer."""

    async def ask(self, session: Session, carry: Carry, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request to a session's client and return `{"result": ...}` or `{"error": ...}` in the newest shape.

        Raises `CannotAsk` for what the client has not declared or its version does not know, when it cannot be
        reached, when too many are open, and when the session ends. Cancelling it tells the client.
        """
        lowered = _lowered(session, method, params)
        waiting = self._open.setdefault(session.id, {})
        if len(waiting) >= self._limit:
            self._measures.asked("refused")
            raise CannotAsk(f"the client has {self._limit} requests open already")
        self._made += 1
        request_id = f"{self._prefix}-{self._made}"
        waiting[request_id] = answer = asyncio.get_running_loop().create_future()
        self.pending += 1
        try:
            await carry(frames.encode_request(request_id, method, lowered))
            return self._read(session, method, await answer)
        except asyncio.CancelledError:
            self._measures.asked("cancelled")
            await _cancel(carry, request_id)
            raise
        except CannotAsk:
            self._measures.asked("unreachable")
            raise
        finally:
            self._forget(session.id, request_id)

    def settle(self, session_id: str, message: Response | Failure) -> bool:
        """Take an answer that a session's own client has sent; return whether anybody waited for it."""
        waiting = self._open.get(session_id, {})
        answer = waiting.get(message.id) if isinstance(message.id, str) else None
        if answer is None or answer.done():
            self._measures.asked("unknown")
            return False
        answer.set_result(message)
        return True

    def close(self, session_id: str) -> None:
        """Fail what a session that has ended was still asked."""
        for answer in list(self._open.get(session_id, {}).values()):
            if not answer.done():
                answer.set_result(None)

    def _read(self, session: Session, method: str, message: Response | Failure | None) -> dict[str, Any]:
        if message is None:
            raise CannotAsk("the session has ended")
        if isinstance(message, Failure):
            self._measures.asked("error")
            error: dict[str, Any] = {"code": message.code, "message": message.message}
            return {"error": error if message.data is None else {**error, "data": message.data}}
        try:
            raised = raise_response(method, message.result, session.version)
        except Refusal as refusal:
            self._measures.asked("error")
            return {"error": {"code": refusal.code, "message": str(refusal)}}
        self._measures.asked("answered")
        return {"result": raised}

    def _forget(self, session_id: str, request_id: str) -> None:
        self.pending -= 1
        waiting = self._open[session_id]
        del waiting[request_id]
        if not waiting:
            del self._open[session_id]


def lacking(method: str, params: Mapping[str, Any], capabilities: Mapping[str, Any]) -> str:
    """Return the capability that a client would have to declare for a request and has not, such as `elicitation.url`.

    `capabilities` are in the newest shape (`capabilities_of`). Empty if nothing lacks.
    """
    name = _CAPABILITIES.get(method)
    if name is None:
        return method
    declared = capabilities.get(name)
    if not isinstance(declared, dict):
        return name
    if name == "elicitation":
        mode = str(params.get("mode", "form"))
        return "" if mode in declared else f"{name}.{mode}"
    if name == "sampling" and ("tools" in params or "toolChoice" in params) and "tools" not in declared:
        return f"{name}.tools"
    return ""


def _lowered(session: Session, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    if session.version not in HANDSHAKE:
        raise CannotAsk(f"clients of `{session.version}` take no requests")
    missing = lacking(method, params, capabilities_of(session.version, session.capabilities))
    if missing:
        raise CannotAsk(f"the client has not declared the capability `{missing}`")
    try:
        return lower_request(method, params, session.version)
    except Refusal as refusal:
        raise CannotAsk(str(refusal)) from None


async def _cancel(carry: Carry, request_id: str) -> None:
    """Tell the client, as far as it can be reached, that nobody waits for its answer any more."""
    params = {"requestId": request_id, "reason": "nobody waits for it any more"}
    try:
        await carry(frames.encode_notification("notifications/cancelled", params))
    except CannotAsk:
        return
