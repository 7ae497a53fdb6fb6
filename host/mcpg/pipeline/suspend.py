"""Suspended runs: a run that waits for the client is its replies so far, sealed. It performs nothing and asks nobody.

The seal binds caller, tenant, method, name, final arguments, component and config digest; its one-time id is consumed
in storage before any further effect. States up to 8 KiB travel in `requestState`, larger ones are parked under a sealed
handle. Source: plugin contract, "Suspending"; MCP 2026-07-28, input-required results.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.canonical import digest_text
from mcpg.contract.documents import Ask
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import BadDocument, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem, ok
from mcpg.pipeline.runs import History, effect_digest
from mcpg.protocol.frames import INVALID_PARAMS
from mcpg.protocol.refusals import missing_capability
from mcpg.protocol.versions import Era, era_of
from mcpg.sealing import Sealer, Unsealed

if TYPE_CHECKING:
    from mcpg.contract.ports import McpCall
    from mcpg.pipeline.backends import Asked
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work
    from mcpg.storage import Parked

__all__ = ["Suspender"]

PURPOSE = "run"
INLINE = 8 * 1024
_CAPABILITIES = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}


class _State(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A suspended run on the wire between us and ourselves."""

    once: str
    digests: list[str]
    replies: list[tuple[str, str, str]]
    asked: str


class Suspender:
    """Seals runs that wait and opens them again."""

    def __init__(self, sealer: Sealer, parked: Parked, *, ttl: float = 600.0) -> None:
        self._sealer = sealer
        self._parked = parked
        self._ttl = ttl

    async def suspend(self, call: McpCall, stage: Stage, asked: Asked, arguments: str, work: Work) -> dict[str, Any]:
        """Return the `input_required` result; raises `Refusal` when this client cannot give what is asked."""
        try:
            ask = msgspec.convert(asked.ask, Ask)
        except msgspec.ValidationError as error:
            raise BadDocument(f"the ask of `{stage.use}` is outside its schema: {error}") from error
        _must_be_able(call, ask)
        once = secrets.token_urlsafe(18)
        state = _State(
            once=once,
            digests=asked.history.digests,
            replies=[_flat(reply) for reply in asked.history.replies],
            asked=msgspec.json.encode(asked.ask).decode(),
        )
        payload = msgspec.msgpack.encode(state)
        inline = len(payload) <= INLINE
        if not inline:
            await self._parked.put(once, payload, ttl=self._ttl, owner=stage.use)
        token = self._sealer.seal(
            PURPOSE,
            b"i" + payload if inline else b"p" + once.encode(),
            bind=_bind(call, stage, arguments, work),
            ttl=self._ttl,
        )
        return {"resultType": "input_required", "inputRequests": dict(ask.requests), "requestState": token}

    async def resumed(self, call: McpCall, stage: Stage, arguments: str, work: Work) -> History | None:
        """Return the history of the run that this call resumes, None for a new call; raises `Refusal`."""
        token = call.params.get("requestState")
        if token is None:
            return None
        bad = Refusal(INVALID_PARAMS, "requestState is not valid for this call, was used before, or is too old")
        try:
            sealed = (
                self._sealer.open(PURPOSE, token, bind=_bind(call, stage, arguments, work))
                if isinstance(token, str)
                else b""
            )
        except Unsealed:
            raise bad from None
        if not sealed:
            raise bad
        state = await self._once(sealed[:1], sealed[1:])
        if state is None:
            raise bad
        answers = call.params.get("inputResponses")
        if not isinstance(answers, dict):
            raise Refusal(INVALID_PARAMS, "inputResponses is missing")
        digests = [*state.digests, effect_digest(Effect("ask", state.asked))]
        replies = [_reply(*item) for item in state.replies]
        return History(digests, [*replies, ok(msgspec.json.encode(answers).decode())])

    async def _once(self, kind: bytes, payload: bytes) -> _State | None:
        """Return the state the first time it is asked for: a parked one is taken, an inline one spends its id."""
        if kind == b"p":
            kept = await self._parked.take(payload.decode())
            return None if kept is None else msgspec.msgpack.decode(kept, type=_State)
        state = msgspec.msgpack.decode(payload, type=_State)
        return state if await self._parked.spend(state.once, ttl=self._ttl) else None


def _must_be_able(call: McpCall, ask: Ask) -> None:
    if era_of(call.version) is Era.LEGACY:
        raise RunFailed(
            "this call needs input from the client, which its protocol version cannot carry here", code="input-needed"
        )
    missing: dict[str, dict[str, Any]] = {}
    for request in ask.requests.values():
        capability = _CAPABILITIES.get(str(request.get("method")))
        if capability is None:
            raise BadDocument(f"an ask may not use method `{request.get('method')}`")
        if capability not in call.capabilities:
            missing[capability] = {}
    if missing:
        raise missing_capability(missing)


def _bind(call: McpCall, stage: Stage, arguments: str, work: Work) -> bytes:
    parts = [*work.known.caller.identity, call.method, work.name, digest_text(arguments)]
    return msgspec.json.encode([*parts, stage.use, stage.guest.digest, stage.guest.config_digest])


def _flat(reply: Case) -> tuple[str, str, str]:
    if reply.tag == "ok":
        return ("ok", reply.value, "")
    return ("failed", reply.value.code, reply.value.message)


def _reply(tag: str, first: str, second: str) -> Case:
    return ok(first) if tag == "ok" else Case("failed", Problem(first, second))
