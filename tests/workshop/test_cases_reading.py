"""Files of cases: what is wrong with one is told with line and column, and what is right reads as it was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpg.config.findings import ConfigErrors
from mcpg.contract.verdicts import failed, ok
from mcpg.workshop.cases import load_cases
from mcpg.workshop.cases.model import ANY
from mcpg.workshop.cases.reading import FUNCTIONS, read_cases

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cases.md"


def test_a_case_reads_as_it_was_meant() -> None:
    [case] = read_cases(
        """
config: {url: "https://x.test"}
cases:
  - name: a batch
    ask: deliver
    with: {batch: [{seq: 7}]}
    run: {now: "2026-11-21T23:00:00+01:00", seed: 00ff}
    effects:
      - http: {method: POST}
        reply: {status: 200, json: null}
      - http: {method: POST}
        failed: {code: timeout, message: late}
      - log: {level: info}
    answer: delivered
""",
        "cases/a.yaml",
    )
    assert (case.config, case.ask, case.where) == ({"url": "https://x.test"}, "deliver", "cases/a.yaml:4:5")
    assert (case.run.now, case.run.seed) == (1_795_298_400_000, "00ff")
    assert [each.reply for each in case.effects] == [
        ok('{"json":null,"status":200}'),
        failed("timeout", "late"),
        ok("{}"),
    ]
    assert case.answer is not None
    assert (case.answer.tag, case.answer.value) == ("delivered", ANY)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "f.yaml", "the file is empty"),
        ("cases: [}", "f.yaml:1:9", "not YAML"),
        ("case: []", "f.yaml:1:1", "did you mean `cases`"),
        ("cases: {}", "f.yaml:1:8", "wanted a list"),
        ("cases:\n  - ask: see\n", "f.yaml:2:5", "no name"),
        ("cases:\n  - {name: a, ask: decid, answer: permit}", "f.yaml:2:20", "did you mean `decide`"),
        ("cases:\n  - {name: a, ask: decide, answer: permitted}", "f.yaml:2:36", "did you mean `permit`"),
        ("cases:\n  - {name: a, ask: decide, answer: perform}", "f.yaml:2:36", "no answer of `decide`"),
        ("cases:\n  - {name: a, ask: decide}", "f.yaml:2:5", "wants no answer"),
        ("cases:\n  - {name: a, ask: decide, answr: permit}", "f.yaml:2:28", "did you mean `answer`"),
        (
            "cases:\n  - {name: a, ask: decide, with: {caller: {grops: []}}, answer: permit}",
            "f.yaml:2:43",
            "unknown field `grops`",
        ),
        (
            "cases:\n  - {name: a, ask: decide, with: {call: {}}, answer: permit}",
            "f.yaml:2:41",
            "`decide` takes no `call`",
        ),
        (
            "cases:\n  - {name: a, ask: identify, with: {request: {headers: {X-Key: a}}}, answer: abstain}",
            "f.yaml:2:64",
            "not in lower case",
        ),
        (
            "cases:\n  - {name: a, ask: decide, effects: [{http: {methd: GET}, reply: {status: 200}}], answer: permit}",
            "f.yaml:2:46",
            "did you mean `method`",
        ),
        (
            "cases:\n  - {name: a, ask: decide, effects: [{http: {}, reply: {status: x}}], answer: permit}",
            "f.yaml:2:65",
            "expected `int`, got `str`",
        ),
        ("cases:\n  - {name: a, ask: decide, effects: [{http: {}}], answer: permit}", "f.yaml:2:38", "has no reply"),
        (
            "cases:\n  - {name: a, ask: reserve, effects: [{http: {}, reply: {}}], answer: deny}",
            "f.yaml:2:38",
            "takes no replies",
        ),
        ("cases:\n  - {name: a, refuses: {}, ask: decide}", "f.yaml:2:33", "`ask` stands beside `refuses`"),
        ("cases:\n  - {name: a, ask: see, run: {now: soon}, answer: seen}", "f.yaml:2:36", "no time with its zone"),
        (
            "cases:\n  - {name: a, ask: see, answer: seen}\n  - {name: a, ask: see, answer: seen}",
            "f.yaml:3:12",
            "stands twice",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, where: str, words: str) -> None:
    with pytest.raises(ConfigErrors) as raised:
        read_cases(text, "f.yaml")
    assert raised.value.findings[0].where == where
    assert words in raised.value.diagnostics()
    assert raised.value.findings[0].remedy


def test_the_findings_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("cases:\n  - name: x\n")
    with pytest.raises(ConfigErrors) as raised:
        load_cases([tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"])
    assert [Path(each.file).name for each in raised.value.findings] == ["a.yaml", "b.yaml", "c.yaml"]


def test_the_examples_of_the_reference_are_cases_and_show_every_answer() -> None:
    blocks = REFERENCE.read_text().split("```yaml\n")[1:]
    cases = [case for block in blocks for case in read_cases(block.partition("```")[0], "cases.md")]
    shown = {(case.ask, case.answer.tag) for case in cases if case.answer is not None}
    every = {(name, tag) for name, (_, function) in FUNCTIONS.items() for tag in function.tags if tag != "perform"}
    assert shown >= every, every - shown
    assert any(case.refuses is not None for case in cases)
