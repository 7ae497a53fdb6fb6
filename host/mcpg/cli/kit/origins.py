"""Where an artifact is read from: what is built in, a layout, the store, a mirror or a registry. It proves nothing."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mcpg.plugins.artifacts import opened_layout
from mcpg.plugins.builtin import Bundle
from mcpg_registry import media
from mcpg_registry.claims import Shelf, claim_from
from mcpg_registry.references import BuiltinReference, LayoutReference, RegistryReference, parse_reference
from mcpg_registry.sinks import MemorySink
from mcpg_registry.steps import AGAIN, at_step, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg.cli.kit.site import Site
    from mcpg_registry.claims import Claim
    from mcpg_registry.client import RegistryClient
    from mcpg_registry.digests import Digest
    from mcpg_registry.layout import Layout
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.references import Reference

__all__ = ["Origin", "mirrored", "origin_of"]


class Origin(Protocol):
    """One artifact at one place."""

    @property
    def place(self) -> str:
        """What people call the place."""
        ...

    async def claim(self) -> Claim:
        """Return what the place says; `PluginRefused` at step 2, 3 or 5, `RegistryFailed`."""
        ...

    async def layer(self, claim: Claim, layer: Descriptor) -> bytes:
        """Return the component's bytes, checked; `PluginRefused` at step 9, `RegistryFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class _OnShelf:
    shelf: Shelf
    place: str
    repository: str
    tag: str | None
    digest: Digest | None
    where: str

    async def claim(self) -> Claim:
        return await asyncio.to_thread(claim_from, self.shelf, self.repository, self.tag, self.digest, where=self.where)

    async def layer(self, claim: Claim, layer: Descriptor) -> bytes:  # noqa: ARG002 - a port's method
        with at_step(9, where=self.where, remedy=AGAIN, code="bad-digest"):
            return await asyncio.to_thread(self.shelf.read, layer, media.MAX_LAYER)


@dataclass(frozen=True, slots=True)
class _InRegistry:
    client: RegistryClient
    reference: RegistryReference

    @property
    def place(self) -> str:
        return self.reference.host

    async def claim(self) -> Claim:
        return await self.client.claim(self.reference)

    async def layer(self, claim: Claim, layer: Descriptor) -> bytes:
        return await self.client.blob(claim.repository, layer, MemorySink(layer))


@asynccontextmanager
async def origin_of(reference: Reference, site: Site, *, where: str, fresh: bool = False) -> AsyncIterator[Origin]:
    """Open the place where `reference` is read: the store if it is installed, else a layout or the registry.

    `fresh` passes the store over.
    """
    if isinstance(reference, BuiltinReference):
        bundle = await asyncio.to_thread(Bundle.open)
        repository, _, tag = bundle.locked(reference.name).reference.partition(":")
        yield _OnShelf(bundle.layout, "the program itself", repository, tag, None, where)
    elif isinstance(reference, LayoutReference):
        place = f"layout {reference.directory}"
        async with _layout(site.base / reference.directory, where) as layout:
            yield _OnShelf(layout, place, reference.repository, reference.tag, reference.digest, where)
    elif isinstance(reference, RegistryReference):
        repository = reference.full_name
        if not fresh and await asyncio.to_thread(_installed, site, repository, reference):
            yield _OnShelf(site.store, "the store", repository, reference.tag, reference.digest, where)
            return
        mirror = await asyncio.to_thread(mirrored, site, str(reference))
        if mirror is not None:
            async with _layout(mirror, where) as layout:
                yield _OnShelf(layout, f"mirror {mirror.name}", repository, reference.tag, reference.digest, where)
            return
        async with site.client(reference) as client:
            yield _InRegistry(client, reference)
    else:
        raise refusal(
            2,
            "a bare file has no manifest and no signature",
            where=where,
            remedy="pack it with `mcpg plugin push`, then sign it",
            code="development-only",
        )


@asynccontextmanager
async def _layout(place: Path, where: str) -> AsyncIterator[Layout]:
    with ExitStack() as stack:
        yield await asyncio.to_thread(stack.enter_context, opened_layout(place, where))


def mirrored(site: Site, text: str) -> Path | None:
    """Return the first of the site's mirrors on this machine that has what a registry's reference names; it blocks.

    `PluginRefused` at step 2 for a mirror that is none.
    """
    reference = parse_reference(text)
    if not isinstance(reference, RegistryReference):
        return None
    for place in site.mirrors:
        with opened_layout(place, f"mirror `{place}`") as layout, suppress(ValueError):
            layout.find(reference.full_name, reference.tag, reference.digest)
            return place
    return None


def _installed(site: Site, repository: str, reference: RegistryReference) -> bool:
    try:
        site.store.find(repository, reference.tag, reference.digest)
    except ValueError:
        return False
    return True
