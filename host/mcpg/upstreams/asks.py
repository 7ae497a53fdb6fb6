"""Requests of a legacy upstream to its client, on one link: whose they are, and what is refused. It asks nobody.

On a call's own HTTP stream a request belongs to that call. Elsewhere (stdio, the GET stream) the protocol does not say
whose it is: it belongs to the call in flight whose client can be asked, and is refused where there is none, or where
there are several that are not alike: of one session, for the same tool (prompt, resource). Between calls that are alike
a wrong guess shows nobody anything else; it is put right when the call that was guessed ends first. `roots/list` is
about the client and no call: any call of the link may carry it, and one that comes before the first call waits for it.
A request that names a task (2025-11-25) belongs to the call that began the task.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from mcpg.protocol import frames
from mcpg.protocol.capabilities import lacking, named, needed_by

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping

__all__ = ["ASKED", "ROOTS", "Ask", "Asks", "Sink", "unmet", "with_task_of", "without_task"]

ROOTS: Final = "roots/list"
ASKED: Final = frozenset({"elicitation/create", "sampling/createMessage", ROOTS})
"""What a server may ask of a client, in every version."""
RELATED: Final = "io.modelcontextprotocol/related-task"
"""The member of `_meta` that names the task to which a message belongs (2025-11-25)."""
MAX_OPEN = 64
"""Requests of one link that may wait for an answer."""
MAX_EARLY = 4
EARLY_SECONDS = 30.0
"""How long a request that came before any call may wait for one."""


@dataclass(slots=True, eq=False)
class Ask:
    """One request of an upstream. `send` writes an answer to it, and raises `Fault`; `drop` writes one in passing."""

    id: frames.RequestId
    method: str
    params: dict[str, Any]
    send: Callable[[bytes], Awaitable[None]] = field(repr=False)
    drop: Callable[[bytes], None] = field(repr=False)
    ended: Callable[[], None] = field(repr=False)
    """Tell the link that this was answered, so that its id may come again."""
    pass_on: Callable[[Ask], bool] = field(default=lambda _: False, repr=False)
    """Give it to another call that could have caused it, because this one is over; return whether there was one."""

    def refuse(self, message: str, code: int = frames.INTERNAL_ERROR) -> None:
        """Answer with an error, in passing."""
        self.ended()
        self.drop(frames.encode_failure(self.id, code, message))


class Sink(Protocol):
    """A call in flight whose client can be asked. Calls `about` the same are alike."""

    @property
    def about(self) -> Hashable:
        """What tells calls apart where it matters who asks."""
        ...

    def asked(self, ask: Ask) -> bool:
        """Take a request; return whether there was room."""
        ...

    def withdrawn(self, ask: Ask) -> None:
        """Forget a request: the upstream no longer wants an answer."""
        ...


def _related_task(value: Mapping[str, Any]) -> str | None:
    """Return the id of the task that the `_meta` of params or a result names; None if it names none."""
    meta = value.get("_meta")
    related = meta.get(RELATED) if isinstance(meta, dict) else None
    given = related.get("taskId") if isinstance(related, dict) else None
    return given if isinstance(given, str) else None


def without_task(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return params or a result without the task that its `_meta` names: the client began none."""
    meta = value.get("_meta")
    if not isinstance(meta, dict) or RELATED not in meta:
        return value
    kept = {key: item for key, item in meta.items() if key != RELATED}
    rest = {key: item for key, item in value.items() if key != "_meta"}
    return {**rest, "_meta": kept} if kept else rest


