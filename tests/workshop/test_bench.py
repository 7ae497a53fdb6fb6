"""What `mcpg plugin bench` measures, on components whose memory and behaviour are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from tests.workshop.dev_guests import asks, says, traps

from mcpg.cli import group
from mcpg.contract.problems import ConfigError
from mcpg.workshop.cases import load_cases
from mcpg.workshop.measuring import measure

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://127.0.0.1:1/"
PAGE = 64 * 1024
AFTER: dict[str, Any] = {"ask": "after", "with": {"outcome": {"status": "ok", "result": {"content": []}}}}
DONE = {"changed": {"content": [{"type": "text", "text": "done"}]}}


def cases_in(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "cases" / "all.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump({"cases": list(cases)}))
    return path


async def test_a_case_is_measured_in_its_last_pass(tmp_path: Path) -> None:
    asked = {**AFTER, "name": "asks", "effects": [{"http": {"url": URL}, "reply": {"status": 200}}], "answer": DONE}
    before = {"name": "does nothing", "ask": "before", "answer": "unchanged"}
    figures = await measure(asks(URL), load_cases([cases_in(tmp_path, asked, before)]), seconds=0.01)
    first, second = figures.cases
    assert (first.name, first.function, first.passes, first.memory) == ("asks", "after", 2, 2 * PAGE)
    assert (second.name, second.passes) == ("does nothing", 1)
    assert 0 < first.share < 1
    assert 0 < first.kept.p50 <= first.kept.p99
    assert first.kept.count >= 20
    assert figures.compile > 0
    assert figures.size < figures.compiled
    assert not figures.skipped


async def test_a_case_that_comes_to_no_answer_is_left_out_and_named(tmp_path: Path) -> None:
    path = cases_in(tmp_path, {**AFTER, "name": "good", "answer": DONE})
    figures = await measure(says("done"), load_cases([path]), seconds=0.01)
    assert [each.name for each in figures.cases] == ["good"]
    with pytest.raises(ConfigError, match="no case comes to an answer"):
        await measure(traps(), load_cases([path]), seconds=0.01)


def test_the_verb_gives_a_table_and_json(tmp_path: Path) -> None:
    cases_in(
        tmp_path, {**AFTER, "name": "good", "answer": DONE}, {"name": "other", "ask": "before", "answer": "unchanged"}
    )
    wasm = tmp_path / "trimmer.wasm"
    wasm.write_bytes(says("done"))
    words = ["plugin", "bench", str(wasm), "--seconds", "0.01"]
    done = CliRunner().invoke(group.cli, [*words, "--case", "good", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["plugin"], [each["name"] for each in document["cases"]]) == ("acme/trimmer", ["good"])
    assert document["cases"][0]["memory"] == 2 * PAGE
    assert "values" in CliRunner().invoke(group.cli, words).stdout
