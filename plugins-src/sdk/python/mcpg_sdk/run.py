"""One pass of a run: hands out the replies in the order of the effects, and stops at the first that is missing.

The author's code runs from its start for each pass. It asks for the same effects each time, because its inputs are the
same; those that have replies return at once. This module knows no WIT and no kind of plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import bugs
from .problems import Failed, Pending, Problem
from .texts import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MOST_LINES", "Answer", "Effect", "Reply", "Run", "current", "drive", "running"]

MOST_LINES = 32


class Effect(NamedTuple):
    """Something that only the host can do: the driver's name and its request as JSON text."""

    driver: str
    request: str


class Reply(NamedTuple):
    """What the world answered to one effect: JSON text, or why it did not work."""

    text: str = ""
    problem: tuple[str, str] | None = None


class Answer(NamedTuple):
    """The tag of an answer as the contract names it, and what it carries (documents as JSON text)."""

    tag: str
    value: Any = None


class Run:
    """The effects of a run as this pass asks for them, and the replies to the first of them."""

    __slots__ = ("asked", "pending", "question", "replies", "said")

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.replies = replies
        self.asked: list[Effect] = []
        self.pending = False
        self.question: str | None = None
        self.said = 0

    @property
    def short(self) -> bool:
        """Whether a reply to something that was asked for is missing."""
        return len(self.asked) > len(self.replies)

    def take(self, effects: Sequence[Effect]) -> list[Any]:
        """Ask for effects at once; returns reply documents, with a `Failed` in the place of each that did not work.

        Raises `Pending` when one of the replies is missing, now and at every later effect of this pass.
        """
        if self.pending:
            raise Pending
        first = len(self.asked)
        self.asked += effects
        if effects and self.short:
            self.pending = True
            raise Pending
        return [_opened(*pair) for pair in zip(effects, self.replies[first:], strict=False)]

    def tell(self, effect: Effect) -> None:
        """Ask for an effect whose reply does not matter: the pass goes on without it."""
        if not self.pending:
            self.asked.append(effect)

    def ask(self, request: str) -> Any:
        """Ask the MCP client, in the middle of a call; returns what it answered.

        The host has to know every earlier reply first, so a line of the log that was not written yet comes before.
        """
        if self.pending or self.short:
            self.pending = True
            raise Pending
        if len(self.asked) == len(self.replies):
            self.question = request
            self.pending = True
            raise Pending
        return _raised(self.take([Effect("ask", request)])[0])

    def end(self, answer: Answer) -> Answer:
        """Return how the pass ends. A missing reply wins over whatever the author's code made of it."""
        if self.short:
            return Answer("perform", self.asked)
        return Answer("ask", self.question) if self.question is not None else answer


def _opened(effect: Effect, reply: Reply) -> Any:
    if reply.problem is not None:
        return Failed(*reply.problem, effect.driver)
    try:
        return load(reply.text)
    except ValueError as error:
        return Failed("bad-reply", f"the reply of `{effect.driver}` is not JSON: {error}", effect.driver)


def _raised(reply: Any) -> Any:
    if isinstance(reply, Failed):
        raise reply
    return reply


_run: Run | None = None


def current() -> Run:
    """Return the run of this pass; `Problem` outside one, as in `__init__` and while the plugin is built."""
    if _run is None:
        raise Problem("plugin-error", "effects can only be asked for in a method that answers, not in `__init__`")
    return _run


def running() -> Run | None:
    """Return the run of this pass, if there is one."""
    return _run


def drive(replies: Sequence[Reply], author: Callable[[], Answer]) -> Answer:
    """Run one pass of an author's code; returns its answer, `perform`, `ask` or `failed`. It raises nothing."""
    global _run  # noqa: PLW0603 - authors call `http(...)` without handing a run around
    run = _run = Run(replies)
    try:
        answer = author()
    except Pending:
        answer = Answer("failed", ("plugin-error", "the plugin stopped without asking for anything"))
    except BaseException as error:  # noqa: BLE001 - anything else would end the instance: also SystemExit
        answer = Answer("failed", bugs.problem_of(error))
    finally:
        _run = None
    return run.end(answer)
