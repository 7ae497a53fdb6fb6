"""Takes a bundle into a site's store: verified whole before the first byte is taken, resumable after any interruption.

 1 everything is verified again, publishers' signatures included (`verifying`); whatever is wrong refuses the bundle
 2 a list that is stale or dead is taken only with a reason, which goes into the journal
 3 the list is offered to the site, which from then on goes by it
 4 each plugin is installed with its signatures: blobs first, the receipt last

What is there already is left as it is, so that the same import again finishes what an interrupted one began. All of it
blocks.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_mirror.faults import refused, while_storing
from mcpg_mirror.journal import journal_in
from mcpg_mirror.locks import lock_entries
from mcpg_mirror.overlay import Overlay
from mcpg_mirror.spooling import discard, gather_parts, receive
from mcpg_mirror.verifying import verify_bundle
from mcpg_registry import media
from mcpg_registry.digests import parse_digest
from mcpg_registry.manifests import Descriptor
from mcpg_registry.receipts import Facts, make_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mcpg_mirror.lists import Believed
    from mcpg_mirror.verifying import Finding, Findings, Here
    from mcpg_registry.claims import Referrer
    from mcpg_registry.locking import Lock, Locked
    from mcpg_registry.proving import Proven
    from mcpg_registry.receipts import Receipt
    from mcpg_registry.store import Store

__all__ = ["Imported", "Wish", "collect_parts", "demand_good", "import_bundle", "receive_stream", "record_push"]

MAX_REASON = 1024
INCOMING = "incoming"
"""The folder, in the store, of parts that have come so far."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator says beyond "take it": the reason for taking a list that is stale or dead, and who says so.

    With `take_lock` the bundle's lock entries are wanted too, none older than what `lock` has.
    """

    stale_reason: str = ""
    by: str = ""
    take_lock: bool = False
    lock: Lock | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: plugins by name, whether the site's list changed, lock entries if they were wanted."""

    bundle: str
    installed: tuple[str, ...]
    known: tuple[str, ...]
    version: int
    list_changed: bool
    state: str
    resumed: bool
    locked: Mapping[str, Locked] = field(default_factory=dict)


def import_bundle(
    path: Path, store: Store, here: Here, *, wish: Wish | None = None, progress: Callable[[int], None]
) -> Imported:
    """Take the bundle at `path` into `store`; `PluginRefused` or `Incomplete` and the store is as it was.

    `here.base` should be the same store. Parts that come on several media are kept beside the store meanwhile.
    """
    wish = wish or Wish()
    place = collect_parts(path, store, progress)
    findings = verify_bundle(place, here, progress)  # 1
    try:
        believed = demand_good(findings, wish)  # 2
        locked = lock_entries(findings, wish.lock) if wish.take_lock else {}
        result = replace(_take(findings, believed, store, here, wish), locked=locked)
    finally:
        findings.bundle.files.close()
    discard(path, store.directory / INCOMING)
    return result


def collect_parts(path: Path, store: Store, progress: Callable[[int], None]) -> Path:
    """Return where all parts of the bundle are, kept beside the store if they come on several media; see `spooling`."""
    return gather_parts(path, store.directory / INCOMING, progress)


def receive_stream(read: Callable[[int], bytes], store: Store, progress: Callable[[int], None]) -> Path:
    """Return where a bundle that comes as a stream is kept until it has been imported; see `spooling`."""
    return receive(read, store.directory / INCOMING, progress)


def record_push(
    findings: Findings, believed: Believed, store: Store, wish: Wish, *, now: int, event: str, target: str
) -> None:
    """Note in the journal that a push to a registry begins or ends; `McpgError` when it cannot be noted."""
    bundle = findings.bundle
    with while_storing(bundle.where()):
        journal = journal_in(store.directory, bundle.inventory.bundle)
        journal.add(event, now, source=bundle.name, by=wish.by, list=believed.version, registry=target)
        if event == "begin" and believed.state != "fresh":
            journal.add("accepted-stale", now, state=believed.state, reason=wish.stale_reason, by=wish.by)


