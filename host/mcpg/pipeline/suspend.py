"""Suspended runs of modern clients: a run that waits is its replies so far, sealed. It performs and asks nothing.

The seal binds caller, endpoint, method, name, final arguments, component and config digest; its one-time id is consumed
in storage before any further effect. States up to 8 KiB travel in `requestState`, larger ones are parked, sealed too,
under a sealed handle: what a person has answered stands nowhere in clear.
Source: plugin contract, "Suspending"; MCP 2026-07-28, basic/patterns/mrtr.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.canonical import digest_text
from mcpg.contract.documents import RunFacts
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import McpgError, RunFailed
from mcpg.contract.verdicts import Case, Problem, Suspension, ok
from mcpg.pipeline.blobs import RunBlobs
from mcpg.pipeline.rounds import Round, asked_by_peers, asked_by_plugin
from mcpg.pipeline.runs import History
from mcpg.protocol.frames import INVALID_PARAMS
from mcpg.sealing import Sealer, Unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import McpCall
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work
    from mcpg.storage import Parked

__all__ = ["Suspender"]

PURPOSE = "run"
INLINE = 8 * 1024
MOST = 8 * 1024 * 1024
"""Bytes of one state, large bodies of the run included."""
PARKED = "parked-run"
PIECE = 128 * 1024
"""Bytes of a parked state that are sealed at once."""


class _State(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A suspended run on the wire between us and ourselves."""

    once: str
    origin: str
    number: int
    digests: list[str]
    replies: list[tuple[str, str, str]]
    first: int
    facts: RunFacts
    request: dict[str, Any]
    ask: str = ""
    responses: dict[str, dict[str, Any]] = {}
    bodies: list[tuple[str, str, bytes]] = []


class Suspender:
    """Seals runs that wait and opens them again."""

    def __init__(self, sealer: Sealer, parked: Parked, *, ttl: float = 600.0) -> None:
        self._sealer = sealer
        self._parked = parked
        self._ttl = ttl

    async def suspend(self, call: McpCall, stage: Stage, waits: Round, arguments: str, work: Work) -> str:
        """Return the `requestState` of a run that waits; raises `RunFailed` when there is no room for it."""
        once = secrets.token_urlsafe(18)
        payload = msgspec.msgpack.encode(_state(once, waits, work))
        if len(payload) > MOST:
            raise RunFailed(f"the run has more than {MOST} bytes to remember while it waits", code="run-too-large")
        inline = len(payload) <= INLINE
        if not inline:
            try:
                await self._parked.put(once, self._closed(once, payload), ttl=self._ttl, owner=stage.use)
            except McpgError as error:
                raise RunFailed(error.message, code=error.code) from error
        return self._sealer.seal(
            PURPOSE,
            b"i" + payload if inline else b"p" + once.encode(),
            bind=_bind(call, stage, arguments, work),
            ttl=self._ttl,
        )

    async def resumed(self, call: McpCall, stage: Stage, arguments: str, work: Work) -> Round | None:
        """Return the round that this call comes back from, None for a new call; raises `Refusal`.

        The state is consumed: nobody gets it a second time. The large bodies of its run are then those of `work`.
        """
        token = call.params.get("requestState")
        if token is None:
            return None
        given = call.params.get("inputResponses")
        if given is not None and not (isinstance(given, dict) and all(isinstance(v, dict) for v in given.values())):
            raise Refusal(INVALID_PARAMS, "inputResponses is no object of objects")
        bad = Refusal(INVALID_PARAMS, "requestState is not valid for this call, was used before, or is too old")
        bind = _bind(call, stage, arguments, work)
        try:
            sealed = self._sealer.open(PURPOSE, token, bind=bind) if isinstance(token, str) else b""
        except Unsealed:
            raise bad from None
        state = await self._once(sealed[:1], sealed[1:]) if sealed else None
        if state is None:
            raise bad
        return _restored(state, stage, work)

    async def _once(self, kind: bytes, payload: bytes) -> _State | None:
        """Return the state the first time it is asked for: a parked one is taken, an inline one spends its id."""
        if kind == b"p":
            kept = await self._parked.take(payload.decode())
            return None if kept is None else self._opened(payload.decode(), kept)
        state = _decoded(payload)
        return state if state is not None and await self._parked.spend(state.once, ttl=self._ttl) else None

    def _closed(self, once: str, payload: bytes) -> bytes:
        """Return a state as it is parked: pieces, each sealed for its place among all of this state."""
        starts = range(0, len(payload), PIECE)
        pieces = (payload[start : start + PIECE] for start in starts)
        places = (f"{once} {place}/{len(starts)}".encode() for place in range(len(starts)))
        sealed = (self._sealer.seal(PARKED, p, bind=b, ttl=self._ttl) for p, b in zip(pieces, places, strict=True))
        return ".".join(sealed).encode()

    def _opened(self, once: str, kept: bytes) -> _State | None:
        tokens = kept.decode().split(".")
        places = (f"{once} {place}/{len(tokens)}".encode() for place in range(len(tokens)))
        try:
            opened = [self._sealer.open(PARKED, t, bind=b) for t, b in zip(tokens, places, strict=True)]
        except Unsealed:
            return None
        return _decoded(b"".join(opened))


def _decoded(payload: bytes) -> _State | None:
    try:
        return msgspec.msgpack.decode(payload, type=_State)
    except msgspec.MsgspecError:  # sealed by another version of ours
        return None


def _state(once: str, waits: Round, work: Work) -> _State:
    history = waits.history
    return _State(
        once=once,
        origin=work.call_id,
        number=waits.number,
        digests=history.digests,
        replies=[_flat(reply) for reply in history.replies],
        first=history.first,
        facts=history.facts or work.facts(),
        request=dict(history.request or work.request_facts),
        ask=waits.ask,
        responses=waits.responses,
        bodies=work.blobs.saved() if history.replies else [],
    )


def _restored(state: _State, stage: Stage, work: Work) -> Round:
    history = History(state.digests, [_reply(*item) for item in state.replies], first=state.first)
    history.made_by = (stage.guest.digest, stage.guest.config_digest)  # as the seal binds them
    history.facts, history.request = state.facts, state.request
    if state.bodies:
        work.blobs = RunBlobs.of_saved(state.bodies)
    if state.ask:
        waits = asked_by_plugin(msgspec.json.decode(state.ask), history, stage.use)
    else:
        waits = asked_by_peers(history)
    waits.ask, waits.responses = state.ask, state.responses
    waits.number, waits.origin = state.number, state.origin
    return waits


def _bind(call: McpCall, stage: Stage, arguments: str, work: Work) -> bytes:
    parts = [*work.known.caller.identity, work.endpoint, call.method, work.name, digest_text(arguments)]
    return msgspec.json.encode([*parts, stage.use, stage.guest.digest, stage.guest.config_digest])


def _flat(reply: Case) -> tuple[str, str, str]:
    if reply.tag == "ok":
        return ("ok", reply.value, "")
    if reply.tag == "suspended":
        return ("suspended", msgspec.json.encode(reply.value.requests).decode(), reply.value.state)
    return ("failed", reply.value.code, reply.value.message)


def _reply(tag: str, first: str, second: str) -> Case:
    if tag == "ok":
        return ok(first)
    if tag == "suspended":
        requests: Mapping[str, Any] = msgspec.json.decode(first)
        return Case("suspended", Suspension(dict(requests), second))
    return Case("failed", Problem(first, second))
