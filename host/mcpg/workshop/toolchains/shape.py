"""What a toolchain is given and gives back. It holds no toolchain."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from mcpg.workshop.problems import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mcpg.contract.worlds import PluginKind
    from mcpg.workshop.processes import Ran
    from mcpg.workshop.project import Project

__all__ = ["Compiled", "Job", "Say", "Toolchain", "compiler_failed", "environment"]

Say = "Callable[[str], None]"
_DIAGNOSTIC: Final = re.compile(
    r"(?:-->\s*|^\s*(?:File \")?)((?:[\w@.+-]|/)+\.(?:rs|go|js|mjs|py|toml|mod|json))(?:\", line |:)(\d+)(?::(\d+))?",
    re.MULTILINE,
)
_SHOWN: Final = 8000


@dataclass(frozen=True, slots=True)
class Job:
    """One build: the project, where its SDK stands, a folder for what is in between, and who is told of steps."""

    project: Project
    sdk: Path
    work: Path
    say: Callable[[str], None]
    kind: PluginKind | None = None
    """The kind that the manifest's file says, if there is such a file."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compiler gave: a core module, of which a component is yet to be made, or a component.

    `traced` is the same core module with names and line tables.
    """

    wasm: bytes
    component: bool
    traced: bytes | None = None
    notes: tuple[str, ...] = field(default=())


class Toolchain(Protocol):
    """How one language is built."""

    async def ready(self, job: Job) -> str:
        """Find every tool, bring what the project depends on, and return the compiler's name and version.

        Raises `ToolMissing`, which names what is missing and how it is installed.
        """
        ...

    async def compile(self, job: Job) -> Compiled:
        """Compile the project, which is ready; raises `BuildFailed` with what the compiler said."""
        ...


def environment(drop: Iterable[str], **values: str) -> dict[str, str]:
    """Return this process's environment without the variables that change what is built, and with `values`.

    A name in `drop` that ends with `*` stands for all that begin so.
    """
    names = tuple(drop)
    exact = {name for name in names if not name.endswith("*")}
    begin = tuple(name[:-1] for name in names if name.endswith("*"))
    kept = {k: v for k, v in os.environ.items() if k not in exact and not (begin and k.startswith(begin))}
    return {**kept, **values}


def compiler_failed(what: str, ran: Ran, *, root: Path, also: Mapping[str, str] | None = None) -> BuildFailed:
    """Return the error for a compiler that ended with errors: its words as they are, and the first place they name."""
    said = (ran.err.strip() or ran.out.strip())[:_SHOWN]
    for sign, remedy in (also or {}).items():
        if sign in said:
            return BuildFailed(f"{what} did not compile it", remedy=remedy, output=said, where=_place(said, root))
    return BuildFailed(
        f"{what} did not compile it", where=_place(said, root), remedy="mend what it says above", output=said
    )


def _place(said: str, root: Path) -> str:
    """Return `file:line:column` of the first diagnostic that is about a file of the project."""
    for match in _DIAGNOSTIC.finditer(said):
        path = match[1].removeprefix(f"{root}/").removeprefix("./")
        if (root / path).is_file() and not path.startswith(("sdk/", "/")):
            return ":".join([path, match[2], *[match[3]] * bool(match[3])])
    return ""
