"""The states of a plugin use, as a table, and what is known of each use. It loads nothing and runs nothing.

resolved → verified → compiled → ready ⇄ draining (the old one, while a new one has taken over)
any of them → failed (an error kept it from being ready), compiled and later → fenced (revoked, quarantined)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["State", "UseState", "may_follow"]


class State(StrEnum):
    """Where a plugin use is on its way."""

    RESOLVED = "resolved"
    VERIFIED = "verified"
    COMPILED = "compiled"
    READY = "ready"
    DRAINING = "draining"
    FENCED = "fenced"
    FAILED = "failed"


_NEXT: MappingProxyType[State, frozenset[State]] = MappingProxyType(
    {
        State.RESOLVED: frozenset({State.VERIFIED, State.FAILED}),
        State.VERIFIED: frozenset({State.COMPILED, State.FAILED}),
        State.COMPILED: frozenset({State.READY, State.FAILED, State.FENCED}),
        State.READY: frozenset({State.DRAINING, State.FENCED}),
        State.DRAINING: frozenset({State.FENCED}),
        State.FENCED: frozenset(),
        State.FAILED: frozenset(),
    }
)


def may_follow(before: State, after: State) -> bool:
    """Whether a use may go from `before` to `after`."""
    return after in _NEXT[before]


@dataclass(frozen=True, slots=True)
class UseState:
    """One generation of one use for people: the generation counts the swaps, `reason` is for fenced and failed."""

    use: str
    generation: int
    state: State
    reference: str
    plugin: str = ""
    version: str = ""
    wasm: str = ""
    manifest: str = ""
    config: str = ""
    isolation: str = ""
    memo: bool = False
    reason: str = ""
