"""`mcpg plugin test`: what it says to a person and to a program, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from tests.workshop.case_guests import guest, says

from mcpg.cli.group import cli

if TYPE_CHECKING:
    from pathlib import Path

HTTP = ("http", '{"url": "https://a.test/x"}')
LOG = ("log", '{"message": "seen"}')
GOOD = """
cases:
  - name: it permits
    ask: decide
    effects: [{http: {}, reply: {status: 200}}]
    answer: permit
  - name: it sees
    ask: see
    with: {actions: [{}]}
    answer: {seen: p}
"""


@pytest.fixture
def plugin(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A component with cases beside it, in the folder where the verb is called."""
    (tmp_path / "cache" / "mcpg").mkdir(parents=True)
    (tmp_path / "cache" / "mcpg" / "compiled").symlink_to(compiled)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "policy.yaml").write_text(GOOD)
    wasm = tmp_path / "policy.wasm"
    wasm.write_bytes(says(seen="p", perform=(LOG, HTTP)))
    return wasm


def run(*arguments: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["plugin", "test", *map(str, arguments)])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return done


def told(*arguments: str | Path, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def test_good_cases_are_a_line_each_and_end_well(plugin: Path) -> None:
    lines = run(plugin, "-v", "--coverage").stdout.splitlines()
    assert [line.split("ms  ")[-1] for line in lines if line.startswith("ok  ")] == ["it permits", "it sees"]
    assert '       asked   http {"url": "https://a.test/x"}' in lines
    assert "       log     info: seen" in lines
    assert "covers  decide: permit; never deny, abstain, failed" in lines
    assert lines[-1].startswith("acme/wrong 1.0.0: 2 of 2 cases passed in ")


def test_a_case_that_does_not_hold_ends_with_1_and_says_why(plugin: Path) -> None:
    (plugin.parent / "cases" / "policy.yaml").write_text(GOOD.replace("seen: p", "seen: d"))
    text = run(plugin, code=1).stdout
    assert "cases/policy.yaml:10:13: the answer is not the one expected" in text
    assert '/answer/seen: expected "d", found "p"' in text
    document = told(plugin, code=1)
    assert (document["good"], document["passed"], document["failed"]) == (False, 1, 1)
    assert document["cases"][1]["fault"]["differences"] == [{"path": "/answer/seen", "expected": "d", "found": "p"}]


def test_cases_are_chosen_by_name_and_file(plugin: Path) -> None:
    assert [each["name"] for each in told(plugin, "-k", "sees")["cases"]] == ["it sees"]
    other = plugin.parent / "other.yaml"
    other.write_text(GOOD.replace("it sees", "it still sees"))
    assert [each["name"] for each in told(plugin, "--cases", other)["cases"]] == ["it permits", "it still sees"]
    run(plugin, "-k", "sees", "--require-coverage", code=1)


def test_required_coverage_names_what_is_missing(plugin: Path) -> None:
    (plugin.parent / "cases" / "policy.yaml").write_text(GOOD.partition("  - name: it sees")[0])
    document = told(plugin, "--require-coverage", code=1)
    assert (document["failed"], document["uncovered"]) == (0, ["function `see` has no case"])


def test_random_inputs_that_break_it_are_shown_as_a_case(plugin: Path) -> None:
    plugin.write_bytes(guest("trap"))
    document = told(plugin, "--cases", _empty(plugin), "--properties", "20", code=1)
    assert document["properties"]["failed"]["fault"]["code"] == "plugin-trapped"
    text = run(plugin, "--cases", _empty(plugin), "--properties", "20", code=1).stdout
    assert "FAIL random input" in text
    assert "  - name: property" in text


def _empty(plugin: Path) -> Path:
    path = plugin.parent / "none.yaml"
    path.write_text("cases: []\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no such folder"),
        (["."], "is no plugin's project"),
        (["policy.wasm", "--cases", "missing.yaml"], "missing.yaml: cannot be read"),
        (["policy.wasm", "--cases", "empty"], "there are no cases"),
        (["policy.wasm", "-k", "nothing"], "no case has `nothing` in its name"),
        (["cases/policy.yaml"], "this is not a WebAssembly component"),
    ],
)
def test_what_cannot_be_tested_is_said_in_one_line(plugin: Path, arguments: list[str], words: str) -> None:
    (plugin.parent / "empty").mkdir()
    done = CliRunner().invoke(cli, ["plugin", "test", *arguments])
    assert done.exit_code in {1, 3}
    assert words in done.stderr
    assert "to do: " in done.stderr
