"""The Rust SDK: what it exports, that it stands on its own, and that what is written on it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import ROOT
from tests.workshop.author import Author
from tests.workshop.projects import made

from mcpg.contract.worlds import WORLDS, PluginKind
from mcpg.sandbox.worlds import LIFECYCLE
from mcpg.workshop.manifests import find_manifest, judge

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ROOT / "plugins-src"
SDK = SOURCES / "sdk" / "rust"
# What projects build is kept, so that only the first time is slow.
TARGET = SOURCES / "target" / "projects"


def test_its_macros_export_the_functions_of_every_world() -> None:
    code = (SDK / "src" / "export.rs").read_text()
    named = {kind: set(re.findall(rf'"({re.escape(kind.interface)}#[a-z-]+)"', code)) for kind in PluginKind}
    assert named == {kind: {f"{kind.interface}#{each.name}" for each in WORLDS[kind]} for kind in PluginKind}
    names = re.findall(r'"(mcpg:plugin/[^"]+)"', code)
    assert f"{LIFECYCLE}#configure" in names
    assert set(re.findall(r'"cabi_post_([^"]+)"', code)) == set(names)


def test_it_could_be_published_as_it_stands() -> None:
    crate = tomllib.loads((SDK / "Cargo.toml").read_text())
    assert (crate["package"]["name"], crate["package"]["version"]) == ("mcpg-sdk", "1.0.0")
    assert crate["package"]["license"] == "Apache-2.0"
    assert {"description", "homepage", "documentation", "readme", "keywords", "rust-version"} <= crate["package"].keys()
    assert crate["dependencies"].keys() == {"serde", "serde_json"}
    assert "workspace" not in (SDK / "Cargo.toml").read_text()
    for name in ("README.md", "LICENSE", "examples"):
        assert (SDK / name).exists(), name


@pytest.mark.parametrize("name", ["pii-redaction", "sql-guard"])
def test_the_manifest_in_the_code_of_a_cookbook_plugin_is_one(name: str, tmp_path: Path) -> None:
    project = made(tmp_path / name, "rust", "transform", name)
    shutil.copytree(SOURCES / "cookbook" / name / "src", project.root / "src", dirs_exist_ok=True)
    _, manifest = judge(find_manifest(project))
    assert manifest.id == f"mcpg/{name}"
    assert manifest.security


def _cargo(*arguments: str, cwd: Path) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("needs Rust")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    done = subprocess.run(
        ["cargo", *arguments], cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.real
def test_its_own_tests_pass_and_its_examples_compile() -> None:
    _cargo("test", "--quiet", "--locked", "--package", "mcpg-sdk", "--all-targets", cwd=SOURCES)
    _cargo("fmt", "--package", "mcpg-sdk", "--check", cwd=SOURCES)


@pytest.mark.real
def test_the_tests_in_new_projects_pass(tmp_path: Path) -> None:
    for kind in PluginKind:
        project = made(tmp_path / f"my-{kind.value}", "rust", kind.value, f"my-{kind.value}")
        _cargo("test", "--quiet", cwd=project.root)
        _cargo("fmt", "--check", "--package", project.name, cwd=project.root)


@pytest.mark.real
@pytest.mark.parametrize("name", ["pii-redaction", "sql-guard"])
def test_a_plugin_of_the_cookbook_passes_its_cases(name: str, tmp_path: Path) -> None:
    # In one place always, for cargo knows what it has built by its folder; the SDK is the one of today.
    project = TARGET / "cookbook" / name
    shutil.rmtree(project / "sdk", ignore_errors=True)
    ignored = shutil.ignore_patterns("target", "out", "sdk")
    shutil.copytree(SOURCES / "cookbook" / name, project, ignore=ignored, dirs_exist_ok=True)
    author = Author(tmp_path, {**os.environ, "CARGO_TARGET_DIR": str(TARGET)})
    author.mcpg("plugin", "build", cwd=project)
    author.mcpg("plugin", "test", "--properties", "100", "--require-coverage", cwd=project)
    _cargo("test", "--quiet", "--locked", cwd=project)
