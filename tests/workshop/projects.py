"""Projects for tests of the workshop, made as `mcpg plugin new` makes them. It tests nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcpg.contract.worlds import PluginKind
from mcpg.workshop.new import Wish, new_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg.workshop.project import Language, Project

__all__ = ["edited", "made"]


def made(folder: Path, language: Language = "go", kind: str = "policy", name: str = "my-plugin") -> Project:
    """Make a project in `folder`."""
    return new_project(Wish(name, PluginKind(kind), language), folder)


def edited(project: Project, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a project's `manifest.json`; it is written with one member a line."""
    plain = json.loads(project.manifest.read_text())
    change(plain)
    project.manifest.write_text(json.dumps(plain, indent=1))
