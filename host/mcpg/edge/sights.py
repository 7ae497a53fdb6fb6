"""What one caller sees of the lists, as far as he was told, so that he hears only of his changes. It lists nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.ports import Refusal
from mcpg.edge.answers import internal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcpg.contract.documents import Caller
    from mcpg.edge.answers import Answers

__all__ = ["Sight"]

_NOTHING = ""
"""What someone sees who may not look."""


class Sight:
    """One caller's lists, by fingerprint."""

    __slots__ = ("_answers", "_known", "_session", "_version", "caller")

    def __init__(self, answers: Answers, caller: Caller, version: str, session: str = "") -> None:
        self.caller = caller
        self._answers = answers
        self._version = version
        self._session = session
        self._known: dict[str, str] = {}

    def knows(self, kind: str) -> bool:
        """Return whether it is known what the caller saw of `tools`, `prompts` or `resources`."""
        return kind in self._known

    async def look(self, kinds: Iterable[str]) -> None:
        """Learn what the caller sees of kinds that are not known yet."""
        for kind in kinds:
            if kind not in self._known:
                found = await self._ask(kind)
                if found is not None:
                    self._known.setdefault(kind, found)

    async def differs(self, kind: str) -> bool:
        """Look again and return whether it has changed; what cannot be found out, or was not known, may have."""
        found, before = await self._ask(kind), self._known.get(kind)
        if found is None:
            return True
        self._known[kind] = found
        return found != before

    async def _ask(self, kind: str) -> str | None:
        try:
            return await self._answers.service.fingerprint(
                self.caller, kind, version=self._version, session=self._session
            )
        except Refusal:
            return _NOTHING
        except Exception as error:  # noqa: BLE001 - whatever it was, it is not known what the caller sees
            internal(error, "fingerprint")
            return None
