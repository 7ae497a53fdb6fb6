"""Generated files are fresh; every key, verb, error code and decision is documented; links lead somewhere."""

from __future__ import annotations

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mcpg.cli.reference import verbs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PACKAGES = ("host/mcpg", "registry/mcpg_registry", "mirror/mcpg_mirror", "revocations/mcpg_revocations")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_fresh(generate: ModuleType) -> None:
    stale = [path.name for path, text in generate.texts().items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run `make docs`"


def test_every_verb_is_documented() -> None:
    page = (DOCS / "reference" / "cli.md").read_text()
    assert all(f"## `{path}`" in page for path, _ in verbs())


@cache
def _codes() -> frozenset[tuple[str, str]]:
    """Every error code in the sources: `code = "..."` of a class, `code="..."` and `failed("...", ...)` of a call."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return frozenset((code, str(path.relative_to(ROOT))) for path in paths for code in _codes_in(path.read_text()))


def _codes_in(text: str) -> Iterator[str]:
    if not any(word in text for word in ("code", "failed", "Problem")):
        return
    for node in ast.walk(ast.parse(text)):
        for value in _code_values(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _code_values(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"failed", "Problem"}:
        return node.args[:1]
    named = isinstance(node, ast.keyword) and node.arg == "code"
    if isinstance(node, ast.Assign):
        named = [getattr(target, "id", "") for target in node.targets] == ["code"]
    if not named or not isinstance(node, ast.keyword | ast.Assign):
        return []
    return [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]


def test_every_error_code_is_documented() -> None:
    page = (DOCS / "reference" / "errors.md").read_text()
    missing = sorted({(code, path) for code, path in _codes() if f"| `{code}` |" not in page})
    assert missing == [], "add a row to docs/reference/errors.md"
    assert len({code for code, _ in _codes()}) > 20


def test_every_code_that_clients_see_is_documented() -> None:
    page = (DOCS / "reference" / "errors.md").read_text()
    numbers: set[int] = set()
    for name in ("protocol/frames.py", "pipeline/refusals.py"):
        text = (ROOT / "host" / "mcpg" / name).read_text()
        numbers |= {int(number) for number in re.findall(r"(?m)^[A-Z_]+ = (-3[12]\d{3})$", text)}
    assert len(numbers) > 10
    assert [number for number in sorted(numbers) if f"| `{number}` |" not in page] == []


def test_every_decision_is_indexed() -> None:
    index = (DOCS / "adr" / "README.md").read_text()
    decisions = sorted(path.name for path in (DOCS / "adr").glob("[0-9]*.md"))
    assert [name for name in decisions if f"({name})" not in index] == []
    numbers = [name[:4] for name in decisions]
    assert len(set(numbers)) == len(numbers)


def test_every_page_is_reached_from_the_index() -> None:
    linked = {(DOCS / target).resolve() for target in _links(DOCS / "README.md")}
    pages = [path for path in DOCS.rglob("*.md") if path.name != "README.md" and path.parent.name != "adr"]
    assert [str(path.relative_to(DOCS)) for path in pages if path.resolve() not in linked] == []


def _links(path: Path) -> list[str]:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL)
    return [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [target for target in _links(page) if target and not (page.parent / target).exists()]
    assert broken == []


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`(tests/[a-z_/]+\.py)(?:::(\w+))?`", (DOCS / "explanation" / "threat-model.md").read_text())
    assert len(named) > 40
    texts = {path: (ROOT / path).read_text() if (ROOT / path).exists() else "" for path, _ in named}
    missing = [f"{path}::{name}" for path, name in named if f"def {name or 'test_'}" not in texts[path]]
    assert missing == [], "the threat model must name tests that there are"
