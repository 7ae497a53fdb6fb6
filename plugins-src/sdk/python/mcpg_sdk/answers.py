"""What a plugin may answer, and results of MCP tools. An answer decides nothing until a method returns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .run import Answer
from .texts import dump, line, well_formed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .documents import Annotate, Redact

__all__ = [
    "Obligation",
    "abstain",
    "annotate",
    "changed",
    "deny",
    "error_result",
    "json_result",
    "obligation",
    "permit",
    "redact",
    "text_result",
    "unchanged",
]


class Obligation(NamedTuple):
    """Something that must be done if the action goes ahead: its kind and its detail as JSON text."""

    kind: str
    detail: str


def obligation(kind: str, detail: Mapping[str, Any]) -> Obligation:
    """Return an obligation for `permit`; one that the host does not know or cannot meet denies."""
    return Obligation(kind, dump(detail, f"the obligation `{kind}`"))


def redact(detail: Redact) -> Obligation:
    """Return the obligation to take fields out of the result."""
    return obligation("redact", detail)


def annotate(detail: Annotate) -> Obligation:
    """Return the obligation to show the client notes beside the result."""
    return obligation("annotate", detail)


def permit(*obligations: Obligation) -> Answer:
    """Yes (policy), and these things must be done."""
    return Answer("permit", list(obligations))


def deny(code: str, message: str) -> Answer:
    """No (policy, transform): a stable code such as `not-read-only`, and one line for a person, never a secret."""
    return Answer("deny", (well_formed(str(code)), line(str(message))))


def abstain() -> Answer:
    """None of my rules speak of this action (policy)."""
    return Answer("abstain")


def unchanged() -> Answer:
    """Nothing to rewrite (transform)."""
    return Answer("unchanged")


def changed(document: Any) -> Answer:
    """This takes the place of the arguments (`before`) or of the result (`after`) (transform)."""
    return Answer("changed", dump(document, "the changed document"))


def text_result(text: str) -> dict[str, Any]:
    """Return a tool's result with one text."""
    return {"content": [{"type": "text", "text": text}]}


def error_result(text: str) -> dict[str, Any]:
    """Return a tool's result that tells its caller of an error."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def json_result(document: Any) -> dict[str, Any]:
    """Return a tool's result with a document: as text, and as structured content too if it is an object."""
    text = dump(document, "the result")
    if '"$ref":"blob:' in text:
        # A body that stays in the host can stand in the structured content, but not inside a text.
        text = "The result has large parts: see the structured content."
    structured = {"structuredContent": document} if isinstance(document, dict) else {}
    return {"content": [{"type": "text", "text": text}], **structured}
