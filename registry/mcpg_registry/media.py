"""The media types, annotation names and sizes of plugin artifacts. It holds no behaviour.

Sources: OCI image spec 1.1, CNCF TAG Runtime "Wasm OCI Artifact Layout" v0, sigstore bundle v0.3.
"""

from __future__ import annotations

__all__ = [
    "BUNDLE",
    "CONFIG",
    "EMPTY",
    "INDEX",
    "MANIFEST",
    "MAX_CONFIG",
    "MAX_INDEX",
    "MAX_LAYER",
    "MAX_MANIFEST",
    "MAX_REFERRERS",
    "MAX_SIGNATURE",
    "PLUGIN",
    "REF_NAME",
    "WASM",
]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.wasm.config.v0+json"
WASM = "application/wasm"
EMPTY = "application/vnd.oci.empty.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

PLUGIN = "dev.mcpg.plugin."
"""Prefix of our annotations: id, version, world, api, section."""
REF_NAME = "org.opencontainers.image.ref.name"

MAX_MANIFEST = 1024 * 1024
MAX_CONFIG = 64 * 1024
MAX_LAYER = 64 * 1024 * 1024
MAX_INDEX = 4 * 1024 * 1024
MAX_SIGNATURE = 256 * 1024
MAX_REFERRERS = 64
