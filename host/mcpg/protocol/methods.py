"""Which methods and notifications exist in which version, and the shape of their parameters. It calls none of them.

Source: schema.ts of each version; the extension `io.modelcontextprotocol/tasks`. Parameters are checked as far as
routing and policy rely on them; the rest is the business of whoever answers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mcpg.protocol.params import LOG_LEVELS, SEVERITY, check_params, progress_token
from mcpg.protocol.versions import HANDSHAKE, KNOWN, LATEST_HANDSHAKE, LATEST_MODERN, at_least

__all__ = [
    "CACHEABLE",
    "EXTENDED",
    "LEGACY_METHODS",
    "LOG_LEVELS",
    "METHODS",
    "MODERN_METHODS",
    "NAME_KEYS",
    "NOTICES",
    "RESERVED_PREFIX",
    "SEVERITY",
    "SPANS",
    "SUSPENDABLE",
    "TASKS_EXTENSION",
    "TASK_METHODS",
    "Span",
    "check_params",
    "in_span",
    "method_exists",
    "progress_token",
]

RESERVED_PREFIX: Final = "io.modelcontextprotocol/"
"""What the protocol's own members of `_meta` begin with."""

TASKS_EXTENSION: Final = "io.modelcontextprotocol/tasks"

_FIRST, _, _, _NOVEMBER, _JULY = KNOWN


class Span(NamedTuple):
    """The first version that has something, and the first that has it no more (empty: none)."""

    since: str
    until: str = ""


_ALWAYS: Final = Span(_FIRST)
_HANDSHAKE_ONLY: Final = Span(_FIRST, _JULY)
_MODERN_ONLY: Final = Span(_JULY)

SPANS: Final[dict[str, Span]] = {
    "initialize": _HANDSHAKE_ONLY,
    "ping": _HANDSHAKE_ONLY,
    "logging/setLevel": _HANDSHAKE_ONLY,
    "resources/subscribe": _HANDSHAKE_ONLY,
    "resources/unsubscribe": _HANDSHAKE_ONLY,
    "tools/list": _ALWAYS,
    "tools/call": _ALWAYS,
    "prompts/list": _ALWAYS,
    "prompts/get": _ALWAYS,
    "resources/list": _ALWAYS,
    "resources/templates/list": _ALWAYS,
    "resources/read": _ALWAYS,
    "completion/complete": _ALWAYS,
    "server/discover": _MODERN_ONLY,
    "subscriptions/listen": _MODERN_ONLY,
}
"""A client's requests by name, without tasks."""

NOTICES: Final[dict[str, Span]] = {
    "notifications/cancelled": _ALWAYS,
    "notifications/progress": _ALWAYS,
    "notifications/message": _ALWAYS,
    "notifications/resources/updated": _ALWAYS,
    "notifications/resources/list_changed": _ALWAYS,
    "notifications/tools/list_changed": _ALWAYS,
    "notifications/prompts/list_changed": _ALWAYS,
    "notifications/initialized": _HANDSHAKE_ONLY,
    "notifications/roots/list_changed": _HANDSHAKE_ONLY,
    "notifications/elicitation/complete": Span(_NOVEMBER, _JULY),
    "notifications/tasks/status": Span(_NOVEMBER, _JULY),
    "notifications/subscriptions/acknowledged": _MODERN_ONLY,
    "notifications/tasks": _MODERN_ONLY,
}
"""Notifications of either side by name; others are an extension's or a third party's."""


def in_span(span: Span, version: str) -> bool:
    """Return whether `version` lies in `span`."""
    return at_least(version, span.since) and not (span.until and at_least(version, span.until))


METHODS: Final = {
    version: frozenset(method for method, span in SPANS.items() if in_span(span, version)) for version in KNOWN
}
"""A client's requests in each version, without tasks."""

MODERN_METHODS: Final = METHODS[LATEST_MODERN]
LEGACY_METHODS: Final = METHODS[LATEST_HANDSHAKE]
"""Methods of the versions with a handshake, which are the same in all of them."""

TASK_METHODS: Final = {
    **dict.fromkeys(HANDSHAKE[:-1], frozenset[str]()),
    _NOVEMBER: frozenset({"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"}),
    _JULY: frozenset({"tasks/get", "tasks/update", "tasks/cancel"}),
}
"""Methods of tasks by version: experimental in 2025-11-25, of the extension since; routed only where offered."""

_TASKS: Final = frozenset[str]().union(*TASK_METHODS.values())

CACHEABLE: Final = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
    }
)
"""Methods whose modern results carry `ttlMs` and `cacheScope`."""

SUSPENDABLE: Final = frozenset({"tools/call", "prompts/get", "resources/read"})
"""Methods that may answer `input_required`."""

EXTENDED: Final = "task"
"""The one result type of an extension that can be relayed (from tools/call), where both sides have the extension."""

NAME_KEYS: Final = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""The parameter that the header `Mcp-Name` repeats."""


def method_exists(method: str, version: str) -> bool:
    """Return whether a peer of `version` may know `method`: one of its own, or one that no version defines."""
    if method in SPANS:
        return in_span(SPANS[method], version)
    return method not in _TASKS or method in TASK_METHODS[version]
