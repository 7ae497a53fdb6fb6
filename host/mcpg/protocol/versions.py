"""Protocol versions as an enumerated set, their eras, and what initialize answers. It parses no message.

Source: MCP specification, basic/lifecycle (2025-11-25) and basic/versioning (2026-07-28). Versions are compared by
their place in `KNOWN`, never as text: a version that is not in the set has no order.
"""

from __future__ import annotations

from enum import Enum

__all__ = [
    "HANDSHAKE",
    "KNOWN",
    "LATEST_HANDSHAKE",
    "LATEST_MODERN",
    "MODERN",
    "Era",
    "at_least",
    "era_of",
    "negotiate",
]


class Era(Enum):
    """How a version keeps state: `LEGACY` shakes hands with initialize, `MODERN` says everything in each request."""

    LEGACY = "legacy"
    MODERN = "modern"


KNOWN = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
"""All published versions, oldest first."""

HANDSHAKE = KNOWN[:4]
"""Versions that initialize may agree on."""

MODERN = KNOWN[4:]
"""Versions that stand in the `_meta` of each request."""

LATEST_HANDSHAKE = HANDSHAKE[-1]
LATEST_MODERN = MODERN[-1]

_PLACE = {version: place for place, version in enumerate(KNOWN)}


def era_of(version: str) -> Era:
    """Return the era of a known version; `KeyError` for any other."""
    return Era.MODERN if _PLACE[version] >= len(HANDSHAKE) else Era.LEGACY


def at_least(version: str, other: str) -> bool:
    """Return whether `version` is `other` or newer; `KeyError` if either is not known."""
    return _PLACE[version] >= _PLACE[other]


def negotiate(requested: object) -> str:
    """Return the version that initialize answers: the one asked for if we shake hands with it, else our latest.

    Never a modern version: those have no initialize (basic/versioning).
    """
    return requested if isinstance(requested, str) and requested in HANDSHAKE else LATEST_HANDSHAKE
