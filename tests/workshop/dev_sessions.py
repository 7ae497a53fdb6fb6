"""A dev session in process for tests: started, told to a list, ended."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcpg.workshop.dev.options import Options
from mcpg.workshop.dev.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from mcpg.contract.ports import RunSeen
    from mcpg.contract.problems import McpgError
    from mcpg.workshop.dev.casing import Cases
    from mcpg.workshop.dev.examining import Findings


class Told:
    """Keeps what a session tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.problems: list[McpgError] = []
        self.runs: list[tuple[RunSeen, Findings]] = []
        self.case_runs: list[Cases] = []
        self.results: list[tuple[str, dict[str, Any] | None]] = []
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[None]]] = []

    def note(self, line: str) -> None:
        self.notes.append(line)
        self._tell()

    def problem(self, error: McpgError) -> None:
        self.problems.append(error)
        self._tell()

    def run(self, run: RunSeen, findings: Findings) -> None:
        self.runs.append((run, findings))
        self._tell()

    def cases(self, cases: Cases) -> None:
        self.case_runs.append(cases)
        self._tell()

    def result(self, tool: str, result: dict[str, Any] | None) -> None:
        self.results.append((tool, result))
        self._tell()

    def of(self, function: str) -> list[RunSeen]:
        return [run for run, _ in self.runs if run.function == function]

    @property
    def exchanged(self) -> int:
        return sum(line.startswith("exchanged for") for line in self.notes)

    def _tell(self) -> None:
        for condition, future in self._waiting:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        if condition():
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, future))
        async with asyncio.timeout(seconds):
            await future


@asynccontextmanager
async def session(plugin: Path, **options: Any) -> AsyncIterator[tuple[Session, Told]]:
    """Run a session until the block is left; what keeps it from starting is raised."""
    told = Told()
    made = Session(Options(plugin, listen="127.0.0.1:0", **options), told)
    task = asyncio.create_task(made.run())
    ready = asyncio.create_task(made.ready.wait())
    try:
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield made, told
    finally:
        ready.cancel()
        made.stop()
        await task


def save(path: Path, data: bytes) -> None:
    """Write as editors and compilers do: beside it, then in its place."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def text(result: dict[str, Any] | None) -> str:
    return result["content"][0]["text"] if result else ""
