"""The journal of imports: what was begun, taken, accepted and ended, one line each. It decides nothing; it blocks.

    imports/<hex of the bundle's id>.jsonl

Lines are only ever added, each synced. What counts as imported is what the store has, not what a line says: a line that
was cut by a crash is passed over.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg_registry.digests import hex_of, parse_digest
from mcpg_registry.durable import make_directory, sync_directory
from mcpg_registry.layout import read_file
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Journal", "journal_in"]

MAX_JOURNAL = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one bundle at one site."""

    path: Path

    def add(self, event: str, at: int, **facts: Any) -> None:
        """Add a line, on the disk when this returns; `at` in seconds since 1970. `OSError`."""
        make_directory(self.path.parent)
        new = not self.path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self.path, flags, 0o644)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            line = (b"\n" if torn else b"") + compact({"at": at, "event": event, **facts}) + b"\n"
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            sync_directory(self.path.parent)

    def lines(self) -> tuple[dict[str, Any], ...]:
        """Return what was noted, oldest first, without lines that were cut; `OSError`, `ValueError` over 16 MiB."""
        try:
            text = read_file(self.path, MAX_JOURNAL)
        except FileNotFoundError:
            return ()
        found = []
        for line in text.splitlines():
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict):
                found.append(document)
        return tuple(found)

    def unfinished(self) -> dict[str, Any] | None:
        """Return the line of an import that was begun and has not ended, if the last one has not."""
        last = next((each for each in reversed(self.lines()) if each.get("event") in {"begin", "end"}), None)
        return last if last is not None and last["event"] == "begin" else None


def journal_in(directory: Path, bundle: str) -> Journal:
    """Return the journal of the bundle of that id, in the store at `directory`."""
    return Journal(directory / "imports" / f"{hex_of(parse_digest(bundle))}.jsonl")
