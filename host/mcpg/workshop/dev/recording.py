"""Adds the runs of a session to a file of cases, each once. How a run becomes a case is not decided here."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import McpgError
from mcpg.workshop.cases.writing import write_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from mcpg.contract.ports import RunSeen

__all__ = ["Recorder"]

MOST: Final = 1024
"""Runs that are remembered as recorded; one that comes again later is recorded again."""


class Recorder:
    """Writes to one file. What is left out of it as a secret, `write_case` decides; the rest is its author's."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self._path = path
        self._say = say
        self._known: OrderedDict[str, None] = OrderedDict()

    async def take(self, run: RunSeen, config: Mapping[str, Any]) -> None:
        """Add a run that has an answer and was not added before; say how the case is called."""
        if run.answer is None or run.answer.tag == "suspended":
            return
        digest = hashlib.sha256(repr((run.function, run.documents, run.effects, run.replies, run.answer)).encode())
        if digest.hexdigest() in self._known:
            return
        self._known[digest.hexdigest()] = None
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        try:
            written = await asyncio.to_thread(write_case, self._path, run, config=config)
        except (McpgError, OSError) as error:
            self._say(f"not recorded: {error}")
            return
        self._say(f"recorded as `{written.name}` in {self._path}")
        for note in written.notes:
            self._say(note)
