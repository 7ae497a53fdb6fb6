"""Builds with real toolchains: the same bytes each time and everywhere, and errors that lead to the author's line."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.workshop.author import LANGUAGES, Author

from mcpg.contract.problems import PluginTrapped
from mcpg.workshop.cases.traces import place_in
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

KIND = "transform"
RESULT = {"status": "ok", "result": {"content": [{"type": "text", "text": "a long text"}]}}
WRONG = {
    "rust": ("src/lib.rs", "\nfn wrong() -> u8 { nothing }\n", "cannot find value `nothing`"),
    "go": ("plugin.go", "\nfunc wrong() int { return nothing }\n", "undefined: nothing"),
    "javascript": ("plugin.js", "\nimport nothing from './nothing.js';\n", "nothing"),
    "python": ("plugin.py", "\nnothing()\n", "nothing"),
}


@pytest.fixture
def author(toolchains: dict[str, str], tmp_path: Path) -> Author:
    return Author(tmp_path, toolchains)


def _moved(project: Path, place: Path) -> Path:
    """Copy a project elsewhere without what was built, and give the folder another name."""
    asides = ("out", "target", "Cargo.lock")
    shutil.copytree(project, place, symlinks=True, ignore=shutil.ignore_patterns(*asides))
    return place


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_component_can_be_built_again(lang: str, author: Author, tmp_path: Path) -> None:
    project = author.new("my-plugin", KIND, lang)
    first = author.told("plugin", "build", cwd=project)
    assert (first["kind"], first["language"], first["warnings"]) == (KIND, lang, [])
    told = author.told("plugin", "inspect", f"file:{first['wasm']}")
    assert [each for each in told["imports"] if each["kind"] != "types"] == []
    assert first["sources"].startswith("sha256:")
    checked = author.told("plugin", "build", "--check", cwd=project)
    assert checked["built_again"] is (lang != "python")
    if lang != "python":
        if lang == "rust":
            author.environment.pop("CARGO_TARGET_DIR")
        again = author.told("plugin", "build", cwd=_moved(project, tmp_path / "else" / "where"))
        assert (again["digest"], again["sources"]) == (first["digest"], first["sources"])
    _changed(author, project, lang)


def _changed(author: Author, project: Path, lang: str) -> None:
    file = WRONG[lang][0]
    (project / file).write_text((project / file).read_text() + "\n")
    done = author.mcpg("plugin", "build", "--check", cwd=project, check=1)
    assert f"`{file}` has changed" in done.stderr


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_does_not_compile_is_told_as_the_compiler_tells_it(lang: str, author: Author) -> None:
    project = author.new("my-plugin", KIND, lang)
    file, wrong, said = WRONG[lang]
    text = (project / file).read_text() + wrong
    (project / file).write_text(text)
    line = 1 + next(number for number, each in enumerate(text.splitlines()) if each.strip() == wrong.strip())
    done = author.mcpg("plugin", "build", cwd=project, check=1)
    assert said in done.stderr
    assert f"\nerror: {file}:{line}" in f"\n{done.stderr}", done.stderr
    assert "to do: " in done.stderr
    error = json.loads(author.mcpg("plugin", "build", "--json", cwd=project, check=1).stderr)["error"]
    assert said in error.get("output", "") + error["message"]
    assert error["code"] == "build-failed"


async def test_a_trap_in_rust_leads_to_the_line(author: Author) -> None:
    project = author.new("my-plugin", KIND, "rust")
    before, after = "let mut changed = false;", "let mut changed = [false; 1][usize::MAX.min(seven())];"
    text = (project / "src/lib.rs").read_text().replace(before, after)
    text += "\n#[inline(never)]\nfn seven() -> usize {\n    std::hint::black_box(7)\n}\n"
    (project / "src/lib.rs").write_text(text)
    built = author.told("plugin", "build", cwd=project)
    async with open_workbench(project / "out" / "my-plugin.traced.wasm", lines=True) as bench:
        stand = await bench.stand({"max_chars": 3})
        with pytest.raises(PluginTrapped) as trapped:
            await stand.ask("after", {"outcome": RESULT})
    line = 1 + next(number for number, each in enumerate(text.splitlines()) if "usize::MAX" in each)
    assert place_in(trapped.value.trace).startswith(f"`src/lib.rs:{line}:")
    assert built["traced"].endswith("my-plugin.traced.wasm")
