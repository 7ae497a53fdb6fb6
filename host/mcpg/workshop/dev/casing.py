"""The plugin's cases after each exchange: how many held, and what is wrong with those that did not."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.workshop.cases import load_cases, run_cases
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Cases", "run_all"]


@dataclass(frozen=True, slots=True)
class Cases:
    """What came of the cases: how many there are, and for each that failed its name and what is wrong, line by line."""

    total: int
    failed: tuple[tuple[str, ...], ...]
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether all held."""
        return not self.failed


async def run_all(wasm: Path, traced: Path | None, files: Sequence[Path], cache: Path) -> Cases:
    """Run every case of `files` against a component; raises `McpgError` for files that are no cases."""
    begin = time.perf_counter()
    cases = await asyncio.to_thread(load_cases, files)
    async with open_workbench(wasm, cache=cache) as bench:
        report = await run_cases(bench, cases, traced=traced, cache=cache)
    failed = tuple((each.case.name, *each.fault.lines()) for each in report.failed if each.fault is not None)
    return Cases(len(report.ran), failed, time.perf_counter() - begin)
