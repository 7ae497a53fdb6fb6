"""Packages that a plugin in Python uses itself: those of its `requirements.txt`, pure Python only. It builds nothing.

Nothing else gets in: what happens to be installed beside the tool is no source of the plugin.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpg.workshop.problems import BuildFailed
from mcpg.workshop.processes import found, run

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["install_packages"]

WISHES: Final = "requirements.txt"
VERSION: Final = "3.14"
"""The Python inside componentize-py."""
_EXACT: Final = re.compile(r"^[A-Za-z0-9][\w.-]*(\[[\w, -]+\])?==[\w.!+]+( .*)?$")
_PURE: Final = (
    *("--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"),
    *("--python-version", VERSION),
)


async def install_packages(root: Path, tool: str, into: Path, env: Mapping[str, str]) -> Path | None:
    """Install what a project's `requirements.txt` names and return where; nothing if it names nothing.

    Raises `BuildFailed` for a line without an exact version, and for what cannot be had in pure Python.
    """
    lines = _lines(root / WISHES)
    if not lines:
        return None
    for number, line in lines:
        if not line.startswith("-") and not _EXACT.match(line):
            message = f"`{line}` is no exact version"
            raise BuildFailed(message, where=f"{WISHES}:{number}", remedy="write `NAME==VERSION`")
    said = [*_pip(tool), "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", *_PURE]
    done = await run([*said, "--target", into, "--requirement", root / WISHES], cwd=root, env=env, seconds=300)
    if done.status:
        remedy = "a plugin can only use packages in pure Python; see what pip says above"
        message = "its packages cannot be installed"
        raise BuildFailed(message, where=WISHES, remedy=remedy, output=done.err.strip()[:8000])
    return into


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines that say something, with their numbers."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    stripped = [(number, line.partition(" #")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in stripped if line and not line.startswith("#")]


def _pip(tool: str) -> list[str | Path]:
    """Return how pip is called: that beside componentize-py, or that of the interpreter that runs this."""
    beside = found("pip", Path(tool).parent) if os.sep in tool else ""
    return [beside] if beside else [sys.executable, "-m", "pip"]
