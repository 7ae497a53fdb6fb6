"""Results made to fit a version, or refused; structured content said as text where there is no other way.

It adds none of the members that only the modern wire wants: `shapes` does. Source: schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.conform import NOTHING, conform, missing_member, text_of
from mcpg.protocol.kinds import KINDS
from mcpg.protocol.scalars import MAX_VALUES
from mcpg.protocol.versions import MODERN, at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["fitted_result"]


def fitted_result(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a copy of `result` as `version` defines it; raises `Refusal` -32603 where it is none.

    An entry of a list that is malformed is left out: one bad tool must not cost all of them. A malformed content block
    becomes text. A result without what it is for (`contents`, `messages`) is refused.
    """
    whole = dict(result)
    if method == "tools/call":
        _give_content(whole, version)
    elif method == "completion/complete":
        _count_values(whole)
    kind = f"result {method}" if f"result {method}" in KINDS else "result"
    fitting = conform(kind, whole, version)
    if fitting is NOTHING:
        place = missing_member(kind, whole, version)
        raise Refusal(frames.INTERNAL_ERROR, f"the answer to `{method}` is malformed at `{place}`")
    kept: dict[str, Any] = fitting
    return kept


def _give_content(result: dict[str, Any], version: str) -> None:
    """Say structured content as text if the version cannot carry it, or if nothing else was said."""
    structured = result.get("structuredContent")
    has_structure = "structuredContent" in result
    if has_structure and not _can_carry(structured, version):
        del result["structuredContent"]
        if not result.get("content"):
            result["content"] = [{"type": "text", "text": text_of(structured)}]
    if result.get("content") is None:
        result["content"] = [{"type": "text", "text": text_of(structured)}] if has_structure else []


def _can_carry(structured: Any, version: str) -> bool:
    return version in MODERN or (isinstance(structured, dict) and at_least(version, "2025-06-18"))


def _count_values(result: dict[str, Any]) -> None:
    completion = result.get("completion")
    if not isinstance(completion, dict):
        return
    values = completion.get("values")
    if isinstance(values, list) and len(values) > MAX_VALUES:
        result["completion"] = {**completion, "hasMore": True}
