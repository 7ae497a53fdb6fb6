"""Completion: what `completion/complete` is about, and the shape of its answer. It asks no backend.

A reference names a prompt, or a resource by URI or URI template; the arguments of the action and of the call document
are MCP's parameters, whose `ref` says only which kind it is: the name is the action's.
Source: MCP 2026-07-28, server/utilities/completion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import BadDocument
from mcpg.protocol.frames import INVALID_PARAMS

if TYPE_CHECKING:
    from mcpg.pipeline.routes import RouteKind

__all__ = ["COMPLETION", "NOT_OFFERED", "NO_VALUES", "completed", "reference"]

COMPLETION = "completion/complete"
NOT_OFFERED = frozenset({"mcp-unknown-method", "unsupported-method"})
"""What a backend answers that completes nothing."""
NO_VALUES: dict[str, Any] = {"completion": {"values": [], "total": 0, "hasMore": False}}
_KINDS: dict[str, tuple[RouteKind, str]] = {"ref/prompt": ("prompt", "name"), "ref/resource": ("resource", "uri")}
MOST = 100
"""Values of one answer, as the specification has it."""


def reference(params: dict[str, Any]) -> tuple[RouteKind, str, dict[str, Any]]:
    """Return kind, name and arguments of a request; raises `Refusal` -32602 for what is none.

    The kind is `resource` also for a URI template: who looks it up finds either.
    """
    ref, argument, context = params.get("ref"), params.get("argument"), params.get("context")
    found = _KINDS.get(str(ref.get("type"))) if isinstance(ref, dict) else None
    if not isinstance(ref, dict) or found is None:
        raise Refusal(INVALID_PARAMS, "params.ref is neither a ref/prompt nor a ref/resource")
    kind, field = found
    name = ref.get(field)
    if not isinstance(name, str) or not name:
        raise Refusal(INVALID_PARAMS, f"params.ref.{field} is missing or no text")
    if not isinstance(argument, dict) or not all(isinstance(argument.get(part), str) for part in ("name", "value")):
        raise Refusal(INVALID_PARAMS, "params.argument has no name and value")
    about = {"name": argument["name"], "value": argument["value"]}
    arguments: dict[str, Any] = {"ref": {"type": ref["type"]}, "argument": about}
    if context is not None:
        known = context.get("arguments", {}) if isinstance(context, dict) else None
        if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
            raise Refusal(INVALID_PARAMS, "params.context.arguments is no object of texts")
        arguments["context"] = {"arguments": known}
    return kind, name, arguments


def completed(use: str, result: dict[str, Any]) -> None:
    """Check the answer of a backend, in place: at most a hundred texts; raises `BadDocument`."""
    completion = result.get("completion")
    values = completion.get("values") if isinstance(completion, dict) else None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadDocument(f"`{use}` answered a completion without a list of texts in `values`")
    if len(values) > MOST:
        result["completion"] = {**completion, "values": values[:MOST], "hasMore": True}  # type: ignore[dict-item]