def with_task_of(params: Mapping[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a request with the task that the request named."""
    if (task := _related_task(params)) is None:
        return result
    meta = result.get("_meta")
    return {**result, "_meta": {**(meta if isinstance(meta, dict) else {}), RELATED: {"taskId": task}}}


def unmet(method: str, params: Mapping[str, Any], capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request needs beyond normalised `capabilities` (a ClientCapabilities object), nothing if it may go.

    `sampling.context` is not insisted on: servers should not ask for context without it, and clients may ignore that
    they did (client/sampling of 2025-11-25).
    """
    need = needed_by(method, params)
    if "sampling" in need:
        need["sampling"].pop("context", None)
    return lacking(need, capabilities)


class Asks:
    """What one link's upstream has asked. `send` and `drop` write an answer, with and without waiting."""

    def __init__(
        self,
        capabilities: Mapping[str, Any],
        send: Callable[[bytes], Awaitable[None]],
        drop: Callable[[bytes], None],
        *,
        describes: bool = False,
    ) -> None:
        self._capabilities = capabilities
        self._send = send
        self._drop = drop
        self._describes = describes
        self._sinks: dict[int, Sink] = {}
        self._tasks: dict[str, Sink] = {}
        self._holding = 0
        self._open: dict[frames.RequestId, tuple[Ask, Sink | None]] = {}
        self._early: list[Ask] = []
        self.lacking: dict[int, dict[str, Any]] = {}
        """By call, what its client would have had to declare for what the server asked, and was refused."""

    def begin(self, number: int, sink: Sink) -> None:
        """Note that the call of that id is in flight, and give it what waited for a call."""
        self._sinks[number] = sink
        early, self._early = self._early, []
        for ask in early:
            self._give(ask, sink)

    def end(self, number: int) -> None:
        """Note that the call of that id is over."""
        self._sinks.pop(number, None)

    @contextmanager
    def holding(self, sink: Sink | None) -> Iterator[Callable[[str], None]]:
        """Keep a call that takes several requests in flight between them; yield what notes the task that it began."""
        tasks: list[str] = []

        def began(task: str) -> None:
            if sink is not None and task not in self._tasks:
                self._tasks[task] = sink
                tasks.append(task)

        self._holding -= 1  # no request has a negative id
        number = self._holding
        if sink is not None:
            self.begin(number, sink)
        try:
            yield began
        finally:
            self.end(number)
            for task in tasks:
                del self._tasks[task]

    def take(self, request: frames.Request, number: int | None = None, *, only: int | None = None) -> None:
        """Hand a request to the call that it belongs to, or refuse it; `number` is the call on whose stream it came.

        `only` is the one call in flight, where the stream is nobody's: what a refusal is told of.
        """
        if request.method == "ping":
            self._drop(frames.encode_response(request.id, {}))
            return
        if request.method not in ASKED:
            self._refuse(request, "this client offers no such method", frames.METHOD_NOT_FOUND)
            return
        if lack := unmet(request.method, request.params, self._capabilities):
            self._note(number if number is not None else only, lack)
            partly = not self._capabilities.keys().isdisjoint(lack)
            code = frames.INVALID_PARAMS if partly else frames.METHOD_NOT_FOUND
            self._refuse(request, f"this client has not declared `{named(lack)}`", code)
            return
        if request.id in self._open or len(self._open) >= MAX_OPEN:
            self._refuse(request, "this client has too many requests of yours to answer, or one of this id")
            return
        if self._describes:
            self._answer_describing(request)
            return
        sink = self._sink_for(request, number)
        if sink is None and not (request.method == ROOTS and len(self._early) < MAX_EARLY):
            self._refuse(request, "no call of this client, or more than one, could have caused this request")
            return
        ask = Ask(request.id, request.method, request.params, self._send, self._drop, lambda: self._forget(request.id))
        if number is None and request.method != ROOTS:
            ask.pass_on = self._pass_on
        self._give(ask, sink)

    def _note(self, number: int | None, lack: dict[str, Any]) -> None:
        if number is None:
            return
        if len(self.lacking) >= MAX_OPEN:  # of calls that have ended without an answer
            self.lacking.clear()
        self.lacking[number] = {**self.lacking.get(number, {}), **lack}

    def cancelled(self, notification: frames.Notification) -> bool:
        """Take in that the upstream has withdrawn a request; return whether there was one."""
        given = notification.params.get("requestId")
        number = given if isinstance(given, str | int) else None
        found = self._open.pop(number, None) if number is not None else None
        if found is None:
            return False
        ask, sink = found
        if sink is not None:
            sink.withdrawn(ask)
        else:
            self._early.remove(ask)
        return True

    def _sink_for(self, request: frames.Request, number: int | None) -> Sink | None:
        if self._tasks and (sink := self._tasks.get(_related_task(request.params) or "")) is not None:
            return sink
        if number is not None and (sink := self._sinks.get(number)) is not None:
            return sink
        if request.method == ROOTS:
            return next(iter(self._sinks.values()), None)
        if number is not None or len({sink.about for sink in self._sinks.values()}) != 1:
            return None
        held = [sink for _, sink in self._open.values()]
        return min(self._sinks.values(), key=held.count)  # each of several that are alike is asked once

    def _pass_on(self, ask: Ask) -> bool:
        held, sink = self._open.get(ask.id, (None, None))
        if held is not ask or sink is None:
            return False
        other = next((one for one in self._sinks.values() if one is not sink and one.about == sink.about), None)
        if other is None:
            return False
        self._give(ask, other)
        return True

    def _give(self, ask: Ask, sink: Sink | None) -> None:
        self._open[ask.id] = (ask, sink)
        if sink is None:
            self._early.append(ask)
            asyncio.get_running_loop().call_later(EARLY_SECONDS, self._give_up, ask)
        elif not sink.asked(ask):
            ask.refuse("too many requests of this call wait for its client")

    def _give_up(self, ask: Ask) -> None:
        if ask in self._early:
            self._early.remove(ask)
            ask.refuse("this client made no call in which it could be asked")

    def _forget(self, request_id: frames.RequestId) -> None:
        self._open.pop(request_id, None)

    def _answer_describing(self, request: frames.Request) -> None:
        """Answer on the link over which the gateway only looks what there is: it has no roots and nobody to ask."""
        if request.method == ROOTS:
            self._drop(frames.encode_response(request.id, {"roots": []}))
        else:
            self._refuse(request, "no call of a client could have caused this request")

    def _refuse(self, request: frames.Request, message: str, code: int = frames.INTERNAL_ERROR) -> None:
        self._drop(frames.encode_failure(request.id, code, message))
