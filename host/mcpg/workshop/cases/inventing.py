"""Random questions and replies for one plugin: valid ones, near what its cases say and far from it. It asks nothing."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mcpg.contract.documents import RunFacts
from mcpg.contract.verdicts import Case, failed, ok
from mcpg.contract.worlds import WORLDS
from mcpg.plugins.schemas import compile_schema
from mcpg.workshop.cases.model import Fault, PluginCase
from mcpg.workshop.cases.peers import fits, reply_document, schema_of
from mcpg.workshop.documents import RUN, Misfit, complete

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Effect
    from mcpg.workshop.cases.generating import Chance

__all__ = ["Inventor", "Replies"]

_NEAR: Final = 0.5
"""How often a question is made out of one in the cases."""
_FAILURES: Final = ("timeout", "unreachable", "refused", "outcome-unknown", "effect-denied")
_TRIES: Final = 10
_HEADERS: Final = "/credentials/headers/"
_METHODS: Final = ("tools/call", "tools/call", "tools/call", "prompts/get", "resources/read")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Inventor:
    """Makes questions for one plugin; configurations are taken from its cases."""

    def __init__(self, manifest: Manifest, cases: Sequence[PluginCase], chance: Chance) -> None:
        self._manifest = manifest
        self._chance = chance
        self._asked = [case for case in cases if case.refuses is None]
        configs: dict[str, PluginCase] = {}
        for case in self._asked:
            configs.setdefault(json.dumps(case.config, sort_keys=True, default=repr), case)
        self._configs = list(configs.values()) or [PluginCase("", {})]
        self._functions = [function.name for function in WORLDS[manifest.kind]]
        self._binding = compile_schema(manifest.binding)
        self._timed = any(pointer.split("/")[1] == "run" for pointer in manifest.reads)
        said = {case.documents.get("call", {}).get("method", "tools/call") for case in self._asked}
        self._methods = sorted(said or {"tools/call"}) if manifest.kind == "backend" else _METHODS

    def question(self, name: str) -> PluginCase:
        """Return a question with valid documents, under a configuration of the cases."""
        chance = self._chance
        function = chance.of(self._functions)
        near = [case for case in self._asked if case.ask == function]
        run = RUN
        if self._timed:
            run = RunFacts(id=RUN.id, now=chance.number(0), seed=f"{chance.random.getrandbits(64):016x}")
        for _ in range(_TRIES):
            like = chance.of(near) if near and chance.hit(_NEAR) else None
            under = like or chance.of(self._configs)
            given = self._documents(function, like)
            try:
                complete(self._manifest.kind, function, given)
            except Misfit:
                continue
            return PluginCase(name, under.config, function, given, run, base=under.base)
        under = self._configs[0]
        return PluginCase(name, under.config, function, {}, run, base=under.base)

    def _documents(self, function: str, like: PluginCase | None) -> dict[str, Any]:
        parameters = next(each.parameters for each in WORLDS[self._manifest.kind] if each.name == function)
        given: dict[str, Any] = {}
        for parameter in parameters:
            if parameter == "replies":
                continue
            if like is not None and self._chance.hit(0.8):
                if parameter in like.documents:
                    given[parameter] = self._near(like.documents[parameter])
            else:
                given[parameter] = self._document(parameter)
        return given

    def _near(self, document: Any) -> Any:
        """Return a document of a case, changed a little; what the operator wrote under a tool stays."""
        changed = mutated(copy.deepcopy(document), self._chance)
        if isinstance(document, dict) and isinstance(changed, dict) and "binding" in document:
            changed["binding"] = document["binding"]
        return changed

    def _document(self, parameter: str) -> Any:
        chance = self._chance
        makers: dict[str, Callable[[], Any]] = {
            "action": lambda: self._action() | {"arguments": chance.object()},
            "actions": lambda: [self._action() for _ in range(chance.random.randrange(4))],
            "batch": lambda: [chance.fitting(schema_of("record")) for _ in range(chance.random.randrange(4))],
            "call": self._call,
            "caller": self._caller,
            "catalog": lambda: chance.fitting(schema_of("catalog")),
            "outcome": self._outcome,
            "request": self._credentials,
            "target": chance.text,
        }
        return makers[parameter]()

    def _caller(self) -> dict[str, Any]:
        document: dict[str, Any] = self._chance.fitting(schema_of("caller"))
        return document | {"id": document["id"].strip() or "ana"}

    def _action(self) -> dict[str, Any]:
        document: dict[str, Any] = self._chance.fitting(schema_of("action"))
        kept = {key: value for key, value in document.items() if key not in {"run", "arguments"}}
        return kept | {"method": self._chance.of(_METHODS)}

    def _call(self) -> dict[str, Any]:
        chance = self._chance
        document = {"method": chance.of(self._methods), "name": chance.text(), "arguments": chance.object()}
        return document | {"binding": self._bound()}

    def _bound(self) -> dict[str, Any]:
        """Return a binding of the cases, for the operator wrote it, as configurations; else one out of its schema."""
        known = [
            case.documents["call"]["binding"] for case in self._asked if "binding" in case.documents.get("call", {})
        ]
        if known:
            found: dict[str, Any] = self._chance.of(known)
            return found
        for _ in range(_TRIES):
            made = self._chance.fitting(self._manifest.binding) if self._manifest.binding else {}
            if isinstance(made, dict) and self._binding.is_valid(made):
                return made
        return {}

    def _outcome(self) -> dict[str, Any]:
        chance = self._chance
        status = chance.of(("ok", "ok", "tool-error", "failed", "denied", "unknown"))
        result: dict[str, Any] | None = None
        if status in {"ok", "tool-error"}:
            result = chance.object()
            if chance.hit(0.7):
                blocks = [{"type": "text", "text": chance.text()} for _ in range(chance.random.randrange(3))]
                result = {"content": blocks} | ({"structuredContent": chance.json()} if chance.hit(0.5) else {})
        return {"status": status, "result": result}

    def _credentials(self) -> dict[str, Any]:
        chance = self._chance
        read = [
            pointer.split("/")[3] for pointer in self._manifest.reads if pointer.startswith("/credentials/headers/")
        ]
        headers = {name: chance.text() for name in read if chance.hit(0.7)}
        return {"transport": chance.of(("http", "stdio")), "headers": headers, "peer": {"local": chance.hit(0.5)}}


class Replies:
    """Replies at random, near what the cases give; those that are given come first, as they were."""

    def __init__(self, cases: Sequence[PluginCase], chance: Chance | None, given: Sequence[Case] = ()) -> None:
        self._known = [each for case in cases for each in case.effects]
        self._chance = chance
        self._given = list(given)
        self._next = 0

    def wants(self, driver: str) -> bool:  # noqa: ARG002 - an ask ends the run here
        """Answer no: what a client would say is not invented."""
        return False

    def __call__(self, effect: Effect, request: msgspec.Struct | None) -> Case | Fault:  # noqa: ARG002 - as the port
        """Return a valid reply of the effect's driver, or a failure."""
        place, self._next = self._next, self._next + 1
        if place < len(self._given) and fits(effect, self._given[place]):
            return self._given[place]
        if self._chance is None:
            return failed("timeout", "no answer")
        return self._reply(effect, self._chance)

    def _reply(self, effect: Effect, chance: Chance) -> Case:
        driver = effect.driver
        if chance.hit(0.15):
            return failed(chance.of(_FAILURES), chance.text())
        known = [each.reply for each in self._known if each.driver == driver and fits(effect, each.reply)]
        if known and chance.hit(_NEAR):
            near: Case = chance.of(known)
            if near.tag == "failed" or chance.hit(0.3):
                return near
            for _ in range(_TRIES):
                changed = ok(_encode(mutated(json.loads(near.value), chance)).decode())
                if fits(effect, changed):
                    return changed
        return ok(_encode(reply_document(effect, chance)).decode())


def mutated(value: Any, chance: Chance) -> Any:
    """Return a document with up to three of its members changed, dropped or replaced by anything."""
    for _ in range(chance.random.randrange(4)):
        places = list(_places(value))
        if not places:
            return value
        parent, key = chance.of(places)
        if chance.hit(0.3) and isinstance(parent, dict):
            del parent[key]
        elif isinstance(parent[key], str) and chance.hit(0.6):
            parent[key] = chance.text()
        elif isinstance(parent[key], int) and not isinstance(parent[key], bool) and chance.hit(0.6):
            parent[key] = chance.number()
        else:
            parent[key] = chance.json(2)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        each = stack.pop()
        keys = list(each) if isinstance(each, dict) else list(range(len(each))) if isinstance(each, list) else []
        found += [(each, key) for key in keys]
        stack += [each[key] for key in keys]
    return found
