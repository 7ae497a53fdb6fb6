"""What authors get wrong, and what they are told: where it is, and what to do. Real toolchains; the errors are ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.workshop.author import Author

pytestmark = pytest.mark.real

WAYS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wrong_ways.yaml").read_text())


@pytest.fixture
def author(toolchains: dict[str, str], tmp_path: Path) -> Author:
    return Author(tmp_path, toolchains)


def _spoil(project: Path, way: dict[str, Any]) -> None:
    for edit in way.get("edits", ()):
        file = project / edit["file"]
        text = file.read_text()
        assert edit["old"] in text, edit
        file.write_text(text.replace(edit["old"], edit["new"], 1))
    if "remove" in way:
        (project / way["remove"]).unlink()


@pytest.mark.parametrize("name", WAYS)
def test_an_author_is_told_where_it_is_wrong_and_what_to_do(name: str, author: Author) -> None:
    way = WAYS[name]
    project = author.new("my-plugin", way["kind"], way["lang"])
    _spoil(project, way)
    done = author.mcpg("plugin", way["verb"], cwd=project, check=1)
    told = done.stdout + done.stderr
    for text in way["says"]:
        assert text in told, told
    if "at" in way:
        file = way["edits"][-1]["file"]
        lines = (project / file).read_text().splitlines()
        number = 1 + next(place for place, line in enumerate(lines) if way["at"] in line)
        assert f"{file}:{number}" in told, told
