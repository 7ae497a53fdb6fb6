"""The cookbook: six projects that are built by their own tools and hold their cases, and a page that names them."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.workshop.author import ROOT, Author

from mcpg.contract.worlds import WORLDS
from mcpg.workshop.cases import load_cases
from mcpg.workshop.manifests import find_manifest
from mcpg.workshop.project import open_project

if TYPE_CHECKING:
    from pathlib import Path

COOKBOOK = ROOT / "plugins-src" / "cookbook"
PROJECTS = {
    "budget-guard": ("limit", "go"),
    "pii-redaction": ("transform", "rust"),
    "prompt-injection-screen": ("transform", "python"),
    "request-signing": ("backend", "go"),
    "response-trimming": ("transform", "javascript"),
    "sql-guard": ("policy", "rust"),
}
LEAST = 6
MADE = ("out", "sdk", "target", "node_modules", "__pycache__", ".venv")


def test_every_project_is_in_the_table_and_on_the_page() -> None:
    folders = {path.name for path in COOKBOOK.iterdir() if path.is_dir()}
    page = (ROOT / "docs" / "cookbook.md").read_text()
    linked = set(re.findall(r"\]\(\.\./plugins-src/cookbook/([a-z-]+)/README\.md\)", page))
    assert folders == set(PROJECTS) == linked


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_says_what_it_is_how_it_is_used_and_what_it_does_not_do(name: str) -> None:
    project = open_project(COOKBOOK / name)
    manifest = find_manifest(project).text
    kind, language = PROJECTS[name]
    assert (project.name, project.language) == (name, language)
    assert re.search(rf'"kind":\s*"{kind}"', manifest)
    readme = (project.root / "README.md").read_text()
    assert f"# {name}" in readme
    assert "## Use it" in readme
    assert "## What it does not do" in readme


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_has_cases_for_every_function_and_for_what_it_refuses(name: str) -> None:
    cases = load_cases(open_project(COOKBOOK / name).cases)
    assert len(cases) >= LEAST
    functions = {function.name for kind, found in WORLDS.items() if kind == PROJECTS[name][0] for function in found}
    assert {case.ask for case in cases if case.refuses is None} == functions
    code = "".join(path.read_text() for path in (COOKBOOK / name).rglob("*.*") if _is_own_code(path))
    assert "bad-config" not in code or any(case.refuses is not None for case in cases)


def _is_own_code(path: Path) -> bool:
    own = path.relative_to(COOKBOOK).parts
    return path.suffix in {".rs", ".go", ".js", ".py"} and not set(own) & set(MADE) and "test" not in path.stem


@pytest.mark.real
@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_is_built_and_holds_its_cases(name: str, toolchains: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(COOKBOOK / name, tmp_path / name, ignore=shutil.ignore_patterns(*MADE))
    author = Author(tmp_path, toolchains)
    told = author.told("plugin", "test", name, "--properties", "25")
    assert (told["good"], told["failed"]) == (True, 0)
    assert told["passed"] >= LEAST
