"""What each kind of plugin answers to, and how an author's class becomes it. Nothing here knows WIT's own types.

`@policy`, `@transform` and `@backend` take a class whose methods are named as in the contract. They are meant for the
module that is the plugin; outside the sandbox they only remember the class, so that it can be tested as it stands.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from . import bugs
from .run import Answer, Reply, drive
from .texts import dump, load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["KINDS", "Session", "backend", "kind_of", "policy", "transform"]

_Class = TypeVar("_Class", bound=type)

ANSWERS = {
    "decide": "`permit()`, `deny(code, message)` or `abstain()`",
    "before": "`unchanged()`, `changed(arguments)` or `deny(code, message)`",
    "after": "`unchanged()`, `changed(result)` or `deny(code, message)`",
    "describe": "a catalog, such as `{'tools': [...]}`",
    "call": "a result, such as `text_result(...)`",
    "see": "a letter, `p`, `d` or `a`, or what `decide` returns, for each action",
}
LETTERS = {"permit": "p", "deny": "d", "abstain": "a"}


class Function(NamedTuple):
    """One function of a kind: its documents, the tags of answers, the tag of a document that is returned as it is."""

    documents: tuple[str, ...]
    tags: tuple[str, ...] = ()
    plain: str = ""


_CHANGE = ("unchanged", "changed", "deny")
KINDS: dict[str, dict[str, Function]] = {
    "policy": {
        "decide": Function(("caller", "action"), ("permit", "deny", "abstain")),
        "see": Function(("caller", "actions")),
    },
    "transform": {
        "before": Function(("caller", "call"), _CHANGE),
        "after": Function(("caller", "call", "outcome"), _CHANGE),
    },
    "backend": {"describe": Function((), (), "catalog"), "call": Function(("caller", "call"), (), "done")},
}
NEEDED = {"policy": ("decide",), "transform": ("before", "after"), "backend": ("call",)}
"""Methods of which an author writes one at least."""


class Session:
    """One configured plugin: an author's class, made once, and asked with texts."""

    def __init__(self, kind: str, made_by: type) -> None:
        self.kind = kind
        self.made_by = made_by
        self.plugin: Any = None

    def configure(self, config: str) -> tuple[str, str] | None:
        """Make the plugin from its configuration; returns code and message of a refusal."""
        if self.plugin is not None:
            return "bad-config", "the plugin is configured already"
        try:
            bare = getattr(self.made_by, "__init__", None) is object.__init__
            self.plugin = self.made_by() if bare else self.made_by(load(config))
        except BaseException as error:  # noqa: BLE001 - anything else would end the instance: also SystemExit
            return bugs.refusal_of(error)
        return None

    def ask(self, function: str, documents: Sequence[str], replies: Sequence[Reply] = ()) -> Answer:
        """Ask once; the answer's documents are JSON text. Never raises."""
        return drive(replies, lambda: self._answer(function, [load(text) for text in documents]))

    def _answer(self, function: str, documents: list[Any]) -> Answer:
        if self.plugin is None:
            raise RuntimeError("the plugin is not configured")
        method = getattr(self.plugin, function, None)
        if method is None:
            return self._without(function, documents)
        answer = method(*documents)
        if function == "see":
            return Answer("seen", self._letters(answer, len(documents[1])))
        wanted = KINDS[self.kind][function]
        if isinstance(answer, Answer) and answer.tag in wanted.tags:
            return answer
        if wanted.plain and isinstance(answer, dict):
            return Answer(wanted.plain, dump(answer, f"what `{function}` returned"))
        raise self._wrong(function, answer)

    def _without(self, function: str, documents: list[Any]) -> Answer:
        """Answer a function that the author left out."""
        if function == "see":
            caller, actions = documents
            return Answer("seen", self._letters([self.plugin.decide(caller, each) for each in actions], len(actions)))
        return Answer("catalog", "{}") if function == "describe" else Answer("unchanged")

    def _letters(self, answer: Any, count: int) -> str:
        items = list(answer) if isinstance(answer, str | list | tuple) and not isinstance(answer, Answer) else None
        letters = [LETTERS.get(each.tag) if isinstance(each, Answer) else each for each in items or ()]
        if items is None or len(letters) != count or any(each not in ("p", "d", "a") for each in letters):
            raise self._wrong("see", answer)
        return "".join(str(each) for each in letters)

    def _wrong(self, function: str, answer: Any) -> TypeError:
        method: Any = getattr(self.made_by, function, None) or getattr(self.made_by, "decide", None)
        text = "nothing" if answer is None else repr(answer)[:80]
        return TypeError(f"`{function}` returned {text}: return {ANSWERS[function]} ({bugs.place_of(method.__code__)})")


_kinds: dict[type, str] = {}


def kind_of(made_by: type) -> str:
    """Return the kind that a class was declared to be; `TypeError` for one that was not."""
    if made_by not in _kinds:
        raise TypeError(f"`{made_by.__name__}` is no plugin: put `@policy`, `@transform` or `@backend` before it")
    return _kinds[made_by]


def policy(made_by: _Class) -> _Class:
    """Make the class this module's plugin: `decide(caller, action)`, and `see(caller, actions)` if it should differ."""
    return _declared("policy", made_by)


def transform(made_by: _Class) -> _Class:
    """Make the class this module's plugin: `before(caller, call)`, `after(caller, call, outcome)`, or both."""
    return _declared("transform", made_by)


def backend(made_by: _Class) -> _Class:
    """Make the class this module's plugin: `call(caller, call)`, and `describe()` if it finds its tools itself."""
    return _declared("backend", made_by)


def _declared(kind: str, made_by: _Class) -> _Class:
    _check(kind, made_by)
    _kinds[made_by] = kind
    try:
        from . import adapter
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(("wit_world", "componentize_py")):
            raise
    else:
        adapter.export(Session(kind, made_by), sys.modules[made_by.__module__])
    return made_by


def _check(kind: str, made_by: type) -> None:
    """Raise `TypeError` for a class that cannot be a plugin of this kind."""
    where = f"class `{made_by.__name__}`"
    if made_by.__name__ in ("Lifecycle", kind.capitalize()):
        raise TypeError(f"{where}: this name is the component's own, call the class something else")
    methods: dict[str, Callable[..., Any]] = {
        name: found for name in KINDS[kind] if callable(found := getattr(made_by, name, None))
    }
    if not any(name in methods for name in NEEDED[kind]):
        wanted = " or ".join(f"`{name}({', '.join(('self', *KINDS[kind][name].documents))})`" for name in NEEDED[kind])
        raise TypeError(f"{where}: a {kind} needs a method {wanted}")
    for name, method in methods.items():
        code = method.__code__
        if code.co_flags & 0x80:  # CO_COROUTINE
            raise TypeError(f"{where}: `{name}` is `async`, but effects are straight-line calls: write `def {name}`")
        expected = ("self", *KINDS[kind][name].documents)
        if code.co_argcount != len(expected) and not code.co_flags & 0x04:  # CO_VARARGS
            raise TypeError(f"{where}: write `def {name}({', '.join(expected)})` ({bugs.place_of(code)})")
