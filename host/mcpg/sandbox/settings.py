"""What an operator sets of the sandbox, and the limits of one plugin use. It reads no configuration file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.manifest import Limits

__all__ = ["Isolation", "PassLimits", "SandboxSettings"]

Isolation = Literal["shared", "tenant", "call"]

_KIB: Final = 1024
_MIB: Final = 1024 * 1024
_SIZES: Final = {"KiB": _KIB, "MiB": _MIB}
_DURATIONS: Final = {"ms": 0.001, "s": 1.0}


@dataclass(frozen=True, slots=True)
class PassLimits:
    """What one pass may use: linear memory in bytes, wall time in seconds, its answer in bytes of text."""

    memory: int = 64 * _MIB
    time: float = 0.05
    output: int = _MIB

    @classmethod
    def of(cls, limits: Limits) -> PassLimits:
        """Return the limits that a manifest names (`64MiB`, `50ms`, `1MiB`); `ValueError` when they cannot be read."""
        memory, output = (_quantity(text, _SIZES) for text in (limits.memory, limits.output))
        return cls(memory=int(memory), time=_quantity(limits.time, _DURATIONS), output=int(output))


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Caps and sizes of the one sandbox of this process. Times in seconds unless the name says otherwise."""

    cache: Path
    """Directory of compiled components; made with mode 0700."""
    cache_bytes: int = 1024 * _MIB
    inline_deadline_ms: int = 2
    """How long a pass may hold the event loop before it is run again in the thread pool."""
    pool_threads: int = 4
    """Threads for slow passes; one plugin use gets at most half of them."""
    max_waiting: int = 2048
    """Passes of one plugin use that may wait for a thread; more are refused. As many as the front door lets in."""
    max_memory: int = 256 * _MIB
    max_time: float = 10.0
    max_output: int = 16 * _MIB
    max_component: int = 64 * _MIB
    configure_time: float = 5.0
    repeat_share: float = 0.01
    """The share of passes in shared and tenant instances that is repeated in a fresh one, from 0 to 1."""
    shared_instances: int = 4
    """Idle instances that one plugin use keeps (for each tenant, with isolation `tenant`)."""
    tenants: int = 64
    """Tenants whose instances one plugin use keeps; the one longest unused goes first."""
    ready_instances: int = 2
    """Instances made ahead of time with isolation `call`."""
    output_log: int = 8 * _KIB
    """Bytes of stdout and stderr of one pass that are passed on."""
    lines: bool = False
    """Whether the trace of a trap names source lines, for components built with line tables. Slow: for authors only."""

    def capped(self, limits: PassLimits) -> PassLimits:
        """Return `limits` under this operator's caps."""
        return PassLimits(
            memory=min(limits.memory, self.max_memory),
            time=min(limits.time, self.max_time),
            output=min(limits.output, self.max_output),
        )


def _quantity(text: str, units: dict[str, int] | dict[str, float]) -> float:
    match = re.fullmatch(r"(\d{1,9})([A-Za-z]+)", text)
    if match is None or match[2] not in units:
        raise ValueError(f"`{text}` is not a number with one of {', '.join(units)}")
    return int(match[1]) * units[match[2]]
