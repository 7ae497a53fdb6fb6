"""What is pushed: a component packed, or an artifact taken out of a layout as it stands. It sends nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg.cli.environment import said_time
from mcpg.cli.kit.engine import inspected
from mcpg.contract.problems import ConfigError, reason_of
from mcpg.plugins.artifacts import Artifact, opened_layout
from mcpg.plugins.components import describe_component, judge_component
from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import read_followed
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.packing import Facts, Packed, pack_plugin
from mcpg_registry.references import LayoutReference, parse_reference
from mcpg_registry.steps import AGAIN, at_step, refusal

if TYPE_CHECKING:
    from mcpg.cli.kit.site import Site
    from mcpg_registry.claims import Claim, Referrer

__all__ = ["Parcel", "parcel_of"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An artifact on its way with the signatures that go with it, and what its component says of itself."""

    packed: Packed
    facts: Facts
    signatures: tuple[Packed, ...] = ()

    @property
    def size(self) -> int:
        """The component's bytes."""
        return len(self.packed.blobs[self.packed.wasm]) if self.packed.wasm else 0


async def parcel_of(source: str, site: Site) -> Parcel:
    """Return what `source` holds: a component's file, or `layout:PLACE#REPOSITORY:TAG`.

    `PluginRefused` when no gateway would load it, `ConfigError` when it cannot be read.
    """
    if source.startswith("layout:"):
        return await _from_layout(source, site)
    path = Path(source.removeprefix("file:"))
    wasm = await asyncio.to_thread(_read, path)
    facts = await _facts(wasm, Artifact(wasm, digest_bytes(wasm)), f"component `{path}`", site)
    return Parcel(pack_plugin(wasm, facts, created=said_time() or 0), facts)


async def _from_layout(source: str, site: Site) -> Parcel:
    reference, where = parse_reference(source), f"plugin `{source}`"
    if not isinstance(reference, LayoutReference):
        raise TypeError(source)
    claim, wasm = await asyncio.to_thread(_read_artifact, reference, site, where)
    with at_step(3, where=where, remedy=AGAIN, code="bad-shape"):
        manifest = parse_manifest(claim.manifest_bytes)
        layer = plugin_layer(manifest)
    artifact = Artifact(wasm, layer.digest, claim.manifest.digest, annotations=manifest.annotations)
    facts = await _facts(wasm, artifact, where, site)
    texts = {claim.manifest.digest: claim.manifest_bytes, manifest.config.digest: claim.config_bytes}
    packed = Packed(claim.manifest, texts | {layer.digest: wasm}, 0, layer.digest)
    return Parcel(packed, facts, tuple(_signature(each) for each in claim.referrers))


def _read_artifact(reference: LayoutReference, site: Site, where: str) -> tuple[Claim, bytes]:
    with opened_layout(site.base / reference.directory, where) as layout:
        claim = claim_from(layout, reference.repository, reference.tag, reference.digest, where=where)
        with at_step(9, where=where, remedy=AGAIN, code="bad-digest"):
            layer = plugin_layer(parse_manifest(claim.manifest_bytes))
            return claim, layout.read(layer, media.MAX_LAYER)


async def _facts(wasm: bytes, artifact: Artifact, where: str, site: Site) -> Facts:
    """Return what an artifact says of a component that could be loaded; `PluginRefused` at step 10."""
    revocations = await asyncio.to_thread(site.index, locked=False)
    if artifact.annotations is None:
        described = await asyncio.to_thread(describe_component, wasm, where)
    else:
        described, _ = await asyncio.to_thread(judge_component, artifact, revocations, where)
    found = await inspected(wasm, where.split("`")[1])
    if found.faults:
        remedy = "build it anew; no gateway would load it as it is"
        raise refusal(10, "; ".join(found.faults), where=where, remedy=remedy, code="bad-component")
    return replace(described.facts, imports=tuple(each.name for each in found.imports))


def _signature(referrer: Referrer) -> Packed:
    blobs = {
        referrer.descriptor.digest: referrer.manifest_bytes,
        referrer.config.digest: referrer.config_bytes,
        referrer.layer.digest: referrer.bundle,
    }
    return Packed(referrer.descriptor, blobs, 0)


def _read(path: Path) -> bytes:
    try:
        return read_followed(path, media.MAX_LAYER)
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        raise ConfigError(f"cannot be read: {reason}", where=f"`{path}`", remedy="name a component's file") from error
