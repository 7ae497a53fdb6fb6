"""What the pipeline is made of: stages, chains and the plan that holds them. It does not build plugins or run them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mcpg.pipeline.projection import Reads, compile_reads

if TYPE_CHECKING:
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.ports import Effects, GuestHandle
    from mcpg.pipeline.routes import RouteTable

__all__ = ["Combine", "Plan", "Stage", "make_stage"]

Combine = Literal["deny-overrides", "first", "all-permit", "off"]
"""How verdicts combine; `off` (permit without asking) is for measuring, no configuration file can say it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A plugin use in its place: the guest that is asked, the effects it may ask for, and what it reads."""

    use: str
    guest: GuestHandle
    effects: Effects
    reads: Reads
    on_failure: Literal["deny", "skip"] = "deny"
    shadow: bool = False


def make_stage(
    guest: GuestHandle,
    effects: Effects,
    *,
    manifest: Manifest | None = None,
    on_failure: Literal["deny", "skip"] = "deny",
    shadow: bool = False,
) -> Stage:
    """Return the stage of a ready guest; `manifest` is what it will have once the plan is in force, if another."""
    reads = compile_reads((manifest or guest.manifest).reads)
    return Stage(guest.use, guest, effects, reads, on_failure, shadow)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that answers calls of one endpoint at one moment; after a reload calls in flight keep theirs."""

    generation: int
    routes: RouteTable
    endpoint: str = "mcp"
    """What the endpoint is called: `mcp`, a profile, or `servers/UPSTREAM`."""
    halted: str = ""
    """Why nothing is permitted and nothing shown, if that is so: a policy engine that has been fenced."""
    fenced: frozenset[str] = frozenset()
    """The uses that refuse every call."""
    identity: tuple[Stage, ...] = ()
    policy: tuple[Stage, ...] = ()
    combine: Combine = "deny-overrides"
    limits: tuple[Stage, ...] = ()
    limits_fail_open: bool = False
    transforms: tuple[Stage, ...] = ()
    catalog: tuple[Stage, ...] = ()
    list_ttl: float = 0.0
    """Seconds that a client of 2026-07-28 may keep lists without asking."""
    backends: dict[str, Stage] = field(default_factory=dict)
