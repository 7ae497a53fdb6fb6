"""Media types, names and bounds of mirror bundles. It holds no behaviour.

The papers of a bundle are artifacts like any other: an image manifest with an empty config, found by their names.
"""

from __future__ import annotations

__all__ = [
    "ENVELOPE",
    "HAVE",
    "INVENTORY",
    "LOCK",
    "MAX_BUNDLE_INDEX",
    "MAX_HAVE",
    "MAX_INVENTORY",
    "MAX_PAPER",
    "MAX_PLUGINS",
    "NAMES",
    "SIGSTORE_ROOT",
    "TRUST",
]

INVENTORY = "application/vnd.mcpg.mirror.inventory.v1+json"
HAVE = "application/vnd.mcpg.mirror.have.v1+json"
TRUST = "application/vnd.mcpg.mirror.trust.v1+json"
LOCK = "application/vnd.mcpg.lock.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
"""A DSSE envelope; its payload's type is the artifact's."""
SIGSTORE_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"

NAMES = {
    "inventory": "mcpg/inventory:latest",
    "revocations": "mcpg/revocations:latest",
    "trust": "mcpg/trust:latest",
    "lock": "mcpg/lock:latest",
}
"""The papers, in the order in which they stand in a bundle, with their names in its index."""

MAX_PLUGINS = 1000
MAX_INVENTORY = 8 * 1024 * 1024
MAX_PAPER = 24 * 1024 * 1024
MAX_HAVE = 8 * 1024 * 1024
MAX_BUNDLE_INDEX = 4096
"""Entries of an index."""
