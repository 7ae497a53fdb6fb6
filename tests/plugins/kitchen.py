"""A small bundle of built-in plugins, and a sandbox that runs nothing. It tests nothing itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.registry.artifacts import NOW, PREAMBLE, component

from mcpg.contract.documents import RunFacts
from mcpg.contract.problems import PluginRefused
from mcpg.contract.verdicts import Case
from mcpg.plugins.builtin import Bundle
from mcpg.plugins.loader import Loader
from mcpg.plugins.making import Ingredient, Places, make_bundle
from mcpg.plugins.supply import Supply
from mcpg_registry.digests import digest_bytes
from mcpg_registry.locking import Lock
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import TrustPolicy
from mcpg_revocations.index import index_of
from mcpg_revocations.shipped import load_list

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.manifest import Manifest

KEY = PrivateKey.generate()
SOURCE = digest_bytes(b"source")
CONFIG = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "greeting": {"type": "string", "maxLength": 20},
        "level": {"type": "integer", "minimum": 1},
        "page": {"type": "string", "format": "mcpg-file"},
        "rules": {"$ref": "#/$defs/rules"},
        "many": {"type": "array", "items": {"$ref": "#/$defs/rules"}},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string", "format": "mcpg-file"}]},
    },
    "$defs": {"rules": {"type": "string", "format": "mcpg-files"}},
}
ECHO = component(id="mcpg/echo", config=CONFIG, memo=True, binding={"properties": {"path": {"type": "string"}}})
PLAIN = component(id="mcpg/plain", version="0.1.0", config={"type": "object"})
RUN = RunFacts(id="r1", now=NOW, seed="00")


def places_in(directory: Path) -> Places:
    revocations = directory / "revocations"
    revocations.mkdir(parents=True, exist_ok=True)
    return Places(directory / "builtin", revocations)


def bake(directory: Path, *, key: PrivateKey = KEY, **more: Any) -> Places:
    places = places_in(directory)
    components = {"echo": ECHO, "plain": PLAIN}
    make_bundle({name: Ingredient(wasm, SOURCE) for name, wasm in components.items()}, key, places, **more)
    return places


@dataclass
class Pool:
    """A guest that answers with its own number, or waits until it is let go."""

    use: str
    manifest: Manifest
    digest: str
    config: str
    config_digest: str
    isolation: str
    memo: bool
    limits: Any
    number: int
    on_quarantine: Any
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    closed: bool = False
    fenced: str = ""

    async def ask(self, function: str, arguments: tuple[Any, ...], run: RunFacts, tenant: str) -> Case:
        assert not self.closed, "a closed pool was asked"
        if self.fenced:
            raise PluginRefused(self.fenced)
        self.inside += 1
        try:
            if function == "wait":
                await self.gate.wait()
            else:
                await asyncio.sleep(0)
            assert not self.closed, "a pool was closed under a call"
            return Case("perform" if function == "ask" and not arguments else "done", self.number)
        finally:
            self.inside -= 1

    def fence(self, reason: str) -> None:
        self.fenced = reason

    async def close(self) -> None:
        self.closed = True


class FakeSandbox:
    """Loads anything with a preamble, but nothing that holds the word `forbidden`."""

    def __init__(self) -> None:
        self.pools: list[Pool] = []
        self.loads: list[str] = []
        self.before_guest: asyncio.Event | None = None

    async def load(self, wasm: bytes, *, label: str, progress: Any = None) -> Any:
        assert wasm.startswith(PREAMBLE)
        self.loads.append(label)
        if b"forbidden" in wasm:
            raise PluginRefused(
                "the component imports `wasi:sockets/tcp`", code="forbidden-import", remedy="build it anew"
            )
        return digest_bytes(wasm)

    async def guest(self, component: Any, *, config: str, **more: Any) -> Pool:
        if self.before_guest is not None:
            await self.before_guest.wait()
        if '"greeting":"trap"' in config:
            raise PluginRefused("configure said no", code="bad-plugin-config")
        pool = Pool(digest=component, config=config, number=len(self.pools) + 1, **more)
        self.pools.append(pool)
        return pool


@dataclass
class ListIn:
    """The list of a small program."""

    folder: Path

    def for_loading(self, now: int, *, locked: bool, at_least: int = 0, shipped_at_least: int = 0) -> Any:
        del locked
        return index_of(load_list(self.folder, now=now, at_least=max(at_least, shipped_at_least)))


def loader_of(sandbox: Any, places: Places, **more: Any) -> Loader:
    """Return a loader; `trust` and `lock` (by reference) go into its supply."""
    supply: dict[str, Any] = {"trust": more.pop("trust", TrustPolicy())}
    if "lock" in more:
        supply["lock"] = Lock(revocations=1, plugins=more.pop("lock"))
    settings: dict[str, Any] = {
        "bundle": lambda: Bundle.open(places.bundle),
        "revocations": ListIn(places.revocations),
        "supply": Supply(**supply),
        "clock": lambda: NOW,
    }
    return Loader(sandbox, **(settings | more))
