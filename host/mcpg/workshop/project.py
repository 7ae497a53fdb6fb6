"""A plugin's project: a folder with code in one language, a manifest, cases and what was built. It builds nothing."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mcpg.contract.problems import McpgError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ENTRIES", "LANGUAGES", "Language", "Project", "ProjectUnusable", "open_project"]

Language = Literal["rust", "go", "javascript", "python"]

ENTRIES: Final[dict[Language, str]] = {
    "rust": "src/lib.rs",
    "go": "plugin.go",
    "javascript": "plugin.js",
    "python": "plugin.py",
}
"""The file that each language's plugin begins in."""

LANGUAGES: Final[tuple[Language, ...]] = tuple(ENTRIES)
MANIFEST: Final = "manifest.json"


class ProjectUnusable(McpgError):  # noqa: N818 - names state facts
    """A folder is not a plugin's project, or cannot become one."""

    code = "bad-project"


@dataclass(frozen=True, slots=True)
class Project:
    """One project. `root` is absolute; `name` is what the component is called, after its crate or its manifest's id."""

    root: Path
    name: str
    language: Language

    @property
    def entry(self) -> Path:
        """The file that the plugin begins in."""
        return self.root / ENTRIES[self.language]

    @property
    def manifest(self) -> Path:
        """The manifest's file; a Rust project may have it in the macro of `src/lib.rs` instead."""
        return self.root / MANIFEST

    @property
    def cases(self) -> tuple[Path, ...]:
        """The files of cases, by name."""
        return tuple(sorted(path for path in (self.root / "cases").glob("*.y*ml") if path.is_file()))

    @property
    def wasm(self) -> Path:
        """Where the built component stands."""
        return self.root / "out" / f"{self.name}.wasm"

    @property
    def traced(self) -> Path:
        """Where the same code with names and line tables stands, if its language has such."""
        return self.root / "out" / f"{self.name}.traced.wasm"


def open_project(path: Path) -> Project:
    """Return the project in folder `path`; `ProjectUnusable` where there is none, or no telling its language."""
    root = path.resolve()
    if not root.is_dir():
        raise ProjectUnusable(
            "no such folder", where=f"{path}", remedy="name a plugin's folder, or make one: `mcpg plugin new`"
        )
    found: list[Language] = [language for language, entry in ENTRIES.items() if (root / entry).is_file()]
    if len(found) == 1:
        return Project(root, _name(root, found[0]) or root.name, found[0])
    if found:
        several = ", ".join(f"`{ENTRIES[language]}`" for language in found)
        raise ProjectUnusable(f"has {several}: one plugin has one of them", where=f"{path}", remedy="keep one")
    wanted = ", ".join(f"`{entry}` ({language})" for language, entry in ENTRIES.items())
    raise ProjectUnusable(
        f"is no plugin's project: none of {wanted} is here", where=f"{path}", remedy="make one with `mcpg plugin new`"
    )


def _name(root: Path, language: Language) -> str:
    """Return the name in the project's own files, wherever it was checked out to; empty if they say none."""
    try:
        if language == "rust":
            found = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["package"]["name"]
        else:
            found = json.loads((root / MANIFEST).read_text(encoding="utf-8"))["id"].rpartition("/")[2]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""
    return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", found) else ""
