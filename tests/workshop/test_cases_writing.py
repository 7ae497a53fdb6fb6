"""Recorded runs become cases that hold when they are run, and hold no credential."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.workshop.case_guests import says

from mcpg.config.findings import ConfigErrors
from mcpg.contract.documents import RunFacts
from mcpg.contract.ports import RunSeen
from mcpg.contract.problems import ConfigError
from mcpg.contract.verdicts import Case, Effect, Obligation, failed, ok
from mcpg.workshop.cases import load_cases, run_cases, write_case
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from pathlib import Path

HTTP = Effect("http", '{"url":"https://a.test/x"}')
LOG = Effect("log", '{"message":"seen"}')


def seen(function: str, documents: tuple[Any, ...], answer: Case | None, **changes: Any) -> RunSeen:
    texts = tuple(each if isinstance(each, str) else json.dumps(each) for each in documents)
    facts: dict[str, Any] = {
        "call": "c-1",
        "use": "mine",
        "digest": "sha256:0",
        "config_digest": "sha256:0",
        "place": "policy",
        "function": function,
        "documents": texts,
        "facts": RunFacts(id="c-1.1", now=5, seed="000001"),
        "effects": (),
        "replies": (),
        "answer": answer,
        "problem": None,
        "passes": 1,
        "guest_seconds": 0.0,
        "seconds": 0.0,
    }
    return RunSeen(**(facts | changes))


async def test_what_was_recorded_holds(tmp_path: Path, compiled: Path) -> None:
    path = tmp_path / "cases" / "recorded.yaml"
    run = {"id": "c-1", "now": 1_800_000_000_123, "seed": "00ff"}
    decided = seen(
        "decide",
        ({"id": "0123"}, {"name": "no", "run": run}),
        Case("permit", [Obligation("redact", '{"paths": ["/a"]}')]),
        effects=(LOG, HTTP),
        replies=(ok("{}"), failed("timeout", "1e5")),
    )
    assert write_case(path, decided, config={"n": 1}).name == "decide answers permit"
    assert write_case(path, decided, config={"n": 1}).name == "decide answers permit (2)"
    assert write_case(path, decided, config={"n": 2}, name="another").name == "another"
    own = tmp_path / "own.yaml"
    own.write_text("cases:\n  - {name: a, config: {n: 1}, ask: decide, answer: permit}\n")
    write_case(own, decided, config={"n": 1})
    assert [case.config for case in load_cases([own])] == [{"n": 1}, {"n": 1}]
    seen_all = seen("see", ({"id": "a"}, [{"name": "x", "run": run}]), Case("seen", "p"), effects=(), replies=())
    assert write_case(path, seen_all, config={"n": 1}).notes == ()
    cases = load_cases([path])
    assert [case.config for case in cases] == [{"n": 1}, {"n": 1}, {"n": 2}, {"n": 1}]
    assert cases[0].documents == {"caller": {"id": "0123"}, "action": {"name": "no"}}
    assert (cases[0].run.now, cases[0].run.seed) == (1_800_000_000_123, "00ff")
    assert [each.driver for each in cases[0].effects] == ["http"]
    wasm = says(seen="p", permit='{"paths": ["/a"]}', perform=(("log", LOG.request), ("http", HTTP.request)))
    async with open_workbench(wasm, cache=compiled) as bench:
        report = await run_cases(bench, cases)
    assert [ran.fault for ran in report.ran] == [None] * 4


def test_headers_of_a_caller_are_not_recorded_and_a_secret_stays_a_reference(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"
    path.write_text("config: {url: x}\ncases:\n    - name: one\n      ask: identify\n      answer: abstain\n")
    request = '{"url":"https://a.test","headers":{"a":{"$secret":"secret://env/A"}},"json":{"token":"hunter2!"}}'
    identified = seen(
        "identify",
        ({"headers": {"authorization": "Bearer hunter2!"}},),
        Case("caller", '{"id":"ana","kind":"user","how":{"credential":"x"},"trust":"verified"}'),
        effects=(Effect("http", request),),
        replies=(ok('{"status":200,"json":{"sub":"ana","token":"hunter2!"}}'),),
    )
    written = write_case(path, identified, config={"url": "x"})
    assert "`authorization`" in written.notes[0]
    assert "hunter2" not in path.read_text()
    _, case = load_cases([path])
    assert case.documents["request"]["headers"] == {"authorization": "recorded-authorization"}
    assert case.effects[0].request["json"] == {"token": "recorded-authorization"}
    assert case.effects[0].request["headers"] == {"a": {"$secret": "secret://env/A"}}


def test_an_issued_credential_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"
    issued = seen(
        "issue-for",
        ({"id": "ana"}, "docs"),
        Case("issued", '{"value":"s3cr3t-token","expires":0}'),
        effects=(HTTP,),
        replies=(ok('{"status":200,"json":{"access_token":"s3cr3t-token"}}'),),
    )
    assert write_case(path, issued).notes
    assert "s3cr3t" not in path.read_text()
    [case] = load_cases([path])
    assert case.answer is not None
    assert case.answer.value["value"] == "recorded-credential"


def test_what_cannot_be_repeated_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"
    for answer in (None, Case("suspended", "{}")):
        with pytest.raises(ConfigError, match="cannot become a case"):
            write_case(path, seen("decide", ({}, {}), answer))
    path.write_text("nothing: here\n")
    with pytest.raises(ConfigErrors):
        write_case(path, seen("decide", ({}, {}), Case("abstain")))
    path.write_text("cases: [{name: a, ask: decide, answer: abstain}]\nconfig: {}\n")
    with pytest.raises(ConfigError):
        write_case(path, seen("decide", ({}, {}), Case("abstain")))
    assert path.read_text().startswith("cases: [")
