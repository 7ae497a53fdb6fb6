"""Whole documents from what somebody wrote of them: what is left out gets a valid default. It asks no plugin.

Documents are given by the parameter's name in WIT. They are checked against the contract's models, so that a misspelt
member is found where it was written, and then cut to what the manifest reads, exactly as the pipeline does it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.documents import Action, Call, Caller, Catalog, Credentials, Outcome, RunFacts
from mcpg.contract.problems import ConfigError
from mcpg.contract.records import Record
from mcpg.contract.worlds import WORLDS, Function
from mcpg.pipeline.blobs import LARGE, RunBlobs
from mcpg.pipeline.routes import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.worlds import PluginKind
    from mcpg.pipeline.projection import Reads

__all__ = ["DOCUMENTS", "RUN", "Misfit", "complete", "function_of", "guest_facts", "place_of", "texts_of"]

RUN = RunFacts(id="case", now=1_800_000_000_000, seed="00" * 8)
"""The facts of a run of which nobody said anything: 2027-01-15T08:00:00Z."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_PATH = re.compile(r" - at `(key in )?\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Misfit(ConfigError):  # noqa: N818 - names a state fact
    """Something written for a plugin is outside its schema; `place` leads to it from where reading began."""

    code = "bad-case"

    def __init__(self, message: str, place: tuple[str | int, ...], remedy: str = "") -> None:
        super().__init__(message, where="/".join(map(str, place)), remedy=remedy)
        self.place = place


def function_of(kind: PluginKind, name: str) -> Function:
    """Return the function `name` of a kind's world; `Misfit` names those that there are."""
    for function in WORLDS[kind]:
        if function.name == name:
            return function
    known = ", ".join(f"`{each.name}`" for each in WORLDS[kind])
    raise Misfit(f"a plugin of kind `{kind.value}` has no function `{name}`", ("ask",), f"ask one of {known}")


def place_of(error: Exception) -> tuple[str, tuple[str | int, ...]]:
    """Return what msgspec says is wrong, in lower case, and the place in the document where it is."""
    text = str(error)
    found = _PATH.search(text)
    place: list[str | int] = []
    if found is not None:
        text = text[: found.start()]
        for name, number in _STEP.findall(found["path"]):
            if number == "...":
                break  # a member by a name that msgspec does not tell
            place.append(int(number) if number else name)
    return text[:1].lower() + text[1:], tuple(place)


def complete(kind: PluginKind, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the documents of a function by parameter, whole and valid; `Misfit` leads to what is not.

    Source: wit/, and the schemas that its comments name.
    """
    function = function_of(kind, name)
    parameters = [each for each in function.parameters if each != "replies"]
    for key in given:
        if key not in parameters:
            known = ", ".join(f"`{each}`" for each in parameters) or "nothing"
            raise Misfit(f"`{name}` takes no `{key}`", (key,), f"give it {known}")
    documents: dict[str, Any] = {}
    for parameter in parameters:
        try:
            documents[parameter] = DOCUMENTS[parameter](given.get(parameter, _UNSAID.get(parameter, {})))
        except Misfit as error:
            raise Misfit(error.message, (parameter, *error.place), error.remedy) from None
    return documents


def guest_facts(run: RunFacts) -> RunFacts:
    """Return the facts that the guest itself runs with, where a request has `run`: an id and a seed of its own."""
    return RunFacts(id=f"{run.id}.1", now=run.now, seed=f"{run.seed}0001")


def texts_of(
    documents: Mapping[str, Any], reads: Reads, run: RunFacts, *, whole: bool, shrinks: bool
) -> tuple[tuple[str, ...], RunBlobs]:
    """Return the documents as a plugin with these reads gets them, and the bodies that stay in the host.

    `shrinks` says that large texts stay in the host (transforms), unless the manifest asks for `whole` ones.
    """
    facts = msgspec.to_builtins(run)
    blobs = RunBlobs()

    def one(parameter: str, value: Any) -> str:
        if parameter == "target":
            return str(value)
        if parameter in {"catalog", "batch"}:
            return _encode(value).decode()
        if parameter == "actions":
            return _encode([reads.project("action", each, facts) for each in value]).decode()
        root = "credentials" if parameter == "request" else parameter
        told = facts if root in {"credentials", "action", "call"} else None
        if root == "action" and "outcome" in documents:  # settling repeats what was reserved for, without the facts
            told = None
        text = reads.text(root, value, told)
        if shrinks and not whole and root in {"call", "outcome"} and len(text) > LARGE:
            return _encode(blobs.shrink(reads.project(root, value, told))).decode()
        return text

    return tuple(one(parameter, value) for parameter, value in documents.items()), blobs


def _checked(model: type[msgspec.Struct], document: dict[str, Any]) -> dict[str, Any]:
    if document.get("run") is not None:
        raise Misfit("the facts of a run stand beside the documents", ("run",), "write `run:` beside `with:`")
    try:
        msgspec.convert(document, model)
    except msgspec.ValidationError as error:
        message, place = place_of(error)
        raise Misfit(message, place, "see docs/reference for the document's schema") from None
    return document


def _mapping(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise Misfit(f"found {_named(given)}, wanted a mapping", ())
    return dict(given)


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise Misfit(f"found {_named(given)}, wanted a list", ())
    return list(given)


def _named(value: Any) -> str:
    return {"str": "text", "dict": "a mapping", "list": "a list", "NoneType": "nothing"}.get(
        type(value).__name__, f"a {type(value).__name__}"
    )


def _caller(given: Any) -> dict[str, Any]:
    said = _mapping(given)
    nobody = said.get("kind") == "anonymous"
    who: dict[str, Any] = {"id": "anonymous", "trust": "anonymous"} if nobody else {"id": "alice", "trust": "verified"}
    how = {"credential": "none" if nobody else "api-key", "plugin": "identity"}
    known = said.get("how", {})
    document = {"kind": "user", **who, **said, "how": {**how, **known} if isinstance(known, Mapping) else known}
    whole: dict[str, Any] = msgspec.to_builtins(msgspec.convert(_checked(Caller, document), Caller))
    return whole


def _action(given: Any) -> dict[str, Any]:
    said = _mapping(given)
    kind = said.get("kind", "tool")
    method = next((method for known, method in METHODS.items() if known == kind), "tools/call")
    empty = {"backend": "", "upstream": "", "annotations": {}, "session": "", "era": "2025-11-25", "arguments": {}}
    return _checked(Action, {"method": method, "kind": "tool", "name": "search", **empty, **said})


def _sighted(given: Any) -> dict[str, Any]:
    """An action before there are arguments."""
    document = _action(given)
    document.pop("arguments", None)
    return document


def _call(given: Any) -> dict[str, Any]:
    said = _mapping(given)
    name = said.get("name", "search")
    return _checked(
        Call, {"method": "tools/call", "name": name, "target": name, "arguments": {}, "binding": {}, **said}
    )


def _outcome(given: Any) -> dict[str, Any]:
    said = _mapping(given)
    status = str(said.get("status", "ok"))
    result: Any = {"content": [{"type": "text", "text": "ok"}]} if status in {"ok", "tool-error"} else None
    if status == "tool-error":
        result = {"content": [{"type": "text", "text": "it failed"}], "isError": True}
    return _checked(Outcome, {"status": "ok", "result": result, "problem": "", **said})


def _credentials(given: Any) -> dict[str, Any]:
    said = _mapping(given)
    peer = {"address": "192.0.2.7", "local": False, "certificates": [], "names": []}
    known = said.get("peer", {})
    whole = {"transport": "http", "headers": {}, **said}
    document = _checked(Credentials, {**whole, "peer": {**peer, **known} if isinstance(known, Mapping) else known})
    for name in document["headers"]:
        if name != name.lower():
            raise Misfit(f"the header `{name}` is not in lower case", ("headers", name), f"write `{name.lower()}`")
    return document


def _catalog(given: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"tools": [], "prompts": [], "resources": [], "templates": [], **_mapping(given)}
    for field, naming in (("tools", "name"), ("prompts", "name"), ("resources", "uri"), ("templates", "uriTemplate")):
        entries = [dict(each) if isinstance(each, Mapping) else each for each in _list(document[field])]
        for number, each in enumerate(entries):
            if isinstance(each, dict) and naming in each:
                each.setdefault("target", each[naming])
                if field == "tools":
                    each.setdefault("inputSchema", {"type": "object"})
                if "" in {str(each[naming]), str(each["target"])}:
                    raise Misfit("an entry of a catalog has no name", (field, number), f"give it a `{naming}`")
        document[field] = entries
    return _checked(Catalog, document)


def _records(given: Any) -> list[Any]:
    told = []
    for number, each in enumerate(_list(given)):
        try:
            document = {"kind": "outcome", "tenant": "default", "seq": number + 1, **_mapping(each)}
            told.append(_checked(Record, document))
        except Misfit as error:
            raise Misfit(error.message, (number, *error.place), error.remedy) from None
    return told


def _actions(given: Any) -> list[Any]:
    seen = []
    for number, each in enumerate(_list(given)):
        try:
            seen.append(_sighted(each))
        except Misfit as error:
            raise Misfit(error.message, (number, *error.place), error.remedy) from None
    return seen


def _target(given: Any) -> str:
    if not isinstance(given, str):
        raise Misfit(f"found {_named(given)}, wanted text", ())
    return given


_UNSAID: dict[str, Any] = {"actions": [{}], "batch": [{}], "target": "docs"}
DOCUMENTS: dict[str, Callable[[Any], Any]] = {
    "caller": _caller,
    "action": _action,
    "actions": _actions,
    "call": _call,
    "outcome": _outcome,
    "request": _credentials,
    "catalog": _catalog,
    "batch": _records,
    "target": _target,
}
"""By parameter: what makes a whole document of what was said of it."""
