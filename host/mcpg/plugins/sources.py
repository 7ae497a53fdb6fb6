"""The places that a plugin is taken from: a registry, or a shelf on this machine. They prove nothing of it.

A shelf is an OCI image layout (a directory, a tar), the far half of a mirror, or the store itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mcpg_registry import media
from mcpg_registry.claims import claim_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.plugins.artifacts import Name
    from mcpg_registry.claims import Claim, Shelf
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.references import RegistryReference
    from mcpg_registry.sinks import Sink

__all__ = ["Registries", "RegistrySource", "ShelfSource", "Source"]


class Registries(Protocol):
    """The registry client, as far as pulling needs it. Raises `PluginRefused` and `RegistryFailed`."""

    async def claim(self, reference: RegistryReference) -> Claim:
        """Return manifest, config and signatures."""
        ...

    async def blob(
        self, repository: str, descriptor: Descriptor, into: Sink, progress: Callable[[int], None] | None = None
    ) -> bytes:
        """Stream a blob into a sink and return what its `finish` returns."""
        ...


class Source(Protocol):
    """One artifact at one place."""

    @property
    def place(self) -> str:
        """How a receipt calls the place."""
        ...

    async def claim(self) -> Claim:
        """Return what the place says of the artifact (steps 2, 3 and 5); `PluginRefused`, `RegistryFailed`."""
        ...

    async def layer(self, claim: Claim, layer: Descriptor, into: Sink, progress: Callable[[int], None]) -> bytes:
        """Bring the layer into a sink; `PluginRefused`, `RegistryFailed`, `ValueError` or `OSError`."""
        ...


@dataclass(frozen=True, slots=True)
class ShelfSource:
    """An artifact on a shelf; `name` has its original repository, whatever shelf it stands on.

    `tag` is what the operator calls it, also where it is found by its digest alone.
    """

    shelf: Shelf
    place: str
    name: Name
    tag: str | None = None

    async def claim(self) -> Claim:
        """Return what the shelf says."""
        name = self.name
        claim = await asyncio.to_thread(
            claim_from, self.shelf, name.repository, name.tag, name.digest, where=name.where
        )
        return replace(claim, tag=self.tag or name.tag)

    async def layer(self, claim: Claim, layer: Descriptor, into: Sink, progress: Callable[[int], None]) -> bytes:
        """Copy the layer."""
        del claim
        data = await asyncio.to_thread(self.shelf.read, layer, media.MAX_LAYER)
        await asyncio.to_thread(_fill, into, data)
        progress(len(data))
        return data


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """An artifact in a registry; its digest is `reference`'s, or whatever its tag means now."""

    client: Registries
    reference: RegistryReference

    @property
    def place(self) -> str:
        """The host."""
        return f"registry {self.reference.host}"

    async def claim(self) -> Claim:
        """Return what the registry says."""
        claim = await self.client.claim(self.reference)
        return replace(claim, tag=self.reference.tag)

    async def layer(self, claim: Claim, layer: Descriptor, into: Sink, progress: Callable[[int], None]) -> bytes:
        """Stream the layer, from where the sink stands."""
        return await self.client.blob(claim.repository, layer, into, progress)


def _fill(into: Sink, data: bytes) -> None:
    into.restart()
    into.write(data)
    into.finish()
