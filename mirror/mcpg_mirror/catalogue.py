"""What a bundle offers as a registry: repositories, tags, manifests, blobs and referrers, read once. It serves nothing.

A plugin is found under its full original name, host first (`ghcr.io/acme/redact`), and without the host (`acme/redact`)
where only one plugin's name ends so. A port's colon is a hyphen (`localhost-5000/acme/redact`), as no repository's name
has one. The papers stand under `mcpg/...`. Blobs are offered only where a manifest names them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg_mirror.kinds import NAMES
from mcpg_registry import media
from mcpg_registry.layout import fallback_tag
from mcpg_registry.manifests import parse_index, parse_manifest
from mcpg_registry.references import is_repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mcpg_mirror.reading import Bundle
    from mcpg_registry.digests import Digest
    from mcpg_registry.layout import Layout
    from mcpg_registry.manifests import Descriptor

__all__ = ["Catalogue", "Repository", "catalogue_of", "listed", "served_names"]


@dataclass(slots=True)
class Repository:
    """One name: tags, manifests and indexes, blobs (sizes in bytes), and who refers to which manifest."""

    tags: dict[str, Digest] = field(default_factory=dict)
    manifests: dict[Digest, Descriptor] = field(default_factory=dict)
    blobs: dict[Digest, int] = field(default_factory=dict)
    referrers: defaultdict[Digest, list[Descriptor]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All repositories by name, short names too."""

    repositories: Mapping[str, Repository]

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return tuple(sorted(self.repositories))


def served_names(repository: str) -> tuple[str, ...]:
    """Return full and short name under which a repository is served; the short one only where there is a host."""
    full = repository.replace(":", "-").replace("[", "").replace("]", "")
    host, slash, rest = repository.partition("/")
    hosted = slash and ("." in host or ":" in host or host == "localhost")
    return (full, rest) if hosted and is_repository(rest) else (full,)


def catalogue_of(bundle: Bundle) -> Catalogue:
    """Return what a bundle offers; it reads every manifest in it and blocks. `ValueError` for a broken one."""
    layout, inventory = bundle.layout, bundle.inventory
    found: defaultdict[str, Repository] = defaultdict(Repository)
    shorts: defaultdict[str, set[str]] = defaultdict(set)
    entries = {entry.digest: entry for entry in layout.entries}
    for name in NAMES.values():
        repository, _, tag = name.partition(":")
        _add(found[repository], layout, layout.find(repository, tag, None), tag)
    for plugin in inventory.plugins:
        full, *short = served_names(plugin.repository)
        for each in short:
            shorts[each].add(full)
        here = found[full]
        manifest = plugin.manifest.descriptor()
        if plugin.manifest.here:
            _add(here, layout, manifest, plugin.tag)
        for signature in plugin.signatures:
            if signature.manifest.here:
                _add(here, layout, entries[signature.manifest.descriptor().digest], "")
        tag = fallback_tag(manifest.digest)
        for entry in layout.entries:
            if entry.annotations.get(media.REF_NAME) == tag:
                _add(here, layout, entry, tag)
    clear = {short: found[next(iter(full))] for short, full in shorts.items() if len(full) == 1 and short not in found}
    return Catalogue({**found, **clear})


def _add(repository: Repository, layout: Layout, entry: Descriptor, tag: str) -> None:
    """Offer a manifest or an index, and what it names."""
    if tag:
        repository.tags[tag] = entry.digest
    if entry.digest in repository.manifests:
        return
    repository.manifests[entry.digest] = entry
    if entry.media_type == media.INDEX:
        parse_index(layout.read(entry, media.MAX_INDEX))
        return
    manifest = parse_manifest(layout.read(entry, media.MAX_MANIFEST))
    repository.blobs |= {each.digest: each.size for each in (manifest.config, *manifest.layers)}
    if manifest.subject is not None:
        repository.referrers[manifest.subject.digest].append(entry)


def listed(repository: Repository, subject: Digest, kind: str) -> Iterator[Descriptor]:
    """Yield those that refer to `subject`, of one artifact type or of all."""
    return (entry for entry in repository.referrers.get(subject, ()) if kind in {"", entry.artifact_type})
