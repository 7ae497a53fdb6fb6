"""Digests of sources, and that the same sources give the same bytes wherever they are built."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def copied(where: Path) -> Path:
    """A copy of what components are built from."""
    ignored = shutil.ignore_patterns("target", "out", "__pycache__")
    shutil.copytree(ROOT / "plugins-src", where / "plugins-src", ignore=ignored)
    shutil.copytree(ROOT / "wit", where / "wit")
    return where / "plugins-src"


def check(sources: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(sources / "sources.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_changed_source_is_found(tmp_path: Path) -> None:
    sources, written = copied(tmp_path), str(tmp_path / "sources.json")
    assert check(sources, "--write", written).returncode == 0
    assert check(sources, "--check", written).returncode == 0
    file = sources / "components" / "limit-rate" / "src" / "rule.rs"
    file.write_text(file.read_text() + "\n")
    found = check(sources, "--check", written)
    assert found.returncode == 1
    assert "the sources of `limit-rate` have changed" in found.stderr
    assert "limit-rate" in found.stderr
    assert "backend-http" not in found.stderr
    shared = sources / "sdk" / "rust" / "src" / "run.rs"
    shared.write_text(shared.read_text() + "\n")
    assert "backend-http" in check(sources, "--check", written).stderr


def test_digests_do_not_depend_on_the_folder(tmp_path: Path) -> None:
    here = check(ROOT / "plugins-src")
    assert json.loads(here.stdout) == json.loads(check(copied(tmp_path / "some" / "where")).stdout)


@pytest.mark.real
def test_the_same_sources_give_the_same_bytes_in_any_folder(tmp_path: Path) -> None:
    rust = subprocess.run([ROOT / ".ci" / "rust"], capture_output=True, text=True, check=False)
    if rust.returncode:
        pytest.skip(f"nothing can be built: {rust.stdout.strip()}")
    built = []
    for folder in ("a", "b/deeper/place"):
        sources = copied(tmp_path / folder)
        subprocess.run([sys.executable, str(sources / "build.py"), "--only", "identity-anonymous"], check=True)
        built.append((sources / "out" / "identity-anonymous.wasm").read_bytes())
    assert built[0] == built[1]
