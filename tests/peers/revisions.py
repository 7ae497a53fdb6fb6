"""What each revision of MCP knows, written from its specification: methods, notifications, transports. No behaviour.

Deliberately not the gateway's own tables: where the two disagree, a test fails. Source: schema.ts of each revision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ALL", "LEGACY", "MODERN", "Revision", "revision"]

_LISTS = {"tools/list", "prompts/list", "resources/list", "resources/templates/list"}
_CALLS = {"tools/call", "prompts/get", "resources/read", "completion/complete"}
_HANDSHAKE = {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"}
_TASKS = {"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"}
_CHANGES = {f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")}
_TOLD = {*_CHANGES, "notifications/progress", "notifications/message", "notifications/resources/updated"}
_ASKS = {"sampling/createMessage", "roots/list"}
_NOTES = {"notifications/initialized", "notifications/roots/list_changed", "notifications/progress"}
_CANCELLED = {"notifications/cancelled"}


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision: requests and notes of its clients, asks and told things of its servers."""

    name: str
    transport: Literal["sse", "streamable", "modern"]
    requests: frozenset[str]
    notes: frozenset[str]
    asks: frozenset[str]
    told: frozenset[str]
    batches: bool = False
    version_header: bool = False

    @property
    def modern(self) -> bool:
        return self.transport == "modern"

    def since(self, name: str) -> bool:
        """Whether this revision is `name` or came after it."""
        return ALL.index(self.name) >= ALL.index(name)


def _legacy(name: str, transport: Literal["sse", "streamable"], *, requests=(), asks=(), told=(), **more) -> Revision:
    return Revision(
        name=name,
        transport=transport,
        requests=frozenset({*_LISTS, *_CALLS, *_HANDSHAKE, *requests}),
        notes=frozenset({*_NOTES, *_CANCELLED}),
        asks=frozenset({*_ASKS, "ping", *asks}),
        told=frozenset({*_TOLD, *_CANCELLED, *told}),
        **more,
    )


_ELICIT = "elicitation/create"
_KNOWN = {
    each.name: each
    for each in (
        _legacy("2024-11-05", "sse"),
        _legacy("2025-03-26", "streamable", batches=True),
        _legacy("2025-06-18", "streamable", asks={_ELICIT}, version_header=True),
        _legacy(
            "2025-11-25",
            "streamable",
            requests=_TASKS,
            asks={_ELICIT},
            told={"notifications/elicitation/complete", "notifications/tasks/status"},
            version_header=True,
        ),
        Revision(
            name="2026-07-28",
            transport="modern",
            requests=frozenset({*_LISTS, *_CALLS, "server/discover", "subscriptions/listen"}),
            notes=frozenset(_CANCELLED),
            asks=frozenset({*_ASKS, _ELICIT}),
            told=frozenset({*_TOLD, *_CANCELLED, "notifications/subscriptions/acknowledged"}),
            version_header=True,
        ),
    )
}
ALL = tuple(_KNOWN)
LEGACY = ALL[:-1]
MODERN = ALL[-1]


def revision(name: str) -> Revision:
    """Return a revision by its name."""
    return _KNOWN[name]
