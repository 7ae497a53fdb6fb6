"""Stores, layouts and pullers for the tests of pulling. It tests nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.registry.artifacts import NOW, component, rule_of, writer_of

from mcpg.plugins.pulling import Puller
from mcpg_registry.layout import Layout
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import TrustPolicy
from mcpg_revocations.index import index_of
from mcpg_revocations.lists import RevocationList

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.kitchen import FakeSandbox

    from mcpg_registry.store import Store
    from mcpg_revocations.index import RevocationIndex

KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()
NAME = "ghcr.io/acme/echo"
WASM = component()
TRUST = TrustPolicy((rule_of(KEY, prefix="ghcr.io/acme"),))


@dataclass
class Lists:
    """The lists of a site, as a test wants them."""

    entries: tuple[Any, ...] = ()
    version: int = 5
    asked: list[tuple[bool, int, int]] = field(default_factory=list)

    def for_loading(self, now: int, *, locked: bool, at_least: int = 0, shipped_at_least: int = 0) -> RevocationIndex:
        del now
        self.asked.append((locked, at_least, shipped_at_least))
        return index_of(RevocationList(schema=1, version=self.version, entries=self.entries))


def layout_in(folder: Path, wasm: bytes = WASM, *keys: PrivateKey, tag: str = "1.2.0", name: str = NAME) -> str:
    """Write a layout and return the digest of the plugin in it."""
    writer_of(wasm, *(keys or (KEY,)), repository=name, tag=tag).write(folder)
    return Layout(folder).find(name, tag, None).digest


def puller_of(store: Store, sandbox: FakeSandbox, **more: Any) -> Puller:
    given: dict[str, Any] = {"trust": TRUST, "revocations": Lists(), "client": None, "clock": lambda: NOW} | more
    trust, revocations, client = given.pop("trust"), given.pop("revocations"), given.pop("client")
    return Puller(store, trust, revocations, sandbox, client, **given)
