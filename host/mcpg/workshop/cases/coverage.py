"""Which functions, answers and effects of a plugin its cases exercise. It knows nothing of lines of code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.worlds import WORLDS

if TYPE_CHECKING:
    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.cases.walking import Walk

__all__ = ["Coverage"]


class Coverage:
    """What was seen of one plugin: answers by function, replies by driver."""

    def __init__(self, manifest: Manifest) -> None:
        self._functions = WORLDS[manifest.kind]
        self._drivers = tuple(each.driver for each in manifest.effects)
        self._tags: dict[str, set[str]] = {function.name: set() for function in self._functions}
        self._good: set[str] = set()
        self._bad: set[str] = set()

    def note(self, function: str, walked: Walk) -> None:
        """Count a run that came to an answer."""
        if walked.answer is not None:
            self._tags[function].add(walked.answer.tag)
        for effect, reply in zip(walked.effects, walked.replies, strict=False):
            (self._good if reply.tag == "ok" else self._bad).add(effect.driver)

    def missing(self) -> tuple[str, ...]:
        """Return what has no case at all: functions, and effects that the manifest declares."""
        functions = [f"function `{name}` has no case" for name, tags in self._tags.items() if not tags]
        seen = self._good | self._bad
        effects = [
            f"effect `{driver}` is declared and no case asks for it" for driver in self._drivers if driver not in seen
        ]
        return (*functions, *effects)

    def lines(self) -> list[str]:
        """Return the coverage for a person."""
        told = []
        for function in self._functions:
            tags = [tag for tag in function.tags if tag != "perform"]
            seen = [tag for tag in tags if tag in self._tags[function.name]]
            rest = [tag for tag in tags if tag not in seen]
            never = f"; never {', '.join(rest)}" if rest and seen else ""
            told.append(f"{function.name}: {', '.join(seen) if seen else 'no case'}{never}")
        for driver in self._drivers:
            said = [word for word, there in (("replies", self._good), ("failed replies", self._bad)) if driver in there]
            never = "; never a failed reply" if driver in self._good and driver not in self._bad else ""
            told.append(f"{driver}: {' and '.join(said) if said else 'no case'}{never}")
        return told

    def document(self) -> dict[str, Any]:
        """Return the coverage as plain values."""
        functions = {
            function.name: {tag: tag in self._tags[function.name] for tag in function.tags if tag != "perform"}
            for function in self._functions
        }
        effects = {each: {"replies": each in self._good, "failed": each in self._bad} for each in self._drivers}
        return {"functions": functions, "effects": effects, "missing": list(self.missing())}
