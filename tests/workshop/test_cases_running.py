"""Cases against components that are wrong in the ways authors get wrong: what is said names case, place and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.workshop.case_guests import guest, says

from mcpg.workshop.cases import Report, run_cases
from mcpg.workshop.cases.reading import read_cases
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.workshop.cases.model import Fault

DECIDE = "cases:\n  - name: it decides\n    ask: decide\n    answer: permit\n"
HTTP = ("http", '{"url": "https://a.test/x", "headers": {"a": "1"}}')
LOG = ("log", '{"message": "seen"}')


async def run(wasm: bytes, text: str, compiled: Path, **changes: Any) -> Report:
    async with open_workbench(wasm, cache=compiled) as bench:
        return await run_cases(bench, read_cases(text, "cases/a.yaml"), **changes)


async def fault_of(wasm: bytes, text: str, compiled: Path) -> Fault:
    [ran] = (await run(wasm, text, compiled)).ran
    assert ran.fault is not None
    return ran.fault


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("trap", "plugin-trapped", ["`decide`", "unreachable", "in place of a panic"]),
        ("loop", "plugin-deadline", ["`decide`", "50 ms", "`limits.time`"]),
        ("recursion", "plugin-trapped", ["call stack", "function `deeper`", "recursion"]),
        ("memory_bomb", "plugin-trapped", ["`limits.memory` (1MiB)"]),
        ("huge_text", "bad-document", ["65536 bytes", "`limits.output` (64KiB)"]),
        ("bad_utf8", "bad-document", ["not Unicode"]),
        ("counter", "nondeterministic-plugin", ["in two ways", "keep nothing between calls"]),
    ],
)
async def test_what_a_wrong_plugin_is_told(name: str, code: str, words: list[str], compiled: Path) -> None:
    limits = {"memory": "1MiB", "time": "50ms", "output": "64KiB"}
    fault = await fault_of(guest(name, limits=limits), DECIDE, compiled)
    told = "\n".join(fault.lines())
    assert fault.code == code
    assert told.startswith("cases/a.yaml:2:5: ")
    assert [word for word in words if word not in told] == [], told


async def test_an_effect_that_is_not_declared_gets_the_line_of_the_manifest(compiled: Path) -> None:
    fault = await fault_of(says(perform=(HTTP,), effects=[]), DECIDE, compiled)
    assert fault.code == "effect-not-declared"
    assert fault.remedy == 'add to `effects` in manifest.json: {"driver": "http", "why": "say why"}'


async def test_a_request_outside_its_schema_is_told_with_its_place(compiled: Path) -> None:
    wrong = ("http", '{"url": "https://a.test", "headers": {"a": 1}}')
    fault = await fault_of(says(perform=(wrong,)), DECIDE, compiled)
    assert fault.code == "bad-request"
    assert "the request of `http` is outside its schema at `/headers`" in fault.message
    fault = await fault_of(guest("effects", effects=[{"driver": "http", "why": "x"}]), DECIDE, compiled)
    assert "missing required field `url`" in fault.message


async def test_an_answer_outside_its_schema_is_told_with_its_place(compiled: Path) -> None:
    fault = await fault_of(says(permit='{"path": []}'), DECIDE, compiled)
    assert fault.code == "bad-document"
    assert "obligation `redact` is outside its schema" in fault.message
    see = "cases:\n  - name: it sees\n    ask: see\n    with: {actions: [{}, {}]}\n    answer: {seen: pp}\n"
    fault = await fault_of(says(seen="p"), see, compiled)
    assert "wanted one letter of `p`, `d`, `a` for each" in fault.message


async def test_effects_are_compared_and_answered(compiled: Path) -> None:
    text = """
cases:
  - name: good
    ask: decide
    effects:
      - http: {method: GET, headers: {a: "1"}, timeout: 10000}
        reply: {status: 200}
    answer: {permit: []}
  - name: one less
    ask: decide
    answer: permit
  - name: one more
    ask: decide
    effects:
      - http: {}
        reply: {status: 200}
      - http: {url: "https://a.test/y"}
        failed: {code: timeout}
    answer: permit
  - name: another url
    ask: decide
    effects:
      - http: {url: "https://a.test/y"}
        reply: {status: 200}
    answer: permit
  - name: another answer
    ask: decide
    effects:
      - http: {}
        failed: {code: timeout}
    answer: {deny: {code: no}}
"""
    report = await run(says(perform=(HTTP,)), text, compiled)
    good, less, more, other, answer = report.ran
    assert (good.fault, good.passes, good.tag) == (None, 2, "permit")
    assert good.seconds > 0
    assert [ran.fault.code for ran in (less, more, other, answer) if ran.fault] == [
        "unexpected-effect",
        "missing-effect",
        "other-effect",
        "other-answer",
    ]
    assert less.fault is not None
    assert '- http: {"url": "https://a.test/x"' in less.fault.remedy
    assert other.fault is not None
    assert other.fault.where == "cases/a.yaml:23:9"
    told = [each.text() for each in other.fault.differences]
    assert told == ['/effects/0/http/url: expected "https://a.test/y", found "https://a.test/x"']
    assert answer.fault is not None
    assert [each.text() for each in answer.fault.differences] == [
        '/answer: expected {"deny": {"code": "no"}}, found {"permit": []}'
    ]
    assert report.failed == (less, more, other, answer)


async def test_log_lines_need_not_be_named_and_are_kept(compiled: Path) -> None:
    text = """
cases:
  - name: not named
    ask: decide
    effects: [{http: {}, reply: {status: 200}}]
    answer: permit
  - name: named
    ask: decide
    effects:
      - log: {message: seen, level: info}
      - http: {}
        reply: {status: 200}
    answer: permit
  - name: another line
    ask: decide
    effects:
      - log: {message: heard}
      - http: {}
        reply: {status: 200}
    answer: permit
"""
    unnamed, named, other = (await run(says(perform=(LOG, HTTP)), text, compiled)).ran
    assert (unnamed.fault, named.fault) == (None, None)
    assert [each["message"] for each in unnamed.logs] == ["seen"]
    assert other.fault is not None
    assert other.fault.code == "other-effect"


async def test_configurations_are_refused_by_the_schema(compiled: Path) -> None:
    text = """
config: {n: 1}
cases:
  - {name: schema, config: {n: no}, refuses: {code: bad-config}}
  - {name: taken, refuses: {code: bad-config}}
  - {name: not stood up, config: {m: 1}, ask: decide, answer: permit}
"""
    schema, taken, wrong = (await run(says(), text, compiled)).ran
    assert schema.fault is None
    assert taken.fault is not None
    assert taken.fault.code == "not-refused"
    assert wrong.fault is not None
    assert wrong.fault.code == "bad-plugin-config"


async def test_coverage_names_what_no_case_asks_for(compiled: Path) -> None:
    wasm = says(perform=(HTTP,), effects=[{"driver": each, "why": "x"} for each in ("http", "sql")])
    report = await run(wasm, DECIDE, compiled)
    assert report.coverage.missing() == (
        "function `decide` has no case",
        "function `see` has no case",
        "effect `http` is declared and no case asks for it",
        "effect `sql` is declared and no case asks for it",
    )
    text = DECIDE + "    effects: [{http: {}, failed: {code: timeout}}]\n"
    report = await run(says(perform=(HTTP,)), text, compiled)
    assert report.coverage.missing() == ("function `see` has no case",)
    assert report.coverage.lines() == [
        "decide: permit; never deny, abstain, failed",
        "see: no case",
        "http: failed replies",
    ]
