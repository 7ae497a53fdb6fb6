"""Verifies a bundle without a network, as the site that it is for would: all of it, bottom up. It takes nothing.

 1 every part and every blob has the bytes that its digest names
 2 the inventory is signed by the operator, and the index and the blobs are those that it lists (`reading`)
 3 the revocation list is believed here, and is not older than the site's; its state is told
 4 each plugin: manifest, shape, signatures under the site's trust policy, release, lock, layer (`proving`)
 5 each plugin: what the list says of it
 6 each plugin: its component, and whether it would break this gateway, as `examine` finds

Steps 1 and 2 raise; what 3 to 6 find is kept in the findings, so that a report tells all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg_mirror.faults import Incomplete, refused
from mcpg_mirror.overlay import Overlay
from mcpg_mirror.reading import check_parts, hash_all, open_bundle
from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.locking import check_lock
from mcpg_registry.manifests import parse_manifest
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.steps import AGAIN, at_step
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_registry.trust.revoked import NOBODY
from mcpg_revocations.rules import Subject, demand, revoked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mcpg_mirror.inventory import Plugin
    from mcpg_mirror.lists import Believed, Lists
    from mcpg_mirror.reading import Bundle
    from mcpg_registry.claims import Shelf
    from mcpg_registry.digests import Digest
    from mcpg_registry.locking import Locked
    from mcpg_registry.proving import Proven
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_registry.trust.policy import Rule
    from mcpg_revocations.rules import RevocationIndex

__all__ = [
    "Examined",
    "Examiner",
    "Finding",
    "Findings",
    "Here",
    "Trust",
    "judge_bundle",
    "no_examination",
    "subject_of",
    "verify_bundle",
]


class Trust(Protocol):
    """The site's trust policy."""

    def rule_for(self, repository: str, *, where: str = "", claimed: Sequence[Digest] = ()) -> Rule:
        """Return the rule for a repository; `PluginRefused` at step 6 when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Examined:
    """What a component is and asks for, and what of it would break this gateway; `asks` are effects with their why."""

    kind: str = ""
    world: str = ""
    summary: str = ""
    asks: tuple[tuple[str, str], ...] = ()
    breaks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Examiner(Protocol):
    """Reads a component on behalf of a gateway (step 10 of letting a plugin in)."""

    def __call__(self, proven: Proven, wasm: bytes, index: RevocationIndex, where: str) -> Examined:
        """Return what it is; `PluginRefused` when this gateway would not let it in. It blocks."""
        ...


def no_examination(proven: Proven, wasm: bytes, index: RevocationIndex, where: str) -> Examined:  # noqa: ARG001 - a port
    """Return what is known of a component without reading it."""
    return Examined(world=proven.signed.release.world)


@dataclass(frozen=True, slots=True)
class Here:
    """The site that a bundle is judged for.

    `operators` are keys of whom an inventory is taken, none for anybody's; `base` is the store that an increment builds
    on; `locked` is what the site's lock says, by digest. `now` is in seconds since 1970.
    """

    policy: Trust
    lists: Lists
    now: int
    operators: Sequence[PublicKey] = ()
    base: Shelf | None = None
    locked: Mapping[Digest, Locked] = field(default_factory=dict)
    examine: Examiner = no_examination


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one plugin: proven and examined, or why not."""

    plugin: Plugin
    proven: Proven | None = None
    examined: Examined | None = None
    error: McpgError | None = None
    notes: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`good`, `refused`, or `incomplete` when blobs that it builds on are not here."""
        if self.error is None:
            return "good"
        return "refused" if isinstance(self.error, PluginRefused) else "incomplete"


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of a bundle. `list_error` is why its revocation list is not believed."""

    bundle: Bundle
    believed: Believed | None
    list_error: PluginRefused | None
    plugins: tuple[Finding, ...]

    def errors(self) -> tuple[McpgError, ...]:
        """Return all errors, refusals first."""
        found = [each.error for each in self.plugins if each.error is not None]
        every: list[McpgError] = [self.list_error] if self.list_error else []
        every += sorted(found, key=lambda error: not isinstance(error, PluginRefused))
        return tuple(every)

    def demand(self) -> Believed:
        """Return what the site makes of the list if nothing is wrong; else raise the first error."""
        errors = self.errors()
        if errors or self.believed is None:
            raise errors[0]
        return self.believed


def verify_bundle(path: Path, here: Here, progress: Callable[[int], None]) -> Findings:
    """Return what comes of the bundle at `path`; `PluginRefused` or `Incomplete` when steps 1 or 2 fail.

    `progress` is told of bytes that were hashed. The bundle stays open; close `findings.bundle.files`.
    """
    where = f"bundle `{path}`"
    bundle = open_bundle(path, here.operators)  # 2
    try:
        check_parts(path, where=where)  # 1
        hash_all(bundle.files, progress, where=where)
        return judge_bundle(bundle, here)
    except BaseException:
        bundle.files.close()
        raise


