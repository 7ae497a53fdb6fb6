"""A component on its own: documents made whole and cut to what it reads, answers judged, no gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.workshop.case_guests import guest, says

from mcpg.contract.documents import RunFacts
from mcpg.contract.problems import BadDocument, ConfigError, PluginRefused, PluginTrapped
from mcpg.contract.verdicts import Case, Charge, Obligation, Problem
from mcpg.contract.worlds import WORLDS, PluginKind
from mcpg.pipeline.projection import compile_reads
from mcpg.workshop.documents import RUN, Misfit, complete, texts_of
from mcpg.workshop.judging import Asked, judge
from mcpg.workshop.stand import open_workbench, stand

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_question_is_cut_to_what_the_manifest_reads(compiled: Path) -> None:
    async with stand(guest("good"), {}, cache=compiled) as stood:
        given = {"caller": {"groups": ["a"]}, "action": {"name": "search"}}
        answer = await stood.ask("decide", given)
        assert answer == Case("deny", Problem("code", '{"name":"search"}'))
        question = stood.prepare("decide", given)
        assert question.texts == ('{"id":"alice"}', '{"name":"search"}')
        assert await stood.make(question, fresh=True) == answer
        assert (stood.kept.stats.passes, stood.fresh.stats.passes) == (1, 1)


async def test_what_a_plugin_does_wrong_is_raised_as_the_gateway_raises_it(compiled: Path) -> None:
    async with stand(guest("trap"), {}, cache=compiled) as stood:
        with pytest.raises(PluginTrapped, match="unreachable"):
            await stood.ask("decide", {})
    async with stand(says(seen="x"), {}, cache=compiled) as stood:
        with pytest.raises(BadDocument, match="one letter"):
            await stood.ask("see", {"actions": [{}]})
        with pytest.raises(Misfit, match="has no function `describe`"):
            await stood.ask("describe", {})
        assert await stood.ask("decide", {}) == Case("permit", [])


async def test_a_configuration_outside_the_schema_stands_nothing_up(compiled: Path) -> None:
    async with open_workbench(says(), cache=compiled) as bench:
        with pytest.raises(ConfigError) as refused:
            await bench.stand({"n": "x"})
    assert (refused.value.code, refused.value.where) == ("bad-plugin-config", "plugins.wrong.config")


async def test_a_component_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginRefused, match="cannot be read"):
        async with open_workbench(tmp_path / "none.wasm"):
            pass
    with pytest.raises(PluginRefused, match="mcpg:manifest"):
        async with open_workbench(b"\0asm\x0d\0\x01\0"):
            pass


@pytest.mark.parametrize(
    ("kind", "function"), [(kind, function.name) for kind in PluginKind for function in WORLDS[kind]]
)
def test_nothing_said_is_a_valid_question(kind: PluginKind, function: str) -> None:
    documents = complete(kind, function, {})
    reads = compile_reads(("/caller", "/action", "/call", "/outcome", "/credentials", "/run"))
    texts, _ = texts_of(documents, reads, RUN, whole=False, shrinks=False)
    assert len(texts) == len(documents)
    for parameter, text in zip(documents, texts, strict=True):
        told = text if parameter == "target" else json.loads(text)
        rows = told if isinstance(told, list) else [told]
        facts = parameter in {"request", "action", "actions", "call"} and function != "settle"
        assert all(("run" in row) == facts for row in rows if isinstance(row, dict))


def test_large_texts_stay_in_the_host_for_transforms_only() -> None:
    documents = complete(PluginKind.TRANSFORM, "after", {"outcome": {"result": {"content": [], "a": "x" * 70_000}}})
    reads = compile_reads(("/outcome",))
    texts, blobs = texts_of(documents, reads, RUN, whole=False, shrinks=True)
    node = json.loads(texts[2])["result"]["a"]
    assert (node["$ref"], node["size"], len(blobs)) == ("blob:0", 70_000, 1)
    changed = Case("changed", json.dumps({"content": [], "a": node}))
    assert judge(changed, Asked("after", documents, blobs))["a"] == "x" * 70_000
    texts, _ = texts_of(documents, reads, RUN, whole=True, shrinks=True)
    assert len(texts[2]) > 70_000


def test_the_run_is_what_it_was_said_to_be() -> None:
    run = RunFacts(id="r", now=5, seed="0f")
    reads = compile_reads(("/run/now", "/action/name"))
    texts, _ = texts_of(complete(PluginKind.POLICY, "decide", {}), reads, run, whole=False, shrinks=False)
    assert texts[1] == '{"name":"search","run":{"now":5}}'


def _caller(identity: str) -> Case:
    return Case("caller", json.dumps({"id": identity, "kind": "user", "how": {"credential": "x"}, "trust": "verified"}))


SHOWN = {"catalog": {"tools": [{"name": "a", "target": "a"}], "prompts": [], "resources": [], "templates": []}}
CALL = {"call": {"method": "tools/call"}}


@pytest.mark.parametrize(
    ("function", "answer", "documents", "where"),
    [
        ("identify", Case("caller", '{"id": "a"}'), {}, "caller /"),
        ("identify", _caller(""), {}, "caller /id"),
        ("identify", _caller("@a"), {}, "caller /id"),
        ("identify", Case("caller", "{"), {}, "caller"),
        ("identify", Case("reject", Problem("", "no")), {}, "reject /code"),
        ("decide", Case("permit", [Obligation("dance", "{}")]), {}, "permit /0/detail"),
        ("decide", Case("permit", [Obligation("redact", "[")]), {}, "permit"),
        ("see", Case("seen", "px"), {"actions": [{}, {}]}, "seen"),
        ("before", Case("changed", "[]"), {}, "changed"),
        ("describe", Case("catalog", '{"tools": [{"name": "a"}, {"title": "b"}]}'), {}, "catalog /tools/1"),
        ("call", Case("done", "[]"), CALL, "done /"),
        ("call", Case("done", '{"content": 5}'), CALL, "done"),
        ("call", Case("done", '{"content": [{}]}'), CALL, "done"),
        ("call", Case("ask", '{"requests": {}}'), CALL, "ask"),
        ("call", Case("ask", '{"requests": {"a": {"method": "tools/call"}}}'), CALL, "ask"),
        ("reserve", Case("charge", [Charge([], 1, 1, 0, 0)]), {}, "charge /0"),
        ("reserve", Case("charge", [Charge(["a"], 1, 0, 0, 0)]), {}, "charge /0"),
        ("settle", Case("ok", [Charge(["a"] * 40, 1, 1, 0, 0)]), {}, "ok"),
        ("shape", Case("ok", '{"tools": [{"name": "b"}]}'), SHOWN, "catalog /tools/0"),
        ("issue-for", Case("issued", '{"scheme": "x"}'), {}, "credential /"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_told_with_document_and_place(
    function: str, answer: Case, documents: dict[str, Any], where: str
) -> None:
    with pytest.raises(BadDocument) as wrong:
        judge(answer, Asked(function, documents))
    assert wrong.value.where == where
    assert wrong.value.code == "bad-document"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"caller": {"id": 5}}, ("caller", "id")),
        ({"caller": {"how": {"credential": []}}}, ("caller", "how", "credential")),
        ({"action": {"run": {}}}, ("action", "run")),
        ({"action": "x"}, ("action",)),
        ({"target": "x"}, ("target",)),
    ],
)
def test_a_document_that_is_none_is_told_with_its_place(given: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(Misfit) as misfit:
        complete(PluginKind.POLICY, "decide", given)
    assert misfit.value.place == place
