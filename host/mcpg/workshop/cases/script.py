"""What a case says of effects, one after the other: is this the next one, and what is its reply? It asks no plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcpg.contract.verdicts import Case, ok
from mcpg.workshop.cases.comparing import differences, whole
from mcpg.workshop.cases.model import ANY, Difference, Fault

if TYPE_CHECKING:
    import msgspec

    from mcpg.contract.verdicts import Effect
    from mcpg.workshop.cases.model import Expected

__all__ = ["LOG", "Script"]

LOG = "log"
"""The driver whose effects a case need not name."""
_LOGGED = ok("{}")


class Script:
    """The effects that one case expects, in their order; log lines that it does not name are answered and kept."""

    def __init__(self, expected: tuple[Expected, ...]) -> None:
        self._expected = expected
        self._next = 0
        self._asked = 0
        self.logs: list[dict[str, Any]] = []

    def wants(self, driver: str) -> bool:
        """Whether the next effect expected is one of this driver."""
        return self._next < len(self._expected) and self._expected[self._next].driver == driver

    def __call__(self, effect: Effect, request: msgspec.Struct | None) -> Case | Fault:
        """Return the reply of the next effect expected, or how this one differs from it."""
        document = _document(effect.request)
        place = self._asked
        self._asked += 1
        if request is not None:
            document = whole(request, document)
        if effect.driver == LOG:
            self.logs.append(document)
            if not self.wants(LOG) or differences(self._expected[self._next].request, document):
                return _LOGGED
        if self._next == len(self._expected):
            return Fault(
                "unexpected-effect",
                f"effect {place + 1} is one more than the case expects: `{effect.driver}`",
                remedy=f"add it to `effects` with its reply: `- {effect.driver}: {_flow(effect.request)}`",
                differences=(Difference(f"/effects/{place}", ANY, {effect.driver: _document(effect.request)}),),
            )
        expected = self._expected[self._next]
        if expected.driver != effect.driver:
            told = Difference(f"/effects/{place}", {expected.driver: expected.request}, {effect.driver: document})
            message = f"effect {place + 1} is one of `{effect.driver}`, not of `{expected.driver}`"
            return Fault("other-effect", message, expected.where, "mend the plugin, or the case", (told,))
        found = differences(expected.request, document, f"/effects/{place}/{effect.driver}")
        if found:
            message = f"effect {place + 1} is not the one expected"
            return Fault("other-effect", message, expected.where, "mend the plugin, or the case", found)
        self._next += 1
        return expected.reply

    def left(self) -> Fault | None:
        """Return the fault of effects that were expected and never asked for; none if there are none."""
        if self._next == len(self._expected):
            return None
        missing = self._expected[self._next]
        count = len(self._expected) - self._next
        return Fault(
            "missing-effect",
            f"effect {self._next + 1} was never asked for" + (f", nor {count - 1} after it" if count > 1 else ""),
            missing.where,
            "mend the plugin, or take it out of the case",
            (Difference(f"/effects/{self._next}", {missing.driver: missing.request}, ANY),),
        )


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _flow(request: str) -> str:
    return json.dumps(_document(request), ensure_ascii=False)
