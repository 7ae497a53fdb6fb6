"""Property mode finds what no plugin may do, for some input, and shows the smallest input that it can find."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workshop.case_guests import guest, says

from mcpg.contract.schemas import DOCUMENTS, schema_of
from mcpg.contract.verdicts import Case, Effect, Problem, ok
from mcpg.contract.worlds import PluginKind
from mcpg.workshop.cases.generating import Chance
from mcpg.workshop.cases.peers import fits, reply_document
from mcpg.workshop.cases.properties import run_properties
from mcpg.workshop.cases.reading import read_cases
from mcpg.workshop.cases.shrinking import smaller
from mcpg.workshop.cases.walking import walk
from mcpg.workshop.documents import RUN
from mcpg.workshop.judging import Asked
from mcpg.workshop.stand import Prepared, open_workbench

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.workshop.cases.model import Fault
    from mcpg.workshop.cases.properties import Properties

SEED = 1
"""One that asks these guests to decide before it asks them to see, which they get wrong in another way."""
HTTP = ("http", '{"url": "https://a.test/x"}')


async def tried(wasm: bytes, compiled: Path, seed: int = 3) -> Properties:
    async with open_workbench(wasm, cache=compiled) as bench:
        return await run_properties(bench, (), count=40, seed=seed)


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "manifest"])
def test_random_documents_fit_their_schemas(name: str) -> None:
    schema = schema_of(name)
    for seed in range(60):
        msgspec.convert(Chance(Random(seed)).fitting(schema), DOCUMENTS[name])


@pytest.mark.parametrize("method", ["tools/list", "resources/templates/list", "tools/call", "prompts/get"])
def test_random_replies_are_those_of_the_driver(method: str) -> None:
    for driver in ("http", "sql", "command", "mcp", "notify", "log", "sign", "kafka"):
        effect = Effect(driver, json.dumps({"method": method}))
        for seed in range(30):
            reply = ok(json.dumps(reply_document(effect, Chance(Random(seed)))))
            assert fits(effect, reply), reply
    assert not fits(Effect("http", "{}"), ok('{"status": 0}'))
    assert not fits(Effect("mcp", '{"method": "tools/call"}'), ok('{"result": {}}'))


def test_the_same_seed_gives_the_same_values() -> None:
    one, other = (Chance(Random(5)) for _ in range(2))
    assert [one.json() for _ in range(50)] == [other.json() for _ in range(50)]


@pytest.mark.parametrize(("name", "code"), [("trap", "plugin-trapped"), ("counter", "nondeterministic-plugin")])
async def test_what_no_plugin_may_do_is_found_and_made_small(name: str, code: str, compiled: Path) -> None:
    found = await tried(guest(name), compiled, SEED)
    assert found.broken is not None
    assert found.broken.fault.code == code
    [case] = read_cases("cases:\n" + found.broken.yaml, "b.yaml")
    assert (case.ask, case.documents, case.effects) == ("decide", {}, ())


async def test_effects_that_are_not_declared_are_found(compiled: Path) -> None:
    found = await tried(says(perform=(HTTP,), effects=[]), compiled)
    assert found.broken is not None
    assert found.broken.fault.code == "effect-not-declared"
    assert await tried(says(perform=(HTTP,), effects=[]), compiled) == found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_smaller_values_end_somewhere(value: Any) -> None:
    for _ in range(500):
        less = next(iter(smaller(value)), value)
        if less == value:
            break
        value = less
    assert value in (None, True, False, 0, 1, "", [], {})


class Scripted:
    """A stand whose answers are given: for what no guest of ours does between two passes."""

    def __init__(self, kind: str, *answers: Case) -> None:
        self.manifest = msgspec.convert(
            {"kind": kind, "effects": [{"driver": "http", "why": "x"}], "limits": {}}, _Manifest
        )
        self._answers = list(answers)

    async def make(self, _question: Prepared, _replies: Any = (), *, fresh: bool = False) -> Case:
        assert fresh
        return self._answers.pop(0)


class _Limits(msgspec.Struct):
    memory: str = "64MiB"


class _Wish(msgspec.Struct):
    driver: str
    why: str


class _Manifest(msgspec.Struct):
    kind: PluginKind
    effects: tuple[_Wish, ...]
    limits: _Limits


class Always:
    def wants(self, _driver: str) -> bool:
        return False

    def __call__(self, _effect: Effect, _request: Any) -> Case | Fault:
        return ok('{"status": 200}')


def asks(*urls: str) -> Case:
    return Case("perform", [Effect("http", json.dumps({"url": f"https://a.test/{url}"})) for url in urls])


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ([asks("a"), asks("b", "a")], "nondeterministic-plugin", '/effects/0/http/url: expected "https://a.test/a"'),
        ([asks("a", "b"), asks("a")], "nondeterministic-plugin", "found nothing"),
        ([asks("a"), asks("a")], "no-progress", "nothing new"),
        ([asks(*"abc" * 100)], "too-many-effects", "256"),
        ([asks(*"a" * n) for n in range(1, 70)], "too-many-passes", "64"),
        ([Case("failed", Problem("", ""))], "bad-document", "no code"),
    ],
)
async def test_a_run_goes_on_as_it_began_and_ends(answers: list[Case], code: str, words: str) -> None:
    stand: Any = Scripted("policy", *answers)
    question = Prepared(Asked("decide", {"caller": {}, "action": {}}), ("{}", "{}"), True, RUN)
    walked = await walk(stand, question, Always())
    assert walked.fault is not None
    assert walked.fault.code == code
    assert words in "\n".join(walked.fault.lines())
