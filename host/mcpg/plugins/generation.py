"""One generation of a plugin use: a pool, who is inside it, and its way from ready to gone. It loads nothing."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Case
    from mcpg.plugins.sandboxing import GuestPool

__all__ = ["Generation"]


class Generation:
    """A pool that counts its holders: passes under way, and runs that are between two passes.

    It is a `Guest` itself: who holds it may ask it for as long as it is held, whatever has taken over since.
    """

    def __init__(self, pool: GuestPool) -> None:
        self._pool = pool
        self._holders = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._fenced: str | None = None

    @property
    def use(self) -> str:
        """The operator's name for this use."""
        return self._pool.use

    @property
    def manifest(self) -> Manifest:
        """The component's manifest."""
        return self._pool.manifest

    @property
    def digest(self) -> str:
        """The wasm digest of the component."""
        return self._pool.digest

    @property
    def config_digest(self) -> str:
        """The digest of the configuration as the component got it."""
        return self._pool.config_digest

    @property
    def memo(self) -> bool:
        """Whether verdicts of this use may be memoised: of a fenced one neither kept nor taken."""
        return self._pool.memo and self._fenced is None

    @property
    def fenced(self) -> str | None:
        """Why it is fenced, if it is."""
        return self._fenced

    async def ask(self, function: str, arguments: tuple[Any, ...], run: RunFacts, tenant: str) -> Case:
        """Make one pass; `PluginRefused` when fenced, also if that happened while the pass ran."""
        if self._fenced is not None:
            raise self._refused()
        self.hold()
        try:
            answer = await self._pool.ask(function, arguments, run, tenant)
        finally:
            self.let_go()
        if self._fenced is not None:
            raise self._refused()
        return answer

    @contextmanager
    def pinned(self) -> Iterator[Generation]:
        """Hold this generation until the block is left."""
        self.hold()
        try:
            yield self
        finally:
            self.let_go()

    def hold(self) -> None:
        """Keep the pool open until the matching `let_go`."""
        self._holders += 1
        self._idle.clear()

    def let_go(self) -> None:
        """Undo one `hold`."""
        self._holders -= 1
        if self._holders == 0:
            self._idle.set()

    def __enter__(self) -> Self:
        """Hold it for a block."""
        self.hold()
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of it."""
        self.let_go()

    def fence(self, reason: str) -> None:
        """Let no new pass begin and discard the verdicts of those under way; the first reason stays."""
        if self._fenced is None:
            self._fenced = reason
            self._pool.fence(reason)

    async def drain(self, seconds: float) -> bool:
        """Wait until nobody holds the pool, at most `seconds`, then close it; return whether all had left."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        finally:
            await self._pool.close()
        return True

    def _refused(self) -> PluginRefused:
        return PluginRefused(f"`{self.use}` is fenced: {self._fenced}", code="plugin-fenced", where=self.use)
