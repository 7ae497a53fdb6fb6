"""The lock that a site takes over from a bundle: its names, and of everything else what was proven here. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.problems import PluginRefused
from mcpg_registry.locking import Locked, check_newer
from mcpg_registry.references import RegistryReference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg_mirror.verifying import Finding, Findings
    from mcpg_registry.locking import Lock

__all__ = ["lock_entries"]


def lock_entries(findings: Findings, before: Lock | None) -> dict[str, Locked]:
    """Return what the bundle's lock names of the plugins that were proven, by reference.

    `findings.demand()` must have passed. `PluginRefused` at step 8 when one is older than what is locked here.
    """
    believed = findings.demand()
    entries = {}
    for finding in findings.plugins:
        for reference in _references(finding, findings):
            entries[reference] = _locked(finding, reference, believed.version)
    for reference, fresh in entries.items():
        locked = before.find(reference) if before else None
        proven = next(each.proven for each in findings.plugins if each.plugin.manifest.digest == fresh.manifest)
        if locked is not None and proven is not None:
            check_newer(locked, proven.signed.release, where=f"`{reference}` in {findings.bundle.where()}")
    return entries


def _references(finding: Finding, findings: Findings) -> Iterator[str]:
    """Yield the names by which the bundle's lock has the plugin, as far as they are names in its own registry."""
    plugin = finding.plugin
    for reference, locked in findings.bundle.lock.plugins.items():
        if locked.manifest != plugin.manifest.digest:
            continue
        try:
            parsed = parse_reference(reference)
        except PluginRefused:
            continue
        if not isinstance(parsed, RegistryReference) or parsed.full_name != plugin.repository:
            continue
        if (parsed.tag or plugin.tag) == plugin.tag and parsed.digest in {None, plugin.manifest.digest}:
            yield reference


def _locked(finding: Finding, reference: str, revocations: int) -> Locked:
    proven, examined = finding.proven, finding.examined
    if proven is None:
        raise ValueError("a plugin that is not proven cannot be locked")
    signed = proven.signed
    return Locked(
        reference=reference,
        manifest=proven.claim.manifest.digest,
        wasm=proven.layer.digest,
        id=signed.release.id,
        version=signed.release.version,
        keys=tuple(signed.keys),
        identities=tuple((each.issuer, each.identity) for each in signed.identities),
        revocations=revocations,
        grants=tuple(sorted({driver for driver, _ in examined.asks})) if examined else (),
    )
