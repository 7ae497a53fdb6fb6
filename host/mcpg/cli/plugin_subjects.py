"""Every plugin that a site has, as a revocation list is asked about it. It proves nothing: a doubtful name hits too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.plugins.artifacts import open_layout
from mcpg.plugins.builtin import Bundle
from mcpg_registry import media
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.media import PLUGIN, REF_NAME
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
    for name, locked in Bundle.open().lock.plugins.items():
        yield Held(f"builtin:{name}", "builtin", _locked_subject(locked))
    with at_step(11, where="the store", remedy="pull the plugin again"):
        receipts = site.store.receipts()
    for receipt in receipts:
        yield Held(f"{receipt.repository}@{receipt.manifest.digest}", "installed", installed_subject(receipt))
    for locked in site.lock.plugins.values() if site.lock else ():
        yield Held(locked.reference, "locked", _locked_subject(locked))
    for place in site.mirrors:
        yield from _mirrored(place)


def installed_subject(receipt: Receipt) -> Subject:
    """Return what a list is asked about an installed plugin."""
    return Subject(
        manifest=receipt.manifest.digest,
        wasm=receipt.layer.digest,
        id=receipt.id,
        version=receipt.version,
        keys=receipt.keys,
        repository=receipt.repository,
        identities=receipt.identities,
    )


def _locked_subject(locked: Locked) -> Subject:
    return Subject(manifest=locked.manifest, wasm=locked.wasm, id=locked.id, version=locked.version)


def _mirrored(place: Path) -> Iterator[Held]:
    layout = open_layout(place, f"mirror `{place}`")
    for entry in layout.entries:
        if entry.media_type == media.MANIFEST:
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
