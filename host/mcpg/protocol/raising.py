"""What an upstream of one version answered, in the newest shape. It changes no value that is the upstream's: it copies.

Source: schema.ts of each version; MCP 2026-07-28, basic/index (`resultType`) and server/utilities/caching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.asks import fitted_asks
from mcpg.protocol.methods import CACHEABLE, EXTENDED, SUSPENDABLE
from mcpg.protocol.results import fitted_result
from mcpg.protocol.tasks import METHODS as TASK_METHODS
from mcpg.protocol.tasks import created_task, fitted_task
from mcpg.protocol.versions import LATEST_MODERN, MODERN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["raise_result"]


def raise_result(method: str, result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return the result of an upstream of `version` in the newest shape; raises `Refusal` -32603 for no result.

    Upstreams of versions with a handshake give no caching hints: their results count as private, for no time.
    """
    raised = dict(result)
    if version not in MODERN:
        raised["resultType"] = "complete"
        raised.pop("ttlMs", None)
        raised.pop("cacheScope", None)
        return _completed(method, raised)
    kind = raised.setdefault("resultType", "complete")
    if kind == "input_required" and method in SUSPENDABLE:
        return fitted_asks(raised, LATEST_MODERN)
    if kind == EXTENDED and method == "tools/call":
        return created_task(raised)
    if kind != "complete":
        raise Refusal(frames.INTERNAL_ERROR, f"the answer to `{method}` has a `resultType` that is not known")
    if method in TASK_METHODS:
        return fitted_task(method, raised)
    return _completed(method, raised)


def _completed(method: str, result: dict[str, Any]) -> dict[str, Any]:
    fitting = fitted_result(method, result, LATEST_MODERN)
    if method in CACHEABLE:
        fitting.setdefault("ttlMs", 0)
        fitting.setdefault("cacheScope", "private")
    return fitting
