"""What a suspended run wants of its client, as values: requests by key, and what came back. It asks nobody.

A round is either what a backend plugin asks itself (`ask`), or what the peers of its suspended effects ask. Keys are
the asker's own; where several effects wait, the place of the effect stands before them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.documents import Ask
from mcpg.contract.problems import BadDocument
from mcpg.contract.verdicts import Effect, ok

if TYPE_CHECKING:
    from mcpg.contract.ports import Effects
    from mcpg.pipeline.runs import History

__all__ = ["METHODS", "OWN", "AskLimits", "Round", "Slot", "asked_by_peers", "asked_by_plugin"]

OWN = -1
"""The place of what the plugin itself asks."""

METHODS = frozenset({"elicitation/create", "sampling/createMessage", "roots/list"})
"""What a client can be asked."""

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class AskLimits:
    """What one call may ask of its client: `seconds` for one round, rounds, requests and bytes in each."""

    seconds: float = 600.0
    rounds: int = 16
    requests: int = 32
    bytes: int = 4 * 1024 * 1024


class Slot(NamedTuple):
    """Where a response goes: the place of the effect (or `OWN`) and the key that its asker gave."""

    place: int
    key: str


@dataclass(slots=True)
class Round:
    """One time that a run waits: `requests` and `slots` by the key that the client sees, `responses` so far."""

    history: History
    requests: dict[str, dict[str, Any]]
    slots: dict[str, Slot]
    ask: str = ""
    """The text of the plugin's ask document; empty where effects wait."""
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    """Places of effects that wait for nobody any more."""
    number: int = 1
    origin: str = ""
    """The id of the call that asked in this round; another one's where the client came back with a new request."""

    def open(self) -> list[str]:
        """Return the keys that still need a response."""
        return [k for k, slot in self.slots.items() if k not in self.responses and slot.place not in self.settled]

    def method(self, key: str) -> str:
        """Return the method of one request, empty where what was asked has none."""
        method = self.requests[key].get("method")
        return method if isinstance(method, str) else ""

    def abandon(self, effects: Effects) -> None:
        """End the effects that wait, because the run will not go on."""
        for place, suspension in self.history.waiting.items():
            effect = self.history.effects.get(place)
            if effect is not None and place not in self.settled:
                effects.abandon(effect, suspension.state)

    def go_on(self) -> History:
        """Return the history with the responses in it: the run then goes on."""
        if self.ask:
            given = {self.slots[key].key: response["result"] for key, response in self.responses.items()}
            self.history.take([Effect("ask", self.ask)], [ok(_encode(given).decode())])
            return self.history
        responses: dict[int, dict[str, Any]] = {}
        for key, response in self.responses.items():
            place, own = self.slots[key]
            responses.setdefault(place, {})[own] = response
        self.history.responses = responses
        return self.history


def asked_by_plugin(document: dict[str, Any], history: History, use: str) -> Round:
    """Return the round of a plugin's `ask`; `BadDocument` when it is outside its schema or asks for nothing known."""
    try:
        ask = msgspec.convert(document, Ask)
    except msgspec.ValidationError as error:
        raise BadDocument(f"the ask of `{use}` is outside its schema: {error}") from error
    if not ask.requests:
        raise BadDocument(f"the ask of `{use}` asks for nothing")
    for request in ask.requests.values():
        if request.get("method") not in METHODS:
            raise BadDocument(f"an ask may not use method `{str(request.get('method'))[:80]}`")
        if not isinstance(request.get("params", {}), dict):
            raise BadDocument(f"an ask of `{use}` has params that are no object")
    slots = {key: Slot(OWN, key) for key in ask.requests}
    return Round(history, ask.requests, slots, ask=_encode(document).decode())


def asked_by_peers(history: History) -> Round:
    """Return the round of the effects that wait; they may ask for nothing, and then only want to be resumed."""
    waiting = history.waiting
    requests: dict[str, dict[str, Any]] = {}
    slots: dict[str, Slot] = {}
    for place, suspension in waiting.items():
        peers: dict[str, Any] = suspension.requests  # whatever a driver's peer has said
        for own, request in peers.items():
            key = own if len(waiting) == 1 else f"{place}.{own}"
            requests[key] = request if isinstance(request, dict) else {}
            slots[key] = Slot(place, own)
    return Round(history, requests, slots)
