"""What a client can be asked, and what of it an upstream may be told. It asks nobody.

Source: `ClientCapabilities` in schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["capabilities_of", "relayable"]


def capabilities_of(version: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client of `version` that declared this can be asked, in the newest shape."""
    kept = {key: declared[key] for key in ("elicitation", "sampling", "roots") if isinstance(declared.get(key), dict)}
    if kept.get("elicitation") == {}:
        kept["elicitation"] = {"form": {}}
    return kept


def relayable(capabilities: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return what an upstream of `version` may be told of a client's normalised capabilities."""
    return dict(capabilities)
