"""Carries a plugin to the exports of its world. Only here are the types known that componentize-py generates.

It is imported while a component is built and nowhere else: outside there is no `wit_world`.
"""

from __future__ import annotations

import gc
import json
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from componentize_py_types import Err  # type: ignore[import-not-found]
from wit_world import exports  # type: ignore[import-not-found]
from wit_world.imports import types as wit  # type: ignore[import-not-found]

from . import guards, output
from .kinds import KINDS
from .run import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .kinds import Session
    from .run import Answer

__all__ = ["export"]

VARIANTS = {
    "decide": "Verdict",
    "see": "Sight",
    "before": "Change",
    "after": "Change",
    "describe": "Listing",
    "call": "Progress",
}


def export(session: Session, module: ModuleType) -> None:
    """Put the classes that componentize-py looks for into the author's module."""
    interface = session.kind.capitalize()
    if not hasattr(exports, interface):
        raise TypeError(f"the component is built for another world than `{session.kind}-plugin`: correct the manifest")
    if hasattr(module, "Lifecycle"):
        raise TypeError(f"`{session.made_by.__name__}` is the second plugin of its module, and there can be only one")
    said = _manifest(module)
    if said.get("kind", session.kind) != session.kind:
        raise TypeError(f"the manifest says `{said['kind']}` and the code `@{session.kind}`: correct one of them")
    drivers = {each.get("driver") for each in said.get("effects", ())}
    generated = import_module(f"wit_world.exports.{session.kind}")
    methods = {name: _function(session, name, generated) for name in KINDS[session.kind]}
    vars(module)["Lifecycle"] = type("Lifecycle", (), {"configure": _configure(session, told="log" in drivers)})
    vars(module)[interface] = type(interface, (), methods)
    guards.prepare()
    # What stands here stays: it need not be looked through again in every instance.
    gc.collect()
    gc.freeze()


def _manifest(module: ModuleType) -> dict[str, Any]:
    """Return the manifest beside the author's module, if it can be read while building."""
    try:
        with open(os.path.join(os.path.dirname(module.__file__ or ""), "manifest.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _configure(session: Session, *, told: bool) -> Callable[[Any, str], None]:
    def configure(_self: Any, config: str) -> None:
        guards.activate()
        output.replace(told=told)
        refused = session.configure(config)
        if refused is not None:
            raise Err(wit.Problem(*refused))

    return configure


def _function(session: Session, name: str, generated: Any) -> Callable[..., Any]:
    prefix = VARIANTS[name]

    def function(_self: Any, *arguments: Any) -> Any:
        *documents, replies = arguments
        guards.begin()
        output.begin()
        return _carried(session.ask(name, documents, [_reply(each) for each in replies]), prefix, generated)

    return function


def _reply(reply: Any) -> Reply:
    value = reply.value
    return Reply(value) if isinstance(value, str) else Reply(problem=(value.code, value.message))


def _carried(answer: Answer, prefix: str, generated: Any) -> Any:
    case = getattr(generated, f"{prefix}_{answer.tag.capitalize()}")
    match answer.tag:
        case "perform":
            return case([wit.Effect(*effect) for effect in answer.value])
        case "failed" | "deny":
            return case(wit.Problem(*answer.value))
        case "permit":
            return case([generated.Obligation(*each) for each in answer.value])
        case "abstain" | "unchanged":
            return case()
        case _:
            return case(answer.value)
