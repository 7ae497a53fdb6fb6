"""What a dev session is asked to do, and who shows it to its author. It runs nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.ports import RunSeen
    from mcpg.contract.problems import McpgError
    from mcpg.workshop.dev.casing import Cases
    from mcpg.workshop.dev.examining import Findings

__all__ = ["Options", "Teller"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a session is asked to do; `call` is a tool with its arguments, `key` an API key for it and `headers` more.

    `cache` is a folder for compiled components that all sessions of one person share; without it each has its own.
    """

    plugin: Path
    listen: str = "127.0.0.1:8787"
    config: Path | None = None
    config_of: Path | None = None
    grant: dict[str, Any] = field(default_factory=dict)
    build: bool = True
    once: bool = False
    call: tuple[str, dict[str, Any]] | None = None
    record: Path | None = None
    cache: Path | None = None
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Teller(Protocol):
    """Who shows a session to its author. Nothing here may block."""

    def note(self, line: str) -> None:
        """Tell how things go, one line."""
        ...

    def problem(self, error: McpgError) -> None:
        """Tell of an error that the session survives."""
        ...

    def run(self, run: RunSeen, findings: Findings) -> None:
        """Tell of a run of the plugin."""
        ...

    def cases(self, cases: Cases) -> None:
        """Tell how the plugin's cases went."""
        ...

    def result(self, tool: str, result: dict[str, Any] | None) -> None:
        """Tell what a call that the session made was answered; None for a refusal, which `problem` has told."""
        ...
