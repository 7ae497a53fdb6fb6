"""What an operator says of one plugin use, and what follows from it. It reads no file and starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError
from mcpg.sandbox.settings import PassLimits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg.plugins.loader import VerifiedPlugin
    from mcpg.sandbox.settings import Isolation

__all__ = ["Caps", "UseSpec", "trusted_with"]


@dataclass(frozen=True, slots=True)
class Caps:
    """The operator's caps: memory in bytes, time of a pass in seconds, output in bytes; none means the manifest's."""

    memory: int | None = None
    time: float | None = None
    output: int | None = None

    def under(self, limits: PassLimits) -> PassLimits:
        """Return `limits` where they are below the caps, else the caps."""
        return PassLimits(
            memory=limits.memory if self.memory is None else min(limits.memory, self.memory),
            time=limits.time if self.time is None else min(limits.time, self.time),
            output=limits.output if self.output is None else min(limits.output, self.output),
        )


@dataclass(frozen=True, slots=True)
class UseSpec:
    """What the operator says of one use; files in `config` and relative sources start at `base`.

    With `isolation` and `memo` unsaid, what is built in shares instances and memoises as its manifest allows; every
    other plugin gets a fresh instance for each run and no memo.
    """

    name: str
    source: str
    config: Mapping[str, Any]
    base: Path
    isolation: Isolation | None = None
    memo: bool | None = None
    limits: Caps | None = None


def trusted_with(spec: UseSpec, plugin: VerifiedPlugin) -> tuple[Isolation, bool]:
    """Return isolation and memo; `ConfigError` when the operator wants a memo that the manifest does not offer."""
    if spec.memo and not plugin.manifest.memo:
        raise ConfigError(
            f"`{plugin.manifest.id}` does not offer its verdicts for the memo",
            where=f"plugins.{spec.name}.memo",
            remedy="remove `memo`",
        )
    isolation: Isolation = spec.isolation or ("shared" if plugin.builtin else "call")
    memo = plugin.manifest.memo if spec.memo is None and plugin.builtin else bool(spec.memo)
    return isolation, memo
