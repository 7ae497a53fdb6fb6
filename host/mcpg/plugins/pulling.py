"""Brings one plugin into the store, in the numbered steps. It reads no configuration and writes no lock.

 1 parse the reference                     2 the manifest's bytes, 3 its shape   4 the revocation list allows a load
 5 the signatures, 6 verified              7 the release                         8 the lock, and no downgrade
 9 the layer, streamed into the store's partial file, size and digest checked; what is there already is not fetched
10 the component: its manifest, what it imports, what the lists say of it
11 the blobs are committed, the receipt is written last

Whatever is refused leaves no blob, no receipt and no partial. A network that fails leaves the partial, and the next
pull goes on from there.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from mcpg.contract.problems import PluginRefused
from mcpg.plugins.artifacts import Name, artifact_of, opened_layout
from mcpg.plugins.components import judge_component, numbered
from mcpg.plugins.receiving import on_disk, received, to_its_end
from mcpg.plugins.sources import RegistrySource, ShelfSource
from mcpg_registry.locking import Locked, check_newer
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.receipts import Facts, make_receipt
from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference
from mcpg_registry.steps import AGAIN, at_step, refusal
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_revocations.index import revoked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mcpg.contract.manifest import Manifest
    from mcpg.plugins.sandboxing import Sandboxing
    from mcpg.plugins.sources import Registries, Source
    from mcpg_registry.claims import Claim
    from mcpg_registry.digests import Digest
    from mcpg_registry.proving import Proven
    from mcpg_registry.receipts import Receipt
    from mcpg_registry.references import Reference
    from mcpg_registry.store import Store
    from mcpg_registry.trust.policy import Rule
    from mcpg_revocations.index import RevocationIndex

__all__ = ["Pulled", "Puller", "Revocations", "Trusting", "Wish"]


class Trusting(Protocol):
    """Who may sign for what: a `TrustPolicy`, or one that knows a key for this once."""

    def rule_for(self, repository: str, *, where: str = "", claimed: Sequence[Digest] = ()) -> Rule:
        """Return the one rule for `HOST/REPOSITORY`; `PluginRefused` at step 6 when there is none."""
        ...


class Revocations(Protocol):
    """The lists of this site: a `Standing`, or what runs one. Any thread may ask."""

    def for_loading(self, now: int, *, locked: bool, at_least: int = 0, shipped_at_least: int = 0) -> RevocationIndex:
        """Return the index for a load; `PluginRefused` at step 4 when the lists do not allow one."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be pulled: a reference as the operator writes it; relative layouts start at `base`.

    `locked` is what the lock says of it: exactly that digest is taken. With `relock` the lock is to be written anew:
    whatever a tag means now is taken, unless it is older than `locked` and `allow_downgrade` is not said. `at_least` is
    the version of the revocation list in the lock. `mirror` is a layout (directory or tar) to take it from instead.
    """

    reference: str
    base: Path
    locked: Locked | None = None
    relock: bool = False
    allow_downgrade: bool = False
    at_least: int = 0
    mirror: Path | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """A plugin that is in the store now, and has passed steps 1 to 11.

    `fetched` are the bytes of its layer that came over now, none if they were there; `fresh` says that there was no
    receipt of it before.
    """

    reference: Reference
    claim: Claim
    proven: Proven
    manifest: Manifest
    receipt: Receipt
    source: str
    fetched: int
    fresh: bool
    warnings: tuple[str, ...]

    def locked(self) -> Locked:
        """Return what a lock says of it."""
        receipt = self.receipt
        return Locked(
            reference=str(self.reference),
            manifest=receipt.manifest.digest,
            wasm=receipt.layer.digest,
            id=receipt.id,
            version=receipt.version,
            keys=receipt.keys,
            identities=receipt.identities,
            revocations=receipt.revocations,
            grants=receipt.grants,
        )

    def document(self) -> dict[str, Any]:
        """Return what was done, as plain values."""
        receipt = self.receipt
        return {
            "reference": str(self.reference),
            "repository": receipt.repository,
            "digest": receipt.manifest.digest,
            "wasm": receipt.layer.digest,
            "size": receipt.layer.size,
            "id": receipt.id,
            "version": receipt.version,
            "world": receipt.world,
            "keys": list(receipt.keys),
            "identities": [{"issuer": issuer, "identity": identity} for issuer, identity in receipt.identities],
            "revocations": receipt.revocations,
            "grants": list(receipt.grants),
            "source": self.source,
            "fetched": self.fetched,
            "fresh": self.fresh,
            "warnings": list(self.warnings),
        }


class Puller:
    """Pulls plugins into one store; any number at once. `client` is none where no network may be used.

    `progress` gets a reference, the bytes that are there and those that will be; `tell` gets lines for people. The
    sandbox need not be started: it checks imports and keeps the compiled form.
    """

    def __init__(
        self,
        store: Store,
        trust: Trusting,
        revocations: Revocations,
        sandbox: Sandboxing,
        client: Registries | None,
        *,
        clock: Callable[[], float] = time.time,
        progress: Callable[[str, int, int], None] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._store = store
        self._trust = trust
        self._revocations = revocations
        self._sandbox = sandbox
        self._client = client
        self._clock = clock
        self._progress = progress or (lambda _reference, _done, _total: None)
        self._tell = tell

    async def pull(self, wish: Wish) -> Pulled:
        """Bring a plugin into the store; `PluginRefused` names the step, `RegistryFailed` the network's fault."""
        reference = parse_reference(wish.reference)  # 1
        where, now = f"plugin `{reference}`", int(self._clock())
        exact = wish.locked is not None and not wish.relock
        index = await asyncio.to_thread(  # 4
            self._revocations.for_loading, now, locked=exact, at_least=wish.at_least
        )
        async with AsyncExitStack() as stack:
            source = await self._source(reference, wish, where, stack)
            claim = await source.claim()  # 2, 3 and 5
            proven = await asyncio.to_thread(self._prove, claim, wish, index, now, where=where)  # 3 and 5 to 8
            return await self._take(reference, source, proven, index, now, where=where)

    def _prove(self, claim: Claim, wish: Wish, index: RevocationIndex, now: int, *, where: str) -> Proven:
        locked = wish.locked
        same = locked is not None and locked.manifest == claim.manifest.digest
        rule = self._trust.rule_for(claim.repository, where=where, claimed=claimed_keys(claim.bundles()))
        known = locked if same or not wish.relock else None
        proven = prove(claim, Judgement(rule, now, revoked(index), known), where=where)
        if locked is not None and wish.relock and not wish.allow_downgrade:
            check_newer(locked, proven.signed.release, where=where)
        return proven

    async def _source(self, reference: Reference, wish: Wish, where: str, stack: AsyncExitStack) -> Source:
        if not isinstance(reference, RegistryReference | LayoutReference):
            message = "it is not pulled: it is on this machine and goes into no store"
            raise refusal(1, message, where=where, remedy="use it as it is", code="bad-reference")
        digest = reference.digest
        if wish.locked is not None and not wish.relock:
            digest = digest or wish.locked.digest
        name = Name(reference.full_name, None if digest else reference.tag, digest, where)
        place = wish.mirror
        if place is None and isinstance(reference, LayoutReference):
            place = wish.base / reference.directory
            name = replace(name, tag=reference.tag) if reference.digest else name
        if place is not None:
            layout = await asyncio.to_thread(stack.enter_context, opened_layout(place, where))
            return ShelfSource(layout, f"layout {place.name}", name, reference.tag)
        if self._client is None or isinstance(reference, LayoutReference):
            return ShelfSource(self._store, "the store", name, reference.tag)
        return RegistrySource(self._client, replace(reference, digest=digest))

    async def _take(
        self, reference: Reference, source: Source, proven: Proven, index: RevocationIndex, now: int, *, where: str
    ) -> Pulled:
        claim, total = proven.claim, proven.layer.size
        before = await self._receipt(claim, where)

        def progress(done: int) -> None:
            self._progress(str(reference), done, total)

        async with received(self._store, source, proven, where=where, progress=progress, tell=self._tell) as taken:  # 9
            artifact = artifact_of(proven, taken.wasm)
            described, verdict = await asyncio.to_thread(judge_component, artifact, index, where)  # 10
            await self._check_imports(taken.wasm, str(reference), where)
            facts = Facts(
                verified_at=now,
                revocations=index.version,
                revocations_digest=index.digest,
                source=source.place,
                grants=tuple(sorted({effect.driver for effect in described.manifest.effects})),
            )
            with at_step(11, where=where, remedy=AGAIN, code="bad-store"), on_disk(where):
                receipt = await to_its_end(partial(taken.install, make_receipt(proven, facts)))  # 11
        warnings = (*artifact.warnings, *([verdict.reason()] if verdict.entries else []))
        return Pulled(
            reference=reference,
            claim=claim,
            proven=proven,
            manifest=described.manifest,
            receipt=receipt,
            source=source.place,
            fetched=taken.fetched,
            fresh=before is None,
            warnings=warnings,
        )

    async def _receipt(self, claim: Claim, where: str) -> Receipt | None:
        try:
            with on_disk(where):
                return await asyncio.to_thread(self._store.receipt, claim.repository, claim.manifest.digest)
        except ValueError:
            if self._tell is not None:
                self._tell(f"{where}: its receipt in the store was broken and is written anew")
            return None

    async def _check_imports(self, wasm: bytes, label: str, where: str) -> None:
        """Have the sandbox check imports and exports, as every load does."""
        try:
            await self._sandbox.load(wasm, label=label, progress=self._tell)
        except PluginRefused as error:
            raise numbered(error, 10, where) from error
