"""Every plugin that a site has, as a revocation list is asked about it. It proves nothing: a doubtful name hits too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcpg.contract.problems import McpgError
from mcpg.plugins.artifacts import opened_layout
from mcpg.plugins.builtin import Bundle
from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.digests import parse_digest
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

    from mcpg.cli.kit.site import Site
    from mcpg_registry.claims import Shelf
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
        subject = _stated(site, site.store, installed_subject(receipt))
        yield Held(f"{receipt.repository}@{receipt.manifest.digest}", "installed", subject)
    for name, locked in site.lock.plugins.items() if site.lock else ():
        yield Held(name, "locked", _locked(site, name, locked))
    for place in site.mirrors:
        yield from _mirrored(site, place)


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


def _stated(site: Site, shelf: Shelf, subject: Subject, locked: Locked | None = None) -> Subject:
    """Return `subject` with the vulnerabilities that trusted signers state where it lies, and with these signers."""
    where = subject.repository
    try:
        claim = claim_from(shelf, where, None, parse_digest(subject.manifest), where=where)
        rule = site.trust.rule_for(where)
        signed = prove(claim, Judgement(rule, site.now, locked=locked), where=where).signed
    except (McpgError, ValueError):
        return subject
    keys = tuple(dict.fromkeys([*subject.keys, *signed.keys]))
    identities = tuple(dict.fromkeys([*subject.identities, *signed.identities]))
    return replace(subject, keys=keys, identities=identities, vulnerabilities=signed.vulnerabilities)


def _locked(site: Site, name: str, locked: Locked) -> Subject:
    """Return what a list is asked about a plugin of the lock: its signatures are asked, too, where they are here."""
    reference = parse_reference(name)
    if isinstance(reference, RegistryReference):
        return _stated(site, site.store, _locked_subject(locked, reference.full_name), locked)
    if not isinstance(reference, LayoutReference):
        return _locked_subject(locked, "")
    subject = _locked_subject(locked, reference.repository)
    try:
        with opened_layout(site.base / reference.directory, f"plugin `{name}`") as layout:
            return _stated(site, layout, subject, locked)
    except McpgError:  # a layout that is gone: what the lock says is all there is
        return subject


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


def _mirrored(site: Site, place: Path) -> Iterator[Held]:
    with opened_layout(place, f"mirror `{place}`") as layout:
        for entry in layout.entries:
            if entry.media_type != media.MANIFEST:
                continue
            with at_step(2, where=f"mirror `{place}`", remedy="make the mirror again"):
                found = _entry(layout, entry)
            if found is not None:
                name = f"layout:{place}#{found.repository}@{entry.digest}"
                yield Held(name, "mirrored", _stated(site, layout, found))


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
