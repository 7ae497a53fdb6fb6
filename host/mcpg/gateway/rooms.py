"""Everything that lives as long as the process: ledger, keys, sandbox, plugins, drivers, upstreams. It answers no call.

Opened in the order of its steps and closed in reverse; a step that fails closes what is open, and the start is off.
 1 the state directory, private    4 drivers and upstreams, with nothing granted yet
 2 the ledger, then the seal keys  5 the built-in bundle: every digest and signature
 3 the sandbox                     6 the catalog of plugin uses
Between 4 and 5 the revocation list is read, and its feed asked once.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg import __version__
from mcpg.gateway.desk import GatewayDesk
from mcpg.gateway.revocation_sources import open_revocations
from mcpg.gateway.uplinks import upstream_specs
from mcpg.ledger import SqliteLedger
from mcpg.plugins.loader import Loader
from mcpg.plugins.supply import Supply
from mcpg.plugins.uses import PluginCatalog
from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg.sealing import Sealer, load_seal_keys
from mcpg.storage import Lru, MemoryAccounts, SqliteParked
from mcpg.upstreams import Upstreams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AsyncExitStack
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg.gateway.revocation_sources import Sources
    from mcpg.gateway.revoking import Revoking
    from mcpg.gateway.supplying import Intake
    from mcpg.ledger import Head
    from mcpg.pipeline.vault import Vault

__all__ = ["HeadLog", "Rooms", "open_rooms"]

CACHE = 64 * 1024 * 1024
log = logging.getLogger("mcpg.gateway")


@dataclass(frozen=True, slots=True)
class Rooms:
    """The long-lived parts, ready."""

    ledger: SqliteLedger
    sealer: Sealer
    sandbox: Sandbox
    loader: Loader
    catalog: PluginCatalog
    desk: GatewayDesk
    upstreams: Upstreams
    accounts: MemoryAccounts
    parked: SqliteParked
    cache: Lru[bytes]
    revoking: Revoking
    sources: Sources


async def open_rooms(
    loaded: Loaded,
    stack: AsyncExitStack,
    *,
    intake: Intake,
    vault: Callable[[SqliteLedger, GatewayDesk], Vault],
    progress: Callable[[str], None],
    on_plugin: Callable[[str, Mapping[str, Any]], None],
    on_change: Callable[[str, str], None],
    last_words: Callable[[], Awaitable[None]],
) -> Rooms:
    """Open every room and leave its closing to `stack`; raises `McpgError`. `last_words` is awaited before the ledger
    closes: nothing else is open then that could owe a record."""  # noqa: D205, D209 - it needs two lines
    state = loaded.state
    await asyncio.to_thread(_private_directory, state)  # 1
    heads = HeadLog()
    stack.callback(heads.flush)
    details = {"version": __version__, "file": loaded.digest}
    ledger = await SqliteLedger.open(loaded.ledger, state=state, details=details, on_head=heads)  # 2
    stack.push_async_callback(ledger.close)
    stack.push_async_callback(last_words)
    sealer = Sealer(await asyncio.to_thread(load_seal_keys, state / "seal.keys"))
    parked = await SqliteParked(state / "parked.db").open()
    stack.push_async_callback(parked.close)
    sandbox = Sandbox(SandboxSettings(cache=state / "compiled"))  # 3
    await sandbox.start()
    stack.push_async_callback(sandbox.stop)
    desk = GatewayDesk(loaded)  # 4
    stack.push_async_callback(desk.close)
    upstreams = Upstreams(await upstream_specs(loaded, desk.reveal), connector=desk.connector, on_change=on_change)
    stack.push_async_callback(upstreams.stop)
    await upstreams.start()
    await desk.open(loaded, upstreams, vault(ledger, desk))
    revoking, sources = await open_revocations(loaded, stack, offline=intake.offline)
    supply = Supply(locked=intake.locked, offline=intake.offline)  # each file that is put in force brings the rest
    development = loaded.config.development
    loader = Loader(sandbox, revocations=revoking, supply=supply, development=development, progress=progress)  # 5
    await loader.verify_builtin()
    catalog = PluginCatalog(loader, sandbox, on_event=on_plugin)  # 6
    stack.push_async_callback(catalog.close)
    return Rooms(
        ledger=ledger,
        sealer=sealer,
        sandbox=sandbox,
        loader=loader,
        catalog=catalog,
        desk=desk,
        upstreams=upstreams,
        accounts=MemoryAccounts(),
        parked=parked,
        cache=Lru(entries=10_000, size=CACHE),
        revoking=revoking,
        sources=sources,
    )


def _private_directory(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


class HeadLog:
    """Logs the ledger's newest signed head, at most once a second: it proves all that stood before it."""

    def __init__(self, interval: float = 1.0) -> None:
        self._interval = interval
        self._newest: Head | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, head: Head) -> None:
        """Note a head; it is logged when its second is over."""
        self._newest = head
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self.flush)

    def flush(self) -> None:
        """Log what was noted; at the latest when the gateway stops."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._newest is not None:
            log.info("ledger head %s", self._newest.text)
            self._newest = None
