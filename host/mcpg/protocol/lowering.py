"""Requests and notifications in the newest shape, as a peer of one version may read them. It changes nothing in place.

Source: schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.conform import NOTHING, conform
from mcpg.protocol.kinds import KINDS
from mcpg.protocol.methods import NOTICES, RESERVED_PREFIX, in_span, method_exists
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["lower_call", "lower_notification"]

_RETRY: Final = frozenset({"inputResponses", "requestState"})


def lower_call(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the params of a client's request as an upstream of `version` may read them.

    Raises `Refusal` -32601 for a method that this version has not. The protocol's own `_meta` members go: the link
    writes its own after this. `task` goes too, because no tasks of 2025-11-25 are offered.
    """
    if not method_exists(method, version):
        raise Refusal(frames.METHOD_NOT_FOUND, f"method `{method[:80]}` is not part of MCP {version}")
    dropped = {"task"} if version in MODERN else {"task", *_RETRY}
    lowered = {key: value for key, value in params.items() if key not in dropped}
    meta = lowered.get("_meta")
    if isinstance(meta, dict):
        kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED_PREFIX)}
        if kept:
            lowered["_meta"] = kept
        else:
            del lowered["_meta"]
    kind = f"call {method}"
    if kind not in KINDS:
        return lowered
    fitting = conform(kind, lowered, version)
    if fitting is NOTHING:
        raise Refusal(frames.INVALID_PARAMS, f"parameters of `{method}` are malformed")
    kept_params: dict[str, Any] = fitting
    return kept_params


def lower_notification(method: str, params: Mapping[str, Any], version: str) -> dict[str, Any] | None:
    """Return the params of a notification to a peer of `version`; none where it has no such notification.

    None too for one that lacks what it must hold: a notification owes nobody an answer, so it is let go.
    """
    span = NOTICES.get(method)
    if span is not None and not in_span(span, version):
        return None
    kind = f"note {method}" if f"note {method}" in KINDS else "note"
    fitting = conform(kind, dict(params), version)
    if fitting is NOTHING:
        return None
    lowered: dict[str, Any] = fitting
    meta = lowered.get("_meta")
    if version not in MODERN and isinstance(meta, dict) and any(key.startswith(RESERVED_PREFIX) for key in meta):
        kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED_PREFIX)}
        lowered = {**lowered, "_meta": kept}
        if not kept:
            del lowered["_meta"]
    return lowered
