"""Collects findings within a bound, so that a ledger that is wrong everywhere makes no endless report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.ledger.report import Finding

if TYPE_CHECKING:
    from mcpg.ledger.report import What

__all__ = ["Findings"]

MAX_FINDINGS = 200


class Findings:
    """The first findings, and how many more there were."""

    def __init__(self) -> None:
        self.first: list[Finding] = []
        self.more = 0

    def add(self, what: What, tenant: str = "", seq: int = 0, call: str = "", message: str = "") -> None:
        """Note one finding."""
        finding = Finding(what, _shown(tenant), seq, _shown(call), message)
        if len(self.first) < MAX_FINDINGS:
            self.first.append(finding)
        else:
            self.more += 1


def _shown(text: str) -> str:
    """Make lone surrogates, which stand for damaged bytes, printable."""
    return text.encode("utf-8", "backslashreplace").decode()
