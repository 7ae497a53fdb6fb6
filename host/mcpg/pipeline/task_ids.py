"""Ids of tasks as clients get them: what leads back to the upstream's task, sealed. It keeps none and calls nobody.

An id is bound to its caller and endpoint, and holds the obligations of the call that began the task: its result comes
later, under the same ones. It opens for as long as a task may live at all, not for the `ttlMs` of its beginning, which
a server may change; the server itself says when its task is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.ports import Refusal
from mcpg.pipeline.backends import MayHaveHappened
from mcpg.pipeline.policy import Duty
from mcpg.pipeline.told import RESERVED
from mcpg.protocol.tasks import created_task
from mcpg.sealing import Sealer, Unsealed

if TYPE_CHECKING:
    from mcpg.pipeline.flight import Flight
    from mcpg.pipeline.work import Work

__all__ = ["LIFE", "TaskIds", "Ticket", "for_client", "own_meta"]

PURPOSE = "task"
LIFE = 30 * 86_400
"""Seconds for which a task can be asked for; no task is said to live longer."""
MOST = 2900
"""Bytes in one id: it has to fit into the header `Mcp-Name`, of at most 4096 characters."""


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What an id holds: the upstream and its own id, the tool (as shown, canonical), and the call that began it."""

    upstream: str
    inner: str
    shown: str
    name: str
    origin: str
    obligations: tuple[tuple[str, str, Any], ...] = ()

    @property
    def duties(self) -> tuple[Duty, ...]:
        """The obligations of the call that began it."""
        return tuple(Duty(*each) for each in self.obligations)


class TaskIds:
    """Seals what leads to a task, and opens it again for the same caller at the same endpoint."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def begun(self, flight: Flight, result: dict[str, Any]) -> dict[str, Any]:
        """Return the task that a call was answered with, as its client gets it; `MayHaveHappened` if it cannot."""
        route, work = flight.route, flight.work
        if not route.upstream:
            raise MayHaveHappened(f"`{route.backend}` began a task, which only an upstream can", code="bad-task")
        try:
            task = created_task(result)
        except Refusal as refused:
            raise MayHaveHappened(str(refused), code="bad-task") from None
        duties = flight.judgement.obligations if flight.judgement is not None else ()
        ticket = Ticket(route.upstream, task["taskId"], work.name, route.name, work.call_id, duties)
        payload = msgspec.msgpack.encode(ticket)
        if len(payload) > MOST:
            text = f"the task's id, tool and obligations take more than {MOST} bytes, and have to fit into a header"
            raise MayHaveHappened(text, code="bad-task")
        token = self._sealer.seal(PURPOSE, payload, bind=_bind(work), ttl=LIFE)
        return for_client(flight, task, token)

    def open(self, token: object, work: Work) -> Ticket | None:
        """Return what an id holds; none for one that is forged, another caller's or endpoint's, or too old."""
        try:
            payload = self._sealer.open(PURPOSE, token, bind=_bind(work)) if isinstance(token, str) else b""
            return msgspec.msgpack.decode(payload, type=Ticket)
        except (Unsealed, msgspec.MsgspecError):  # the latter: sealed by another version of ours
            return None


def for_client(flight: Flight, task: dict[str, Any], token: str) -> dict[str, Any]:
    """Return a task under our id; the server's words on its state go where results are redacted or transformed."""
    shown = own_meta({**task, "taskId": token})
    if flight.redacts or flight.transforms:
        shown.pop("statusMessage", None)
    most = LIFE * 1000
    shown["ttlMs"] = most if task["ttlMs"] is None else min(task["ttlMs"], most)
    return shown


def own_meta(value: dict[str, Any]) -> dict[str, Any]:
    """Return an upstream's words without what of their `_meta` is the protocol's, or the gateway's, to say."""
    if "_meta" not in value:
        return value
    meta = value["_meta"]
    kept = {k: v for k, v in meta.items() if not k.startswith(RESERVED)} if isinstance(meta, dict) else {}
    rest = {name: inner for name, inner in value.items() if name != "_meta"}
    return {**rest, "_meta": kept} if kept else rest


def _bind(work: Work) -> bytes:
    return msgspec.json.encode([*work.known.caller.identity, work.endpoint])
