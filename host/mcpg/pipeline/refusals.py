"""Refusals as a client sees them: codes, messages and what they must not tell. It decides nothing.

Our own codes lie outside JSON-RPC's reserved range (-32768..-32000), as MCP asks of implementations since 2026-07-28.
"""

from __future__ import annotations

from typing import Any

from mcpg.contract.ports import Refusal
from mcpg.protocol.frames import INVALID_PARAMS, RESOURCE_NOT_FOUND
from mcpg.protocol.versions import Era, era_of

__all__ = [
    "DENIED",
    "LIMITED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "denied",
    "fenced",
    "limited",
    "unauthenticated",
    "unavailable",
    "unknown",
]

UNAUTHENTICATED = -31001
DENIED = -31002
LIMITED = -31003
UNAVAILABLE = -31005

_NOUNS = {"tool": "tool", "prompt": "prompt", "resource": "resource", "template": "resource"}


def unknown(kind: str, name: str, version: str) -> Refusal:
    """Return the refusal for what does not exist for this caller; the same whether it is hidden or absent."""
    if kind in {"resource", "template"}:
        code = RESOURCE_NOT_FOUND if era_of(version) is Era.LEGACY else INVALID_PARAMS
        return Refusal(code, f"unknown resource: {name}", data={"uri": name})
    return Refusal(INVALID_PARAMS, f"unknown {_NOUNS.get(kind, kind)}: {name}")


def denied(message: str, call_id: str, *, code: str = "denied") -> Refusal:
    """Return the refusal of a policy, a transform or an obligation."""
    return Refusal(DENIED, f"denied: {message}", data={"call": call_id, "reason": code})


def limited(account: str, retry_after: float | None, call_id: str) -> Refusal:
    """Return the refusal of a limit; `retry_after` in seconds, None when waiting does not help."""
    data: dict[str, Any] = {"call": call_id, "limit": account}
    if retry_after is not None:
        data["retryAfterMs"] = int(retry_after * 1000) + 1
    return Refusal(LIMITED, f"too many calls: limit {account}", data=data)


def unauthenticated(message: str) -> Refusal:
    """Return the refusal of a request without a good credential (HTTP 401)."""
    return Refusal(UNAUTHENTICATED, message, status=401, headers=(("WWW-Authenticate", 'Bearer realm="mcpg"'),))


def fenced(use: str, call_id: str) -> Refusal:
    """Return the refusal of a request that goes by what a plugin said which has been fenced meanwhile."""
    return unavailable(f"plugin `{use}` has been fenced, and what it said does not count any more", call_id)


def unavailable(message: str, call_id: str = "", *, status: int = 200) -> Refusal:
    """Return the refusal of a request that could not be decided or recorded: fail closed."""
    return Refusal(UNAVAILABLE, message, data={"call": call_id} if call_id else None, status=status)
