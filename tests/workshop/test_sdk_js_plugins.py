"""What is written on the JavaScript SDK here passes its cases, built from its lock file."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import ROOT
from tests.workshop.author import Author

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

SDK = ROOT / "plugins-src" / "sdk" / "js"


@pytest.mark.parametrize("name", ["components/transform-jsonata", "cookbook/response-trimming"])
def test_cases_and_random_inputs(name: str, toolchains: dict[str, str], tmp_path: Path) -> None:
    author = Author(tmp_path, toolchains)
    ignored = shutil.ignore_patterns("node_modules", "out", "sdk")
    shutil.copytree(ROOT / "plugins-src" / name, tmp_path / name, ignore=ignored)
    shutil.copytree(SDK, tmp_path / "sdk" / "js", ignore=shutil.ignore_patterns("node_modules"))
    author.mcpg("plugin", "build", cwd=tmp_path / name)
    author.mcpg("plugin", "test", "--properties", "50", cwd=tmp_path / name)
