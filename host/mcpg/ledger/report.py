"""What a verification found, as values. It formats nothing and finds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Report", "What"]

What = Literal[
    "altered",
    "missing",
    "unsigned",
    "unconfirmed",
    "reordered",
    "bad-head",
    "bad-signature",
    "cut",
    "rewritten",
    "unreadable",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which record (`seq` 0: none in particular), of which call, and what about it."""

    what: What
    tenant: str
    seq: int
    call: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a whole ledger was found to be; `ok` is proof only as far as `pinned` and the given head go.

    `chains` maps each tenant to its number of proven records; `notes` are true things that an auditor wants to know
    and that are no fault of the file (a start that found commits lost, a key that nobody pinned).
    """

    ledger: str
    key_id: str
    pinned: bool
    commits: int
    records: int
    chains: dict[str, int]
    head: str
    findings: tuple[Finding, ...]
    more_findings: int
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings
