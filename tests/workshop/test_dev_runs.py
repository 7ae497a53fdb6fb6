"""Who is told of runs, and by whom: never by a file. What a session shows, records and grants."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.workshop.dev_guests import asks, says
from tests.workshop.dev_sessions import save, session

from mcpg.config.root import Config
from mcpg.contract.documents import Caller, How, RunFacts
from mcpg.contract.manifest import EffectWish, Manifest
from mcpg.contract.ports import RunSeen
from mcpg.contract.problems import ConfigError, NondeterministicPlugin, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem, ok
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.memo import Memo
from mcpg.pipeline.runs import Question, Runner
from mcpg.pipeline.stages import make_stage
from mcpg.pipeline.watched import WatchedRunner, runner_for
from mcpg.pipeline.work import Known, Work, unheard
from mcpg.workshop.cases import load_cases, run_cases
from mcpg.workshop.dev.examining import Findings
from mcpg.workshop.dev.settings import read_given
from mcpg.workshop.dev.telling import document_of, lines_of
from mcpg.workshop.dev.veiling import veiled
from mcpg.workshop.dev.watching import MOST, Eyes
from mcpg.workshop.memory import Need
from mcpg.workshop.stand import open_workbench

ROOT = Path(__file__).resolve().parents[2]
FACTS = RunFacts(id="c.1", now=1, seed="00")
ANA = Caller(id="ana", kind="user", how=How(credential="key"), trust="verified")


pytestmark = pytest.mark.usefixtures("shared_cache")


class Guest:
    """Answers from a script; the port `GuestHandle`."""

    def __init__(self, *answers: Any, memo: bool = False) -> None:
        kind = PluginKind.BACKEND
        self.use, self.memo, self.digest, self.config_digest = "back", memo, "sha256:1", "sha256:2"
        self.manifest = Manifest(
            schema=1, id="test/back", version="1.0.0", kind=kind, world=kind.world, summary="", licence="", config={},
            reads=("/call",), effects=(EffectWish(driver="http", why="w"),),
        )  # fmt: skip
        self._answers = list(answers)

    def pinned(self) -> Guest:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    async def ask(self, function: str, arguments: Any, run: Any, tenant: str) -> Case:
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            return await answer()
        return answer


class Effects:
    def check(self, effect: Effect) -> None: ...

    async def perform(self, effect: Effect, context: Any) -> Case:
        return ok(effect.request)


class Watcher:
    def __init__(self) -> None:
        self.runs: list[RunSeen] = []

    def seen(self, run: RunSeen) -> None:
        self.runs.append(run)


async def run(guest: Guest, watcher: Any, memo: Memo | None = None) -> Case:
    deadline = asyncio.get_running_loop().time() + 5
    work = Work(known=Known(ANA), method="m", name="t", deadline=deadline, notify=unheard, digest=lambda _: "")
    question = Question(make_stage(guest, Effects()), "backend", "call", ("{}", "{}"), work)
    return await WatchedRunner(Memo() if memo is None else memo, watcher).run(question)


async def test_a_run_is_seen_with_its_effects_and_replies() -> None:
    effect, watcher = Effect("http", '{"url":"a"}'), Watcher()
    await run(Guest(Case("perform", [effect]), Case("done", "{}")), watcher)
    [seen] = watcher.runs
    assert (seen.effects, seen.replies, seen.answer) == ((effect,), (ok('{"url":"a"}'),), Case("done", "{}"))
    assert (seen.passes, seen.place, seen.use, seen.documents) == (2, "backend", "back", ("{}", "{}"))
    assert seen.facts is not None
    assert seen.facts.id == f"{seen.call}.1"
    assert 0 < seen.guest_seconds <= seen.seconds


async def test_a_failed_run_is_seen_and_fails_all_the_same() -> None:
    watcher = Watcher()
    with pytest.raises(RunFailed):
        await run(Guest(RunFailed("no", code="why")), watcher)
    assert watcher.runs[0].problem is not None
    assert watcher.runs[0].problem.code == "why"
    assert watcher.runs[0].answer is None


async def test_an_answer_of_the_memo_is_seen_as_one() -> None:
    watcher, memo = Watcher(), Memo()
    guest = Guest(Case("done", "{}"), memo=True)
    await run(guest, watcher, memo)
    await run(guest, watcher, memo)
    assert [(each.passes, each.facts is None) for each in watcher.runs] == [(1, False), (0, True)]


async def test_a_cancelled_run_is_not_told_and_a_broken_watcher_breaks_nothing(caplog: Any) -> None:
    watcher = Watcher()
    task = asyncio.create_task(run(Guest(asyncio.Event().wait), watcher))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not watcher.runs
    assert await run(Guest(Case("done", "{}")), None) == Case("done", "{}")  # `None.seen` raises
    assert "the watcher of runs failed" in caplog.text


def test_without_a_watcher_the_run_loop_is_the_plain_one() -> None:
    assert type(runner_for(Memo(), None)) is Runner


def test_no_key_of_the_operators_file_watches_runs() -> None:
    def keys(schema: Any) -> Any:
        if isinstance(schema, dict):
            yield from schema.get("properties", {})
            for value in schema.values():
                yield from keys(value)
        elif isinstance(schema, list):
            for each in schema:
                yield from keys(each)

    assert not [key for key in keys(Config.model_json_schema()) if "watch" in key or "record" in key]


def test_only_a_dev_session_gives_a_watcher() -> None:
    giving = {path.name for path in (ROOT / "host").rglob("*.py") if "watcher=" in path.read_text()}
    assert giving == {"served.py", "session.py"}, "`served.py` hands on what it is given"


async def test_what_is_recorded_replays(tmp_path: Path, compiled: Path) -> None:
    wasm, file = tmp_path / "trimmer.wasm", tmp_path / "recorded.yaml"
    save(wasm, says("one"))
    for _ in range(2):  # what has been recorded stays
        async with session(wasm, record=file, cache=compiled, call=("echo", {"text": "hi"})):
            pass
    cases = load_cases([file])
    assert {case.ask for case in cases} == {"before", "after"}
    async with open_workbench(wasm) as bench:
        assert not (await run_cases(bench, cases)).failed
    save(wasm, says("two"))
    async with open_workbench(wasm) as bench:
        assert [each.case.ask for each in (await run_cases(bench, cases)).failed] == ["after"] * (len(cases) // 2)


async def test_runs_that_come_too_fast_are_counted() -> None:
    eyes = Eyes()
    eyes.uses = {"back"}
    for _ in range(MOST + 3):
        eyes.seen(seen())
    eyes.seen(seen(use="other"))
    assert eyes.lost == 3


def seen(**changes: Any) -> RunSeen:
    fields: dict[str, Any] = {
        "call": "c", "use": "back", "digest": "sha256:1", "config_digest": "sha256:2", "place": "backend",
        "function": "call", "documents": ('{"id":"ana"}', '{"name":"t"}'), "facts": FACTS, "effects": (), "replies": (),
        "answer": Case("done", "{}"), "problem": None, "passes": 1, "guest_seconds": 0.001, "seconds": 0.002,
    }  # fmt: skip
    return RunSeen(**(fields | changes))


def test_a_run_is_told_line_by_line_and_as_json() -> None:
    log, http = Effect("log", '{"level":"info","message":"hi"}'), Effect("http", '{"url":"u","token":"abcdef"}')
    told = seen(effects=(log, http), replies=(ok("{}"), Case("failed", Problem("timeout", "late"))))
    findings = Findings(Need(2 << 20))
    lines = [line.text for line in lines_of(told, findings)]
    assert lines[0] == "backend back.call: done (1 pass, 2.0 ms, 1.0 ms of it in the plugin, 2.00 MiB)"
    assert "log      info: hi" in lines
    assert "<- failed: timeout: late" in lines
    assert "abcdef" not in repr(lines)
    document = document_of(told, findings)
    assert json.loads(json.dumps(document))["memory"] == 2 << 20
    assert document["effects"][1]["failed"]["code"] == "timeout"
    assert document["input"] == {"caller": {"id": "ana"}, "call": {"name": "t"}}


def test_no_header_of_a_caller_is_shown() -> None:
    document = '{"transport":"http","headers":{"x-anything":"abcdef"}}'
    told = seen(function="identify", documents=(document,), answer=Case("abstain"))
    for shown in (repr(list(lines_of(told, Findings()))), json.dumps(document_of(told, Findings()))):
        assert "x-anything" in shown
        assert "abcdef" not in shown


def test_a_failure_is_told_with_its_remedy() -> None:
    told = seen(answer=None, problem=NondeterministicPlugin("two answers"))
    lines = list(lines_of(told, Findings(remedy="sort the keys")))
    assert [line.text for line in lines[-2:]] == ["nondeterministic-plugin: two answers", "to do: sort the keys"]
    assert [line.kind for line in lines[-2:]] == ["bad", "remedy"]


NAMES = st.sampled_from(["token", "api_key", "Authorization", "name", "$secret", "cookie", "data"])
VALUES = st.recursive(
    st.none() | st.text("xyz", min_size=5), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
)


@given(VALUES)
def test_no_text_of_a_secret_member_is_shown(value: Any) -> None:
    shown = json.dumps(veiled(value))
    for secret in ("token", "api_key", "Authorization", "cookie"):
        assert not [letter for letter in "xyz" if f'"{secret}": "{letter}' in shown]


def test_what_is_no_secret_is_shown() -> None:
    told = veiled({"name": "ana", "list": [{"$secret": "secret://env/A", "token": {"a": 1}}], "max_tokens": 5})
    assert told == {"name": "ana", "list": [{"$secret": "secret://env/A", "token": {"a": 1}}], "max_tokens": 5}


MANIFEST = {"effects": [{"driver": "http", "why": "w"}, {"driver": "log", "why": "w"}, {"driver": "sql", "why": "w"}]}


def cases_of(folder: Path, *urls: str) -> Path:
    path = folder / "cases" / "a.yaml"
    path.parent.mkdir(exist_ok=True)
    effects = [{"http": {"method": "POST", "url": url}, "reply": {"status": 200}} for url in urls]
    path.write_text(yaml.safe_dump({"config": {"a": 1}, "cases": [{"name": "n", "ask": "after", "effects": effects}]}))
    return path


def wishes() -> Manifest:
    from mcpg.plugins.components import describe_component  # noqa: PLC0415 - only here

    return describe_component(says("x", **MANIFEST), "x").manifest


def test_what_cases_name_on_this_machine_is_granted_and_nothing_beyond(tmp_path: Path) -> None:
    found = read_given(wishes(), tmp_path, [cases_of(tmp_path, "http://127.0.0.1:9/a", "https://api.example/b")])
    assert found.config == {"a": 1}
    assert found.grants["log"] == {}
    assert found.grants["http"]["hosts"] == ["127.0.0.1"]
    assert found.grants["http"]["ports"] == [9]
    assert found.withheld == ("http https://api.example", "sql")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1.example/", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://a:b/"]
)
def test_what_only_looks_near_is_not_granted(tmp_path: Path, url: str) -> None:
    assert "http" not in read_given(wishes(), tmp_path, [cases_of(tmp_path, url)]).grants


def test_dev_yaml_wins_and_grants_of_the_command_line_over_it(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("config: {b: 2}\ngrants: {http: {hosts: [api.example]}}\n")
    cases = [cases_of(tmp_path, "http://127.0.0.1:9/a")]
    found = read_given(wishes(), tmp_path, cases, grant={"sql": {"connections": ["c"]}})
    assert (found.config, found.source) == ({"b": 2}, "dev.yaml")
    assert found.grants == {"http": {"hosts": ["api.example"]}, "sql": {"connections": ["c"]}}
    (tmp_path / "dev.yaml").write_text("grant: {}\n")
    with pytest.raises(ConfigError, match="no key `grant`") as refused:
        read_given(wishes(), tmp_path, cases)
    assert refused.value.remedy == "write `grants`"


async def test_memory_is_told_only_of_passes_that_can_be_repeated(tmp_path: Path, compiled: Path) -> None:
    wasm = tmp_path / "trimmer.wasm"
    save(wasm, asks("http://127.0.0.1:9/"))
    async with session(wasm, cache=compiled) as (made, _):
        found = await made._examiner.examine(
            seen(use="trimmer", digest=made._taken.digest, function="after", documents=("{}", "{}", "{}"),
                 replies=(ok("{}"),), answer=Case("changed", "another")), briefly=False,
        )  # fmt: skip
        assert found.need == Need(None, same=False)
        assert found.remedy.startswith("sort what has no order")
