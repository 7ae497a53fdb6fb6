"""Pushes a verified bundle to a registry: plugins with signatures, and the revocation list. It verifies nothing itself.

Below the prefix each plugin keeps its full original name (`ghcr.io/acme/redact` becomes `PREFIX/ghcr.io/acme/redact`),
so that one mirror rule by prefix covers them all. Signatures become referrers, with the fallback tag where the registry
has no referrers API. What is there already is not sent again, so that the same push finishes an interrupted one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from mcpg_mirror.catalogue import served_names
from mcpg_mirror.kinds import NAMES
from mcpg_mirror.overlay import Overlay
from mcpg_registry import media
from mcpg_registry.packing import Packed
from mcpg_revocations.artifact import pack_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg_mirror.inventory import Plugin
    from mcpg_mirror.verifying import Findings
    from mcpg_registry.claims import Shelf
    from mcpg_registry.pushing import Pushed

__all__ = ["Pusher", "push_bundle"]


class Pusher(Protocol):
    """A registry client, as far as a push needs it."""

    async def push(self, repository: str, packed: Packed, *, tag: str | None = None) -> Pushed:
        """Send an artifact to `HOST/REPOSITORY`; `RegistryFailed`."""
        ...


async def push_bundle(
    findings: Findings, client: Pusher, prefix: str, *, base: Shelf | None, told: Callable[[str], None]
) -> tuple[str, ...]:
    """Push what `findings` has proven below `HOST/PREFIX` and return the names there; `RegistryFailed`.

    `findings.demand()` must have passed. `told` is given each name when it is there, signatures included.
    """
    bundle = findings.bundle
    shelf = Overlay(bundle, base)
    repository, _, tag = NAMES["revocations"].partition(":")
    await client.push(
        f"{prefix}/{repository}", pack_list(bundle.revocations, bundle.inventory.revocations.version), tag=tag
    )
    told(f"{prefix}/{repository}:{tag}")
    names = []
    for plugin in bundle.inventory.plugins:
        target = f"{prefix}/{served_names(plugin.repository)[0]}"
        for packed, named in await asyncio.to_thread(_artifacts, plugin, shelf):
            await client.push(target, packed, tag=plugin.tag or None if named else None)
        names.append(f"{target}:{plugin.tag}" if plugin.tag else f"{target}@{plugin.manifest.digest}")
        told(names[-1])
    return tuple(names)


def _artifacts(plugin: Plugin, shelf: Shelf) -> list[tuple[Packed, bool]]:
    """Return the plugin, then its signatures, each with whether it takes the tag."""
    attached = [(each.manifest, each.config, each.layer) for each in plugin.signatures]
    made = []
    for number, blobs in enumerate([(plugin.manifest, plugin.config, plugin.layer), *attached]):
        found = [each.descriptor() for each in blobs]
        read = {each.digest: shelf.read(each, media.MAX_LAYER) for each in found}
        made.append((Packed(found[0], read, created=0), number == 0))
    return made
