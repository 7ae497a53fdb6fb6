"""The eight worlds: each kind's interface, its functions and their tags. It mirrors `wit/`, by test."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["PACKAGE", "VERSION", "WORLDS", "Function", "PluginKind"]

PACKAGE = "mcpg:plugin"
VERSION = "1.0.0"


class PluginKind(StrEnum):
    """What a plugin is for; each kind has one world."""

    IDENTITY = "identity"
    POLICY = "policy"
    LIMIT = "limit"
    TRANSFORM = "transform"
    BACKEND = "backend"
    CATALOG = "catalog"
    CREDENTIAL = "credential"
    SINK = "sink"

    @property
    def world(self) -> str:
        """The full name of the world, such as `mcpg:plugin/backend-plugin@1.0.0`."""
        return f"{PACKAGE}/{self.value}-plugin@{VERSION}"

    @property
    def interface(self) -> str:
        """The full name of the exported interface, such as `mcpg:plugin/backend@1.0.0`."""
        return f"{PACKAGE}/{self.value}@{VERSION}"


class Function(NamedTuple):
    """One exported function: its parameters' names and the answer's tags; `replies` says whether it may ask."""

    name: str
    parameters: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def replies(self) -> bool:
        """Whether the function takes replies and may answer `perform`."""
        return "replies" in self.parameters


_F = Function
WORLDS: MappingProxyType[PluginKind, tuple[Function, ...]] = MappingProxyType(
    {
        PluginKind.IDENTITY: (
            _F("identify", ("request", "replies"), ("caller", "abstain", "reject", "failed", "perform")),
        ),
        PluginKind.POLICY: (
            _F("decide", ("caller", "action", "replies"), ("permit", "deny", "abstain", "failed", "perform")),
            _F("see", ("caller", "actions", "replies"), ("seen", "failed", "perform")),
        ),
        PluginKind.LIMIT: (
            _F("reserve", ("caller", "action"), ("charge", "deny", "failed")),
            _F("settle", ("caller", "action", "outcome"), ("ok", "err")),
        ),
        PluginKind.TRANSFORM: (
            _F("before", ("caller", "call", "replies"), ("unchanged", "changed", "deny", "failed", "perform")),
            _F(
                "after", ("caller", "call", "outcome", "replies"), ("unchanged", "changed", "deny", "failed", "perform")
            ),
        ),
        PluginKind.BACKEND: (
            _F("describe", ("replies",), ("catalog", "failed", "perform")),
            _F("call", ("caller", "call", "replies"), ("done", "failed", "perform", "ask")),
        ),
        PluginKind.CATALOG: (_F("shape", ("caller", "catalog"), ("ok", "err")),),
        PluginKind.CREDENTIAL: (
            _F("issue-for", ("caller", "target", "replies"), ("issued", "deny", "failed", "perform")),
        ),
        PluginKind.SINK: (_F("deliver", ("batch", "replies"), ("delivered", "retry", "failed", "perform")),),
    }
)
