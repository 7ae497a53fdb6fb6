"""What lies between two bundles: plugins that came, went or changed, and bytes. It judges neither. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcpg_mirror.inventory import Inventory, Plugin

__all__ = ["compare"]


def compare(one: Inventory, other: Inventory) -> dict[str, Any]:
    """Return what `other` has beyond `one` and the other way round, as plain values; sizes in bytes."""
    before = {plugin.name: plugin for plugin in one.plugins}
    after = {plugin.name: plugin for plugin in other.plugins}
    both = sorted(before.keys() & after.keys())
    blobs = {blob.digest: blob.size for plugin in one.plugins for blob in plugin.blobs()}
    new = {b.digest: b.size for plugin in other.plugins for b in plugin.blobs() if b.digest not in blobs}
    return {
        "same": one == other,
        "one": one.bundle,
        "other": other.bundle,
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "moved": [
            {"name": name, "from": before[name].manifest.digest, "to": after[name].manifest.digest}
            for name in both
            if before[name].manifest.digest != after[name].manifest.digest
        ],
        "signatures": [name for name in both if _attached(before[name]) != _attached(after[name])],
        "revocations": {"from": one.revocations.version, "to": other.revocations.version},
        "trust": one.papers.get("trust") != other.papers.get("trust"),
        "lock": one.papers.get("lock") != other.papers.get("lock"),
        "new_blobs": len(new),
        "new_bytes": sum(new.values()),
    }


def _attached(plugin: Plugin) -> set[str]:
    return {each.manifest.digest for each in plugin.signatures}
