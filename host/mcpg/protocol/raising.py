"""What a peer of one version said, in the newest shape. It changes no value that is the peer's: it copies.

Source: schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.protocol.methods import CACHEABLE
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["raise_request", "raise_response", "raise_result"]


def raise_result(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the result of an upstream of `version` in the newest shape; raises `Refusal` -32603 for no result."""
    raised = dict(result)
    if version in MODERN:
        raised.setdefault("resultType", "complete")
        return raised
    raised["resultType"] = "complete"
    if method in CACHEABLE:
        raised["ttlMs"], raised["cacheScope"] = 0, "private"
    return raised


def raise_request(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the params of an upstream's request to the client (`elicitation/create`, ...) in the newest shape."""
    return dict(params)


def raise_response(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the answer of a client of `version` to a request of ours in the newest shape."""
    return dict(result)
