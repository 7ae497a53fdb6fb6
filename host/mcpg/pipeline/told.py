"""Results that are our own words, and our own member of every result's `_meta`. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import RunFailed
from mcpg.protocol.methods import RESERVED_PREFIX

if TYPE_CHECKING:
    from mcpg.contract.problems import McpgError
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.work import Work

__all__ = ["CALL_META", "OURS", "RESERVED", "explained", "signed", "told"]

OURS = "dev.mcpg/"
"""How members of `_meta` begin that are the gateway's own: an upstream's are taken out."""
CALL_META = OURS + "call"
RESERVED = (RESERVED_PREFIX, OURS)
"""How members of `_meta` begin that are the protocol's or the gateway's to say."""


def told(text: str) -> dict[str, Any]:
    """Return a tool's result that says what went wrong."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def explained(error: McpgError, route: Route) -> McpgError:
    """Return the error of a call in clearer words, where the tool's own definition says what it lacked.

    A server of 2025-11-25 answers -32601 where a tool that wants its experimental tasks is called without one; it is
    called with one only if the server has declared that it takes them.
    """
    execution = route.entry.get("execution")
    wants = isinstance(execution, dict) and execution.get("taskSupport") == "required"
    if not wants or error.code != "mcp-unknown-method":
        return error
    text = "the tool wants `tasks`, the experimental capability of 2025-11-25, which its server does not offer or serve"
    return RunFailed(text, code="mcp-missing-capability")


def signed(result: dict[str, Any], work: Work) -> dict[str, Any]:
    """Return the result with the id of its call; a `_meta` that a transform or redaction made no object goes."""
    meta = result.get("_meta")
    return {**result, "_meta": {**(meta if isinstance(meta, dict) else {}), CALL_META: work.call_id}}
