"""What a case is, as values: a question, the effects expected with their replies, the answer wanted. It runs none.

The format in YAML is described in docs/reference/cases.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg.workshop.documents import RUN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg.contract.documents import RunFacts
    from mcpg.contract.verdicts import Case

__all__ = ["ANY", "Difference", "Expected", "Fault", "PluginCase", "Wanted"]


class _Any:
    """Stands for a value of which nothing is said."""

    def __repr__(self) -> str:
        return "anything"


ANY = _Any()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which something is not as expected: `path` leads there, `ANY` stands for nothing at all."""

    path: str
    expected: Any
    found: Any

    def text(self) -> str:
        """Return the difference as one line."""
        return f"{self.path}: expected {show(self.expected)}, found {show(self.found)}"


MOST_SHOWN = 200


def show(value: Any) -> str:
    """Return a value as short JSON text."""
    import json  # noqa: PLC0415 - only for what went wrong

    if value is ANY:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}... ({len(text)} characters)"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a run: a stable code, what, where in the case, what to do, and the differences."""

    code: str
    message: str
    where: str = ""
    remedy: str = ""
    differences: tuple[Difference, ...] = ()

    def lines(self) -> list[str]:
        """Return the fault for a person: what, each difference, what to do."""
        head = f"{self.where}: {self.message}" if self.where else self.message
        shown = [f"  {each.text()}" for each in self.differences]
        return [head, *shown, *([f"  to do: {self.remedy}"] if self.remedy else [])]

    def document(self) -> dict[str, Any]:
        """Return the fault as plain values."""
        told = [
            {"path": each.path, "expected": _told(each.expected), "found": _told(each.found)}
            for each in self.differences
        ]
        return {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "remedy": self.remedy,
            "differences": told,
        }


def _told(value: Any) -> Any:
    return None if value is ANY else value


@dataclass(frozen=True, slots=True)
class Expected:
    """One effect that is expected: members of its request, and the reply that it gets."""

    driver: str
    request: Any
    reply: Case
    where: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The answer wanted: its tag, and what its value must hold; `ANY` if only the tag counts."""

    tag: str
    value: Any = ANY
    where: str = ""


@dataclass(frozen=True, slots=True)
class PluginCase:
    """One case. `answer` is none where `refuses` says with which problem the configuration is refused."""

    name: str
    config: Mapping[str, Any]
    ask: str = ""
    documents: Mapping[str, Any] = field(default_factory=dict)
    run: RunFacts = RUN
    effects: tuple[Expected, ...] = ()
    answer: Wanted | None = None
    refuses: Mapping[str, Any] | None = None
    base: Path | None = None
    """The folder that files in the configuration are sought below."""
    where: str = ""
    """The file with line and column, such as `cases/plugin.yaml:12:5`."""
