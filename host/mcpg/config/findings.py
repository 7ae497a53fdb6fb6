"""What is wrong with the operator's file, where, and what to do. It finds nothing itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ConfigErrors", "Finding", "Place", "show_path"]

Place = tuple[str | int, ...]
"""Where a value stands in the file: keys and indices from the top."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`error`) or doubtful (`warning`); `line` and `column` count from 1, 0 for unknown."""

    message: str
    remedy: str = ""
    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    level: Literal["error", "warning"] = "error"

    @property
    def where(self) -> str:
        """The place for a person and an editor, such as `mcpg.yaml:12:3`."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def text(self) -> str:
        """Return the finding in one or two lines: where, path, what; what to do."""
        head = ": ".join(part for part in (self.where, self.path, self.message) if part)
        return f"{head}\n  to do: {self.remedy}" if self.remedy else head

    def document(self) -> dict[str, Any]:
        """Return the finding as plain values for `--json`."""
        return asdict(self)


class ConfigErrors(ConfigError):  # noqa: N818 - it holds several
    """Everything that is wrong with the file, in the file's order."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        message = ": ".join(part for part in (first.path, first.message) if part)
        super().__init__(message + more, where=first.where, remedy=first.remedy)
        self.findings = tuple(findings)

    def diagnostics(self) -> str:
        """The findings for a person, one after the other."""
        return "\n".join(finding.text() for finding in self.findings)


def show_path(place: Sequence[str | int]) -> str:
    """Return `place` as people write it: `tools.forecast.input`, `transforms[0]`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
