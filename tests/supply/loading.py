"""A gateway's loading as a process would do it, with store and lists from the disk. It judges nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.supply.site import Lenient

from mcpg.plugins.pulling import Puller, Wish
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.locking import Locked
from mcpg_registry.store import Store
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulator.plugins import Chest
    from tests.supply.model import Made

    from mcpg_registry.client import RegistryClient
    from mcpg_revocations.envelopes import Anchor

__all__ = ["Gateway", "Loaded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was let in."""

    manifest: str
    wasm: bytes
    id: str
    version: str


class Gateway:
    """One process's view of `folder`; the lock is kept as a file would be, by reference."""

    def __init__(self, folder: Path, anchor: Anchor, keys: Chest, authority: str, now: int) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        self.standing = Standing.open(Site(folder / "lists", anchor), now)
        self.trust = keys.trust(f"{authority}/acme", "acme", "acme-2")
        self.locks: dict[str, Locked] = {}

    def offer(self, text: bytes, now: int) -> None:
        self.standing.offer(text, now)

    def refresh(self, now: int) -> None:
        self.standing.refresh(now)

    def lock(self, reference: str, found: Made) -> None:
        self.locks[reference] = Locked(
            reference=reference,
            manifest=found.plugin.digest,
            wasm=found.plugin.wasm_digest,
            id=found.repository,
            version=found.version,
        )

    def whole(self, path: Path) -> bool:
        return hex_of(digest_bytes(path.read_bytes())) == path.name

    async def pull(self, reference: str, client: RegistryClient | None, now: int) -> Loaded:
        puller = Puller(self.store, self.trust, self.standing, Lenient(), client, clock=lambda: now)
        pulled = await puller.pull(Wish(reference, self.folder, locked=self.locks.get(reference)))
        wasm = self.store.read(pulled.proven.layer, 1 << 24)
        return Loaded(pulled.receipt.digest, wasm, pulled.receipt.id, pulled.receipt.version)

    async def load(self, reference: str, now: int) -> Any:
        return await self.pull(reference, None, now)
