"""Says where a trap happened, by making the same pass again in a build with line tables. It judges nothing."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from mcpg.contract.problems import McpgError, PluginTrapped
from mcpg.workshop.cases.faults import broken
from mcpg.workshop.cases.traces import completed
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.cases.model import Fault, PluginCase
    from mcpg.workshop.cases.walking import Walk
    from mcpg.workshop.stand import Prepared, Workbench

__all__ = ["Tracer"]


class Tracer:
    """Opens the traced build when the first trap is met, and keeps it open until the block is left.

    Its compiled form is kept in `cache`, if one is given.
    """

    def __init__(self, wasm: Path | None, manifest: Manifest, cache: Path | None = None) -> None:
        self._wasm = wasm
        self._cache = cache
        self._manifest = manifest
        self._stack = AsyncExitStack()
        self._bench: Workbench | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def located(self, walked: Walk, case: PluginCase, question: Prepared) -> Fault:
        """Return the fault of a trapped run with its place, if the traced build traps in the same pass."""
        error = walked.error
        assert isinstance(error, PluginTrapped)  # noqa: S101 - whoever calls has looked
        if self._wasm is not None and self._wasm.is_file():
            with contextlib.suppress(McpgError):  # the plain fault says what happened; only its place is missing
                error.trace = await self._trace(self._wasm, walked, case, question) or error.trace
        return broken(error, self._manifest, case.ask)

    async def _trace(self, wasm: Path, walked: Walk, case: PluginCase, question: Prepared) -> str:
        if self._bench is None:
            opened = open_workbench(wasm, lines=True, manifest=self._manifest, cache=self._cache)
            self._bench = await self._stack.enter_async_context(opened)
        stand = await self._bench.stand(case.config, case.base)
        try:
            await stand.make(question, walked.replies, fresh=True)
        except PluginTrapped as error:
            trace = error.trace
            return await asyncio.to_thread(lambda: completed(trace, wasm.read_bytes()))
        finally:
            await stand.close()
        return ""
