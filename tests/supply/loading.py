"""A gateway's loading as a process would do it, with store and lists from the disk. It judges nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.supply.site import Lenient

from mcpg.plugins.loader import Loader
from mcpg.plugins.pulling import Puller, Wish
from mcpg.plugins.supply import Supply
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.locking import Lock, Locked
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


class _Bundle:
    """What ships with the program, as far as a load of something else asks for it."""

    lock = Lock(revocations=1, plugins={})


class Gateway:
    """One process's view of `folder`; the lock is kept as a file would be, by reference."""

    def __init__(self, folder: Path, anchor: Anchor, keys: Chest, authority: str, now: int) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        self.standing = Standing.open(Site(folder / "lists", anchor), now)
        self.trust = keys.trust(f"{authority}/acme", "acme", "acme-2")
        self.locks: dict[str, Locked] = {}
        self.locked_at = 1

    def offer(self, text: bytes, now: int) -> None:
        self.standing.offer(text, now)

    def refresh(self, now: int) -> None:
        self.standing.refresh(now)

    def lock(self, reference: str, found: Made) -> None:
        self.locked_at = self.standing.index(0).version
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

    async def load(self, reference: str, now: int) -> Loaded:
        """Load as a gateway does at its start, without any network."""
        lock = Lock(revocations=max(1, self.locked_at), plugins=self.locks) if self.locks else None
        supply = Supply(store=self.store, trust=self.trust, lock=lock, offline=True)
        loader = Loader(Lenient(), bundle=_Bundle, revocations=self.standing, supply=supply, clock=lambda: now)
        artifact = (await loader.verify(reference, self.folder)).artifact
        assert artifact.release is not None
        return Loaded(str(artifact.manifest_digest), artifact.wasm, artifact.release.id, artifact.release.version)
