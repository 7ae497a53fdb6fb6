"""Every plugin that a site has, as a revocation list is asked about it. It proves nothing: a doubtful name hits too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcpg.cli.plugin_targets import repository_of
from mcpg.contract.problems import McpgError
from mcpg.plugins.artifacts import opened_layout
from mcpg.plugins.builtin import Bundle
from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.media import PLUGIN, REF_NAME
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference
from mcpg_registry.steps import at_step
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_revocations.index import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg.cli.plugin_site import Site
    from mcpg_registry.layout import Layout
    from mcpg_registry.locking import Locked
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.receipts import Receipt

__all__ = ["Held", "held", "installed_subject"]


@dataclass(frozen=True, slots=True)
class Held:
    """A plugin, where it is held (`builtin`, `installed`, `locked`, `mirrored`), and what a list is asked of it."""

    reference: str
    how: str
    subject: Subject


def held(site: Site) -> Iterator[Held]:
    """Yield what is built in, installed, locked and in the site's mirrors on this machine; it blocks."""
    bundle = Bundle.open()
    keys = tuple(trusted.key.id for trusted in bundle.rule.keys)
    for name, locked in bundle.lock.plugins.items():
        yield Held(f"builtin:{name}", "builtin", replace(_locked_subject(locked, locked.id), keys=keys))
    with at_step(11, where="the store", remedy="pull the plugin again"):
        receipts = site.store.receipts()
    for receipt in receipts:
        yield Held(f"{receipt.repository}@{receipt.manifest.digest}", "installed", _proven_subject(site, receipt))
    for name, locked in site.lock.plugins.items() if site.lock else ():
        reference = parse_reference(name)
        repository = repository_of(reference) if isinstance(reference, LayoutReference | RegistryReference) else ""
        yield Held(name, "locked", _locked_subject(locked, repository))
    for place in site.mirrors:
        yield from _mirrored(place)


def installed_subject(receipt: Receipt) -> Subject:
    """Return what a list is asked about an installed plugin, as its receipt has it."""
    return Subject(
        manifest=receipt.manifest.digest,
        wasm=receipt.layer.digest,
        id=receipt.id,
        version=receipt.version,
        keys=receipt.keys,
        repository=receipt.repository,
        identities=receipt.identities,
    )


def _proven_subject(site: Site, receipt: Receipt) -> Subject:
    """Return what a list is asked about an installed plugin, with the vulnerabilities that trusted signers state."""
    subject = installed_subject(receipt)
    try:
        claim = claim_from(site.store, receipt.repository, None, receipt.digest, where=receipt.repository)
        rule = site.trust.rule_for(receipt.repository)
        signed = prove(claim, Judgement(rule, site.now), where=receipt.repository).signed
    except McpgError:
        return subject
    keys = tuple(dict.fromkeys([*subject.keys, *signed.keys]))
    identities = tuple(dict.fromkeys([*subject.identities, *signed.identities]))
    return replace(subject, keys=keys, identities=identities, vulnerabilities=signed.vulnerabilities)


def _locked_subject(locked: Locked, repository: str) -> Subject:
    return Subject(
        manifest=locked.manifest,
        wasm=locked.wasm,
        id=locked.id,
        version=locked.version,
        keys=locked.keys,
        repository=repository,
        identities=locked.identities,
    )


def _mirrored(place: Path) -> Iterator[Held]:
    with opened_layout(place, f"mirror `{place}`") as layout:
        for entry in layout.entries:
            if entry.media_type != media.MANIFEST:
                continue
            with at_step(2, where=f"mirror `{place}`", remedy="make the mirror again"):
                found = _entry(layout, entry)
            if found is not None:
                yield Held(f"layout:{place}#{found.repository}@{entry.digest}", "mirrored", found)


def _entry(layout: Layout, entry: Descriptor) -> Subject | None:
    """Return what is asked about an entry of a layout; none if it is no plugin."""
    manifest = parse_manifest(layout.read(entry, media.MAX_MANIFEST))
    try:
        layer = plugin_layer(manifest)
    except ValueError:
        return None
    name = entry.annotations.get(REF_NAME, "")
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    bundles = [each.bundle for each in layout.referrers(entry.digest)]
    return Subject(
        manifest=entry.digest,
        wasm=layer.digest,
        id=manifest.annotations.get(PLUGIN + "id", ""),
        version=manifest.annotations.get(PLUGIN + "version", ""),
        keys=tuple(claimed_keys(bundles)),
        repository=repository,
    )
