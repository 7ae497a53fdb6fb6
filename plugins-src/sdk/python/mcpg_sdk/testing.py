"""Asks a plugin as a gateway would, without a sandbox and without I/O, for tests of your own. It checks no schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .kinds import Session, kind_of
from .problems import Failed, Problem
from .run import Answer, Reply
from .texts import dump

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Plugin"]

DOCUMENTS = ("changed", "done", "catalog", "ask")
MOST_PASSES = 64


class Plugin:
    """A class that was declared to be a plugin, configured; `Problem` when it refuses its configuration."""

    def __init__(self, made_by: type, config: Any = None) -> None:
        self._session = Session(kind_of(made_by), made_by)
        refused = self._session.configure(dump({} if config is None else config, "the configuration"))
        if refused is not None:
            raise Problem(*refused)

    def run(self, function: str, *documents: Any, replies: Sequence[Any] = ()) -> tuple[Any, list[tuple[str, Any]]]:
        """Ask until there is an answer; returns `(tag, value)` and the effects asked for, as `(driver, request)`.

        `replies` are reply documents, or `Failed`, for the effects in their order; those of `log` need none. What the
        client answers to `ask_client` is a reply too. `AssertionError` when an effect has none, or one is left over.
        """
        texts = [dump(each, "a document") for each in documents]
        given = list(replies)
        known: list[Reply] = []
        effects: list[Any] = []
        for _ in range(MOST_PASSES):
            answer = self._session.ask(function, texts, known)
            if answer.tag == "ask" and given:
                effects.append(("ask", json.loads(answer.value)))
                known.append(_reply(given.pop(0)))
            elif answer.tag == "perform":
                new = answer.value[len(effects) :]
                effects += [(driver, json.loads(request)) for driver, request in new]
                known += [_next(effect.driver, given) for effect in new]
            else:
                assert not given, f"{len(given)} replies were not asked for"
                return (answer.tag, _value(answer)), effects
        raise AssertionError(f"no answer after {MOST_PASSES} passes")


def _next(driver: str, given: list[Any]) -> Reply:
    if driver == "log":
        return Reply("{}")
    assert given, f"an effect of `{driver}` has no reply"
    return _reply(given.pop(0))


def _reply(given: Any) -> Reply:
    return Reply(problem=(given.code, given.message)) if isinstance(given, Failed) else Reply(dump(given, "a reply"))


def _value(answer: Answer) -> Any:
    return json.loads(answer.value) if answer.tag in DOCUMENTS else answer.value