def demand_good(findings: Findings, wish: Wish) -> Believed:
    """Return what the site makes of the list, if nothing is wrong and the list is fresh or wanted all the same."""
    believed = findings.demand()
    if believed.state != "fresh" and not wish.stale_reason:
        raise refused(
            f"its revocation list is {believed.state}: {believed.reason}",
            code="stale-list",
            where=findings.bundle.where(),
            remedy="have a bundle made with a newer list, or say --accept-stale with a --reason, which is recorded",
        )
    if len(wish.stale_reason) > MAX_REASON or not wish.stale_reason.isprintable():
        raise ConfigError(f"a reason is one line of at most {MAX_REASON} characters", where="--reason")
    return believed


def _take(findings: Findings, believed: Believed, store: Store, here: Here, wish: Wish) -> Imported:
    bundle = findings.bundle
    with while_storing(bundle.where()):
        journal = journal_in(store.directory, bundle.inventory.bundle)
        resumed = journal.unfinished() is not None
        journal.add("begin", here.now, source=bundle.name, by=wish.by, list=believed.version)
        if believed.state != "fresh":
            journal.add("accepted-stale", here.now, state=believed.state, reason=wish.stale_reason, by=wish.by)
        changed = here.lists.take(bundle.revocations, here.now)  # 3
    installed: list[str] = []
    known: list[str] = []
    with while_storing(bundle.where()):
        for finding in findings.plugins:  # 4
            new = _install(finding, findings, believed, store, here)
            (installed if new else known).append(finding.plugin.name)
            if new:
                journal.add("plugin", here.now, name=finding.plugin.name, manifest=finding.plugin.manifest.digest)
        journal.add("end", here.now, installed=len(installed), known=len(known))
    return Imported(
        bundle.inventory.bundle,
        tuple(installed),
        tuple(known),
        believed.version,
        list_changed=changed,
        state=believed.state,
        resumed=resumed,
    )


def _install(finding: Finding, findings: Findings, believed: Believed, store: Store, here: Here) -> bool:
    """Install one plugin with all signatures that are known of it; return whether anything was to be done."""
    if finding.proven is None or finding.error is not None:
        raise ValueError("a plugin that is not proven cannot be installed")
    proven = _with_known_signatures(finding.proven, store)
    claim = proven.claim
    facts = Facts(
        verified_at=here.now,
        revocations=believed.version,
        revocations_digest=believed.digest,
        source=f"mirror:{findings.bundle.inventory.bundle}",
        grants=tuple(sorted({driver for driver, _ in finding.examined.asks})) if finding.examined else (),
    )
    receipt = make_receipt(proven, facts)
    if _is_there(receipt, store):
        return False
    shelf = Overlay(findings.bundle, here.base)
    with store.writing():
        store.put(shelf.read(proven.layer, media.MAX_LAYER))
        store.install(claim, receipt)
    return True


def _is_there(receipt: Receipt, store: Store) -> bool:
    """Whether the store has that very plugin, whole, under these tags already."""
    there = None
    with contextlib.suppress(ValueError):  # a broken one is replaced
        there = store.receipt(receipt.repository, receipt.digest)
    if there is None or there.blobs != receipt.blobs or not receipt.tags.keys() <= there.tags.keys():
        return False
    return all(store.has(Descriptor(media.EMPTY, parse_digest(digest), size)) for digest, size in there.blobs.items())


def _with_known_signatures(proven: Proven, store: Store) -> Proven:
    """Return it with the signatures, too, that the store has of it: an import takes nothing away."""
    claim = proven.claim
    known: tuple[Referrer, ...] = ()
    with contextlib.suppress(ValueError):  # broken ones are replaced
        known = store.referrers(claim.manifest.digest)
    every = {each.descriptor.digest: each for each in (*claim.referrers, *known)}
    return replace(proven, claim=replace(claim, referrers=tuple(every.values())[: media.MAX_REFERRERS]))
