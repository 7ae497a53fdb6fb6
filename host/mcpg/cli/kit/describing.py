"""What `inspect` knows of a plugin, as plain values: read off the component, and beside it what is proven of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcpg.cli.kit.engine import inspected
from mcpg.cli.kit.origins import origin_of
from mcpg.cli.kit.walk import Walk, walk
from mcpg.contract.manifest import idle_grants
from mcpg.contract.problems import ConfigError
from mcpg.plugins.artifacts import Artifact, bare_artifact
from mcpg.plugins.components import Described, describe_component, subject_of
from mcpg_registry import media
from mcpg_registry.layout import read_followed
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.references import FileReference, parse_reference
from mcpg_registry.steps import AGAIN, at_step
from mcpg_registry.trust.bundles import Bundle, read_bundle
from mcpg_revocations.rules import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.kit.site import Site
    from mcpg.contract.manifest import Manifest
    from mcpg_registry.claims import Claim

__all__ = ["describe"]


async def describe(reference: str | None, use: str | None, site: Site) -> dict[str, Any]:
    """Return everything that is known of a plugin; an error only where its component cannot be had or read."""
    text = reference or _source(use or "", site)
    walked = await walk(text, site)
    artifact, described = await _component(walked, site)
    inspection = walked.inspection or await inspected(artifact.wasm, text)
    manifest = described.manifest
    verdict = check(subject_of(artifact, manifest), site.revocations.index(site.now))
    faults = list(inspection.faults)
    return {
        "reference": text,
        "place": walked.place,
        "id": manifest.id,
        "version": manifest.version,
        "kind": manifest.kind.value,
        "summary": manifest.summary,
        "digest": artifact.wasm_digest,
        "manifest": walked.claim.manifest.digest if walked.claim else "",
        "world": manifest.world,
        "licence": manifest.licence,
        "size": inspection.size,
        "imports": [{"name": each.name, "kind": each.kind} for each in inspection.imports],
        "faults": faults,
        "reads": list(manifest.reads),
        **_grants(manifest, text, use, site),
        "memo": manifest.memo,
        "security": manifest.security,
        "limits": {name: getattr(manifest.limits, name) for name in ("memory", "time", "output")},
        "signers": list(_signers(walked)),
        "signed": bool(walked.proven),
        "unproven": walked.error.message if walked.error and not faults else "",
        "revocation": {"action": verdict.action.name.lower(), "reason": verdict.reason()},
        "locked": site.locked(text) is not None,
        "warnings": list(artifact.warnings),
        "config": manifest.config,
        "binding": manifest.binding,
    }


def _source(use: str, site: Site) -> str:
    """Return where the file says that a use comes from."""
    found = site.loaded.config.plugins.get(use) if site.loaded else None
    if found is None:
        raise ConfigError(f"there is no plugin use `{use}`", where="--use", remedy="name one of the file's `plugins`")
    return found.source


async def _component(walked: Walk, site: Site) -> tuple[Artifact, Described]:
    """Return the component, read even where nothing is proven of it."""
    if walked.artifact is not None and walked.described is not None:
        return walked.artifact, walked.described
    reference = walked.reference or parse_reference(walked.text)
    if isinstance(reference, FileReference):
        with at_step(9, where=walked.where, remedy="name a component's file"):
            path = site.base / Path(reference.path)
            artifact = bare_artifact(await asyncio.to_thread(read_followed, path, media.MAX_LAYER))
        walked.error = None
        return artifact, await asyncio.to_thread(describe_component, artifact.wasm, walked.where)
    if walked.claim is None and walked.error is not None:
        raise walked.error
    async with origin_of(reference, site, where=walked.where) as origin:
        claim = await origin.claim()
        with at_step(3, where=walked.where, remedy=AGAIN, code="bad-shape"):
            layer = plugin_layer(parse_manifest(claim.manifest_bytes))
        wasm = await origin.layer(claim, layer)
    artifact = Artifact(wasm, layer.digest, claim.manifest.digest)
    return artifact, await asyncio.to_thread(describe_component, wasm, walked.where)


def _signers(walked: Walk) -> Iterator[dict[str, str]]:
    """Yield who has signed, with the rule that they count for; whom nothing proves comes as unproven."""
    rule = f"counts for {walked.rule.prefix}" if walked.rule else ""
    signed = walked.proven.signed if walked.proven else None
    proven = {str(key): "key" for key in signed.keys} if signed else {}
    proven |= {f"{each.identity} by {each.issuer}": "identity" for each in signed.identities} if signed else {}
    for signer, kind in proven.items():
        yield {"signer": signer, "kind": kind, "counts": rule + (", this once" if walked.once else "")}
    for signer, kind in _claimed(walked.claim).items():
        if signer not in proven and not (kind == "identity" and signed and signed.identities):
            yield {"signer": signer, "kind": kind, "counts": "unproven"}


def _claimed(claim: Claim | None) -> dict[str, str]:
    """Return whom the signatures name, of whom nothing is proven."""
    found: dict[str, str] = {}
    for text in claim.bundles() if claim else ():
        try:
            bundle = read_bundle(text)
        except ValueError:
            found["a statement that cannot be read"] = "unknown"
            continue
        if isinstance(bundle, Bundle):
            found[str(bundle.key_id)] = "key"
        else:
            found["a keyless identity"] = "identity"
    return found


def _grants(manifest: Manifest, text: str, use: str | None, site: Site) -> dict[str, Any]:
    """Return the effects asked for, each with what the file's uses of this plugin are granted."""
    plugins = site.loaded.config.plugins if site.loaded else {}
    uses = {name: each.grants for name, each in plugins.items() if name == use or (not use and each.source == text)}
    return {
        "effects": [
            {
                "driver": wish.driver,
                "why": wish.why,
                "grants": {name: grants.get(wish.driver) for name, grants in uses.items()},
            }
            for wish in manifest.effects
        ],
        "idle_grants": [[name, driver] for name, grants in uses.items() for driver in idle_grants(grants, manifest)],
    }
