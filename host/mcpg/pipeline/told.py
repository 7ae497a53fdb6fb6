"""Results that are our own words, and our own member of every result's `_meta`. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcpg.pipeline.work import Work

__all__ = ["CALL_META", "signed", "told"]

CALL_META = "dev.mcpg/call"


def told(text: str) -> dict[str, Any]:
    """Return a tool's result that says what went wrong."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def signed(result: dict[str, Any], work: Work) -> dict[str, Any]:
    """Return the result with the id of its call; a `_meta` that a transform or redaction made no object goes."""
    meta = result.get("_meta")
    return {**result, "_meta": {**(meta if isinstance(meta, dict) else {}), CALL_META: work.call_id}}
