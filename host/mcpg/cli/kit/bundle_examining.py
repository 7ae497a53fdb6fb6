"""Whether a component from a bundle would break this gateway: its section, what it asks for, on request its imports."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcpg.contract.manifest import idle_grants
from mcpg.contract.problems import PluginRefused
from mcpg.plugins.artifacts import artifact_of
from mcpg.plugins.components import judge_component
from mcpg_mirror.verifying import Examined
from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.kit.site import Site
    from mcpg.config.plugins import PluginUse
    from mcpg.contract.manifest import Manifest
    from mcpg_mirror.verifying import Examiner
    from mcpg_registry.proving import Proven
    from mcpg_revocations.rules import RevocationIndex

__all__ = ["examiner_of"]

SHARED = "secrets"
"""A grant that no plugin asks for as an effect of its own."""


def examiner_of(site: Site, *, compiled: bool) -> Examiner:
    """Return what reads components for the gateway of this site; with `compiled` each is compiled, and not run."""

    def examine(proven: Proven, wasm: bytes, index: RevocationIndex, where: str) -> Examined:
        described, _ = judge_component(artifact_of(proven, wasm), index, where)
        manifest, uses = described.manifest, dict(_uses(site, proven.claim.repository))
        return Examined(
            kind=manifest.kind.value,
            world=manifest.world,
            summary=manifest.summary,
            asks=tuple((wish.driver, wish.why) for wish in manifest.effects),
            breaks=(*(_faults(wasm, where) if compiled else ()), *_ungranted(manifest, uses)),
            notes=() if uses else ("no use in this site's file names it",),
        )

    return examine


def _uses(site: Site, repository: str) -> Iterator[tuple[str, PluginUse]]:
    """Yield the uses in the file whose plugin comes from `repository`."""
    for name, use in (site.loaded.config.plugins if site.loaded else {}).items():
        reference = parse_reference(use.source)
        if isinstance(reference, LayoutReference | RegistryReference) and reference.full_name == repository:
            yield name, use


def _ungranted(manifest: Manifest, uses: dict[str, PluginUse]) -> Iterator[str]:
    """Yield what it asks for and its uses are not granted: it would be denied."""
    for name, use in uses.items():
        for wish in manifest.effects:
            if wish.driver not in use.grants:
                yield f"use `{name}` grants no `{wish.driver}`, which it asks for: {wish.why}"
        for driver in idle_grants(use.grants, manifest):
            yield f"use `{name}` grants `{driver}`, which it no longer asks for"


def _faults(wasm: bytes, where: str) -> tuple[str, ...]:
    """Return what keeps the engine from loading it; it runs in a thread of its own loop."""
    from mcpg.cli.kit.engine import inspected  # noqa: PLC0415 - the engine

    try:
        return asyncio.run(inspected(wasm, where)).faults
    except PluginRefused as error:
        return (error.message,)
