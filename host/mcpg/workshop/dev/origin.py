"""Where the plugin of a session comes from: a project that is built, or a component that somebody else builds.

It knows which files matter and when they have changed. It exchanges nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import ConfigError, reason_of
from mcpg.plugins.components import describe_component
from mcpg.workshop.project import open_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.project import Project

__all__ = ["Origin", "Taken"]

LEFT_OUT: Final = frozenset({"out", "target", "node_modules", "dist", "build", "venv", "__pycache__"})
MOST_FOLDERS: Final = 256
MOST_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one source file that count for whether it has changed."""
KEPT: Final = 2
"""Components of earlier builds that stay in the session's folder: one may still be in use while its successor comes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A component that can be loaded: `wasm` is a copy of its own that no build overwrites.

    `traced` is the same code with names and line tables, if there is one; `seconds` what building it took.
    """

    wasm: Path
    digest: str
    manifest: Manifest
    traced: Path | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


class Origin:
    """A plugin's project folder, or its component; with `builds` false a project's component is taken as it is."""

    def __init__(self, path: Path, *, builds: bool = True) -> None:
        self.path = path.resolve()
        self.project: Project | None = open_project(path) if path.is_dir() else None
        self._builds = builds and self.project is not None

    @property
    def root(self) -> Path:
        """The folder whose files matter."""
        return self.project.root if self.project is not None else self.path.parent

    @property
    def sources(self) -> frozenset[Path]:
        """The paths by which an operator's file may name this plugin with `file:`."""
        return frozenset({self.path} if self.project is None else {self.path, self.project.wasm.resolve()})

    @property
    def cases(self) -> tuple[Path, ...]:
        """The plugin's files of cases; a component on its own has those of the folder `cases` beside it."""
        if self.project is not None:
            return self.project.cases
        return tuple(sorted((self.root / "cases").glob("*.y*ml")))

    @property
    def _wasm(self) -> Path:
        return self.path if self.project is None else self.project.wasm

    async def take(self, folder: Path, say: Callable[[str], None]) -> Taken:
        """Build if there is something to build, and return the component as a copy in `folder`; raises `McpgError`."""
        if self.project is None or not self._builds:
            return await asyncio.to_thread(_copied, self._wasm, folder)
        from mcpg.workshop.building import build  # noqa: PLC0415 - a component needs no toolchain

        built = await build(self.project, say=say)
        return await asyncio.to_thread(_copied, built.wasm, folder, built.traced, built.seconds, tuple(built.warnings))

    def folders(self) -> list[Path]:
        """Return the folders to watch: the root and those below it that hold sources. It blocks."""
        if not self._builds:
            self._wasm.parent.mkdir(exist_ok=True)
            beside = [] if self.project is None else [self.root]
            return [folder for folder in (self._wasm.parent, *beside, self.root / "cases") if folder.is_dir()]
        found = [self.root]
        for folder in found:
            below = (each for each in sorted(folder.iterdir()) if each.is_dir() and not _left_out(each))
            found += below
            if len(found) >= MOST_FOLDERS:
                break
        return found[:MOST_FOLDERS]

    def state(self) -> str:
        """Return a digest over all that a build goes by: it changes when an author saves. It blocks."""
        total = hashlib.sha256()
        if not self._builds:
            _count(total, self._wasm)
            return total.hexdigest()
        for folder in self.folders():
            for file in sorted(folder.iterdir()):
                if file.is_file() and file.name[0] != "." and folder.name != "cases":
                    _count(total, file)
        return total.hexdigest()

    def matters(self, paths: Iterable[str]) -> bool:
        """Whether a change of these paths may concern the session at all."""
        if not self._builds:
            wasm = self._wasm.resolve()
            return any(Path(path).resolve() == wasm or Path(path).suffix in {".yaml", ".yml"} for path in paths)
        return any(not _left_out(Path(path)) and not Path(path).name.endswith(("~", ".swp")) for path in paths)


def _left_out(path: Path) -> bool:
    return path.name in LEFT_OUT or path.name[:1] == "."


def _count(total: hashlib._Hash, file: Path) -> None:
    try:
        with file.open("rb") as opened:
            total.update(f"{file}\0".encode() + hashlib.sha256(opened.read(MOST_BYTES)).digest())
    except OSError:
        total.update(f"{file} is gone\0".encode())


def _copied(
    wasm: Path, folder: Path, traced: Path | None = None, seconds: float = 0.0, warnings: tuple[str, ...] = ()
) -> Taken:
    try:
        data = wasm.read_bytes()
    except OSError as error:
        remedy = "build it first: `mcpg plugin build`" if not wasm.exists() else ""
        raise ConfigError(f"cannot be read: {reason_of(error)}", where=str(wasm), remedy=remedy) from None
    digest = hashlib.sha256(data).hexdigest()
    manifest = describe_component(data, str(wasm)).manifest
    copy = folder / f"{digest[:16]}.wasm"
    if not copy.exists():
        part = copy.with_suffix(".part")
        part.write_bytes(data)
        part.replace(copy)
    _forget(folder, copy)
    return Taken(copy, f"sha256:{digest}", manifest, traced, seconds, warnings)


def _forget(folder: Path, current: Path) -> None:
    old = sorted((each for each in folder.glob("*.wasm") if each != current), key=lambda each: each.stat().st_mtime)
    for each in old[: max(0, len(old) - KEPT)]:
        each.unlink(missing_ok=True)
