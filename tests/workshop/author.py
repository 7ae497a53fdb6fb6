"""Somebody who writes plugins with nothing but the command line and a language's own tools. It tests nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from typing import TYPE_CHECKING, Any

from tests.system.kit import ROOT, sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["KINDS", "LANGUAGES", "Author", "componentizer"]

ALL = ("identity", "policy", "limit", "transform", "backend", "catalog", "credential", "sink")
KINDS: dict[str, tuple[str, ...]] = {
    "rust": ALL,
    "go": ALL,
    "javascript": ALL,
    "python": ("policy", "transform", "backend"),
}
LANGUAGES = tuple(KINDS)
PATIENCE = 600.0


class Author:
    """Works in `folder`; `environment` is that of the toolchains."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {
            **environment,
            "PYTHONPATH": os.pathsep.join(sources()),
            "MCPG_STATE": str(folder / "state"),
        }

    def mcpg(self, *arguments: str, cwd: Path | None = None, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the command line; `check` is the exit status that it must have."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mcpg", *arguments], cwd=cwd or self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert check is None or done.returncode == check, (arguments, done.returncode, done.stdout, done.stderr)
        assert "Traceback (most recent call last)" not in done.stderr, done.stderr
        return done

    def told(self, *arguments: str, cwd: Path | None = None) -> Any:
        """Run the command line and return what it says as JSON."""
        return json.loads(self.mcpg(*arguments, "--json", cwd=cwd).stdout)

    def new(self, name: str, kind: str, lang: str) -> Path:
        """Make a project and return its folder."""
        self.mcpg("plugin", "new", name, "--kind", kind, "--lang", lang, "--publisher", "acme")
        return self.folder / name


def componentizer(cache: Path) -> Path:
    """Return the folder of programs of an environment with componentize-py, made first if need be."""
    place = cache / "componentize-py"
    programs = place / "bin"
    if not (programs / "componentize-py").exists():
        venv.create(place, with_pip=True)
        requirements = ROOT / "plugins-src" / "sdk" / "python" / "template" / "common" / "requirements-build.txt"
        command = [programs / "python", "-m", "pip", "install", "--quiet", "--requirement", requirements]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    return programs
