"""What the doctor finds, and what it looks at. It looks at nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.config import Loaded

__all__ = ["Check", "Result", "Subject"]


@dataclass(frozen=True, slots=True)
class Result:
    """One finding: `good`, `doubtful` (works, but look at it) or `bad`, in words, and how to mend it."""

    check: str
    state: Literal["good", "doubtful", "bad"]
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The installation that is looked at; `loaded` is None where the configuration cannot be obeyed."""

    path: Path
    state: Path
    ledger: Path
    loaded: Loaded | None


Check = "Callable[[Subject], Iterable[Result]]"
"""One question of the doctor: it may block, it changes nothing and prints no secret."""
