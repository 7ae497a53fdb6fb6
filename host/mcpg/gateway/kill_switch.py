"""The kill switch: what a gateway does when a list kills a plugin that is at work, and when none does any more.

The catalog fences; here is forgotten what the plugin has said, and its use brought back when no list forbids it. It
takes and judges no list (`revoking` does).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import McpgError
from mcpg.pipeline.distrust import Distrust

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcpg.gateway.rooms import Rooms
    from mcpg.pipeline.memo import Memo
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.vault import Vault
    from mcpg.pipeline.views import Views
    from mcpg_revocations.index import RevocationIndex

__all__ = ["KillSwitch"]

log = logging.getLogger("mcpg.gateway")


class KillSwitch:
    """Forgets and brings back; `open` gives it the rooms once they are there."""

    def __init__(self, runner: Runner, memo: Memo) -> None:
        self.distrust = Distrust()
        self.fences: Counter[str] = Counter()
        """How often each use has been fenced."""
        self._runner = runner
        self._memo = memo

    def open(
        self,
        rooms: Rooms,
        views: Views,
        vault: Vault,
        *,
        owe: Callable[[Awaitable[Any]], None],
        record: Callable[[str, Mapping[str, Any]], None],
        show: Callable[[], None],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        """Put in force what is revoked already, and whatever comes.

        `record` writes an event, `show` makes lists and plan fit what is fenced, `reload` takes the file up anew.
        """
        self._rooms, self._views, self._vault = rooms, views, vault
        self._owe, self._record, self._show, self._reload = owe, record, show, reload
        rooms.revoking.bind(self._enforce, rooms.catalog.enforce, record, show)

    async def post(self, text: bytes) -> dict[str, Any]:
        """Take a signed revocation list and say what came of it; raises `McpgError`, which changes nothing."""
        try:
            applied = await self._rooms.revoking.offer(text, "post")
        except McpgError as error:
            self._rooms.revoking.tell_refused("post", error)
            raise
        taken = applied.offered
        said = {"version": taken.version, "digest": taken.digest, "changed": taken.changed, "fenced": applied.fenced}
        return {**said, "emergency": taken.emergency, "state": taken.freshness.state}

    def alarms(self) -> dict[str, str]:
        """Return what is not as it should be, in a word each."""
        state = self._rooms.revoking.freshness.state
        return {} if state == "fresh" else {"revocations": state}

    def forget(self, use: str, wasm: str) -> None:
        """Forget whatever a plugin has said that was revoked, or caught with two answers to one question."""
        self.fences[use] += 1
        self.distrust.note(use, wasm)
        self._runner.interrupt(use, wasm)
        self._memo.drop(wasm)
        self._rooms.cache.drop(use)
        self._views.forget()
        self._vault.forget()
        self._owe(self._rooms.parked.drop(use))
        asyncio.get_running_loop().call_soon(self._show)  # once for all that one list fences

    def _enforce(self, index: RevocationIndex) -> tuple[str, ...]:
        catalog = self._rooms.catalog
        fenced = catalog.enforce(index)
        if any(map(catalog.revivable, catalog.fenced())):
            self._owe(self._revive())
        return fenced

    async def _revive(self) -> None:
        """Make anew what was fenced by a list that does not forbid it any more; if that fails it stays fenced."""
        try:
            await self._reload()
        except McpgError as error:
            log.warning("what is revoked no more could not be loaded: %s", error.diagnostics())
