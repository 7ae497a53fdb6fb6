"""How little memory a pass needs: the same pass again and again under smaller limits. It decides nothing by it.

Components do not show their memory, but passes are pure: the smallest limit under which a fresh instance is made,
configured and gives the same answer is what the pass needs. A limit counts in pages of 64 KiB, as memories grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import McpgError
from mcpg.sandbox import PassLimits

if TYPE_CHECKING:
    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.verdicts import Case
    from mcpg.sandbox import Component, Sandbox

__all__ = ["Asked", "Guest", "Need", "least_memory"]

PAGE: Final = 64 * 1024
ROOM: Final = 256 * 1024 * 1024
"""The most memory that a pass is given here, whatever its manifest says."""
SECONDS: Final = 5.0
"""The time that each pass has here: memory is looked for, not speed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One pass: the function, its documents and replies in WIT's order, and the facts of its run."""

    function: str
    arguments: tuple[Any, ...]
    facts: RunFacts


@dataclass(frozen=True, slots=True)
class Need:
    """What was found: the smallest limit in bytes (None where none was enough), and whether the answer was the same."""

    memory: int | None
    same: bool = True


@dataclass(frozen=True, slots=True)
class Guest:
    """A component under one configuration (`config` is the text that it gets), and the sandbox to run it in."""

    sandbox: Sandbox
    component: Component
    manifest: Manifest
    config: str

    async def answer(self, asked: Asked, memory: int) -> Case | None:
        """Return what a fresh instance with so much memory answers; None where it does not get that far."""
        limits = replace(PassLimits.of(self.manifest.limits), memory=memory, time=SECONDS)
        try:
            pool = await self.sandbox.guest(
                self.component,
                use="measured",
                manifest=self.manifest,
                config=self.config,
                config_digest=digest_text(self.config),
                isolation="shared",
                memo=False,
                limits=limits,
            )
        except McpgError:
            return None
        try:
            return await pool.ask(asked.function, asked.arguments, asked.facts, "default")
        except McpgError:
            return None
        finally:
            await pool.close()


async def least_memory(guest: Guest, asked: Asked, answer: Case) -> Need:
    """Return the least memory for an instance that gives `answer`, by bisection, each time in a fresh instance.

    Every step takes what making an instance takes, in the sandbox's threads where that is slow. `same` is false where
    even with enough memory the answer is another one: then there is nothing to look for.
    """
    most = min(PassLimits.of(guest.manifest.limits).memory, ROOM)
    found = await guest.answer(asked, most)
    if found is None:
        return Need(None)
    if found != answer:
        return Need(None, same=False)
    low, high = 0, most // PAGE
    while high - low > 1:
        middle = (low + high) // 2
        if await guest.answer(asked, middle * PAGE) == answer:
            high = middle
        else:
            low = middle
    return Need(high * PAGE)
