"""From a project to a component with its manifest, checked. It signs and publishes nothing, and runs no plugin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.project import Project

__all__ = ["BuiltPlugin", "build"]


@dataclass(frozen=True, slots=True)
class BuiltPlugin:
    """What a build gave: `digest` is `sha256:<hex>` of the component, `size` its bytes, `seconds` the whole build.

    `traced` is the same code with names and line tables, for messages on traps, where the language has such.
    """

    wasm: Path
    traced: Path | None
    manifest: Manifest
    digest: str
    size: int
    seconds: float
    warnings: tuple[str, ...]


async def build(
    project: Project, *, out: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> BuiltPlugin:
    """Build `project` to `out` (its own `out/` if not given); `say` gets a line for each step.

    Raises `BuildFailed` for what the author can mend: a missing tool, an error of the compiler, a wrong manifest.
    """
    raise NotImplementedError