def judge_bundle(bundle: Bundle, here: Here) -> Findings:
    """Return what comes of a bundle whose bytes have been hashed: steps 3 to 6."""
    believed, error = None, None
    try:
        believed = here.lists.judge(bundle.revocations, here.now)  # 3
        _check_list(bundle, believed)
    except PluginRefused as refusal:
        believed, error = None, refusal
    shelf = Overlay(bundle, here.base)
    plugins = tuple(_judge(plugin, bundle, shelf, here, believed) for plugin in bundle.inventory.plugins)
    return Findings(bundle, believed, error, plugins)


def _check_list(bundle: Bundle, believed: Believed) -> None:
    listed = bundle.inventory.revocations
    if (listed.version, listed.expires) != (believed.version, believed.expires):
        message = f"the inventory has a revocation list of version {listed.version}, found version {believed.version}"
        raise refused(message, code="bad-inventory", where=bundle.where())


def _judge(plugin: Plugin, bundle: Bundle, shelf: Overlay, here: Here, believed: Believed | None) -> Finding:
    where = _where(plugin, bundle)
    missing = list(shelf.missing(plugin))
    if missing:
        shown = ", ".join(f"`{blob.digest}`" for blob in missing[:8])
        error = Incomplete(
            f"{len(missing)} blobs are neither in this increment nor in the store: {shown}",
            code="missing-base",
            where=where,
            remedy="name the store with --store, import the bundle before this one, or have a full bundle made",
        )
        return Finding(plugin, error=error)
    try:
        return _proven(plugin, bundle, shelf, here, believed)
    except McpgError as error:
        return Finding(plugin, error=error)


def _proven(plugin: Plugin, bundle: Bundle, shelf: Overlay, here: Here, believed: Believed | None) -> Finding:
    where = _where(plugin, bundle)
    digest = plugin.manifest.descriptor().digest
    claim = claim_from(shelf, plugin.repository, plugin.tag or None, digest, where=where)
    rule = here.policy.rule_for(plugin.repository, where=where, claimed=claimed_keys(claim.bundles()))
    hit = revoked(believed.index) if believed else NOBODY
    proven = prove(claim, Judgement(rule, here.now, hit, here.locked.get(digest)), where=where)  # 4
    try:
        return _examined(plugin, proven, bundle, shelf, here, believed=believed)
    except PluginRefused as error:
        return Finding(plugin, proven, error=error)  # who has signed it is known all the same


def _examined(
    plugin: Plugin, proven: Proven, bundle: Bundle, shelf: Overlay, here: Here, *, believed: Believed | None
) -> Finding:
    where, signed, digest = _where(plugin, bundle), proven.signed, proven.claim.manifest.digest
    _check_listed(plugin, proven, where)
    for locked in bundle.lock.plugins.values():
        if locked.manifest == digest:
            check_lock(locked, digest, signed.release, where=where)
    with at_step(9, where=where, remedy=AGAIN, code="bad-digest"):
        wasm = shelf.read(proven.layer, media.MAX_LAYER)
    if believed is None:
        return Finding(plugin, proven, notes=signed.warnings)
    verdict = demand(subject_of(proven), believed.index, where=where)  # 5
    examined = here.examine(proven, wasm, believed.index, where)  # 6
    warned = (verdict.reason(),) if verdict.entries else ()
    return Finding(plugin, proven, examined, notes=(*signed.warnings, *warned, *examined.notes))


def _check_listed(plugin: Plugin, proven: Proven, where: str) -> None:
    """Return if the inventory speaks of the plugin as it is: a blob that belongs to nothing has no place here."""
    claim, release = proven.claim, proven.signed.release
    found = {each.digest for each in (claim.manifest, parse_manifest(claim.manifest_bytes).config, proven.layer)}
    for referrer in claim.referrers:
        found |= {each.digest for each in (referrer.descriptor, referrer.config, referrer.layer)}
    if found != {blob.digest for blob in plugin.blobs()} or (release.id, release.version) != (
        plugin.id,
        plugin.version,
    ):
        message = (
            f"the inventory has `{plugin.id} {plugin.version}` with other blobs than `{release.id} {release.version}`"
        )
        raise refused(message, code="bad-inventory", where=where)


def _where(plugin: Plugin, bundle: Bundle) -> str:
    return f"plugin `{plugin.name}` in {bundle.where()}"


def subject_of(proven: Proven) -> Subject:
    """Return what a revocation list is asked about a proven plugin."""
    claim, signed = proven.claim, proven.signed
    return Subject(
        manifest=claim.manifest.digest,
        wasm=proven.layer.digest,
        id=signed.release.id,
        version=signed.release.version,
        keys=tuple(signed.keys),
        repository=claim.repository,
        identities=tuple(signed.identities),
        vulnerabilities=tuple(signed.vulnerabilities),
    )
