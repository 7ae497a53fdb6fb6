"""A claim with its proof and layer, and a store that holds it. It tests nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.registry.artifacts import NOW, component, rule_of, writer_of

from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.layout import Layout
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.receipts import Facts, make_receipt
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_registry.claims import Claim
    from mcpg_registry.proving import Proven
    from mcpg_registry.receipts import Receipt
    from mcpg_registry.store import Store

KEY = PrivateKey.generate()
NAME = "ghcr.io/acme/echo"


@dataclass(frozen=True)
class Good:
    """A plugin that passes."""

    claim: Claim
    proven: Proven
    wasm: bytes

    def receipt(self, **changes: object) -> Receipt:
        facts = {"verified_at": NOW, "revocations": 7, "source": "layout:somewhere"} | changes
        return make_receipt(self.proven, Facts(**facts))  # type: ignore[arg-type]

    def put_into(self, store: Store, **changes: object) -> Receipt:
        with store.writing():
            store.put(self.wasm)
            return store.install(self.claim, self.receipt(**changes))


def good(folder: Path, *, wasm: bytes = b"", repository: str = NAME, tag: str = "1.2.0") -> Good:
    wasm = wasm or component()
    writer_of(wasm, KEY, repository=repository, tag=tag).write(folder)
    layout = Layout(folder)
    claim = claim_from(layout, repository, tag, None, where="the test")
    rule = rule_of(KEY, prefix=repository)
    proven = prove(claim, Judgement(rule, NOW), where="the test")
    return Good(claim, proven, layout.read(proven.layer, media.MAX_LAYER))
