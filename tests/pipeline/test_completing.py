"""Completion: what it is about, who may have it, and backends that have none."""

from __future__ import annotations

import json

import pytest

from mcpg.contract.ports import Refusal
from mcpg.contract.verdicts import Case, Problem
from mcpg.pipeline.routes import Route

PROMPT = {"ref": {"type": "ref/prompt", "name": "review"}, "argument": {"name": "lang", "value": "py"}}
TEMPLATE = {"ref": {"type": "ref/resource", "uri": "file:///{path}"}, "argument": {"name": "path", "value": "a"}}
ONE = {"ref": {"type": "ref/resource", "uri": "file:///a"}, "argument": {"name": "path", "value": "a"}}
VALUES = {"completion": {"values": ["python", "pytorch"], "total": 2, "hasMore": False}}
ROUTES = (
    Route(kind="prompt", name="review", backend="back", entry={}, target="own-review"),
    Route(kind="template", name="file:///{path}", backend="back", entry={}),
)


def plan(bench, kit, answer, judge=None):
    back = kit.backend(answer if callable(answer) else lambda *rest: answer)
    bench.plan(*ROUTES, policy=[kit.policy(judge or kit.permit)], backends={"back": back})
    return back


async def complete(bench, params, **more):
    return await bench.call(method="completion/complete", params=params, **more)


@pytest.mark.parametrize(
    ("params", "target"), [(PROMPT, "own-review"), (TEMPLATE, "file:///{path}"), (ONE, "file:///a")]
)
async def test_a_completion_is_judged_recorded_and_answered(bench, kit, params, target):
    judged = []

    def judge(caller, action):
        judged.append(action)
        return kit.permit

    back = plan(bench, kit, Case("done", json.dumps(VALUES)), judge)
    result = await complete(bench, {**params, "context": {"arguments": {"a": "b"}}})
    assert result["completion"] == VALUES["completion"]
    document = json.loads(back.asked[0][1][1])
    assert (document["method"], document["target"]) == ("completion/complete", target)
    expected = {"ref": {"type": params["ref"]["type"]}, "argument": params["argument"]}
    assert document["arguments"] == judged[0]["arguments"] == {**expected, "context": {"arguments": {"a": "b"}}}
    assert (judged[0]["method"], judged[0]["kind"]) == (
        "completion/complete",
        "prompt" if params is PROMPT else "template",
    )
    intent, outcome = bench.ledger.records
    assert (intent["method"], outcome["status"]) == ("completion/complete", "ok")


async def test_what_is_denied_completes_nothing(bench, kit):
    def judge(caller, action):
        deny = Case("deny", Problem("no", "no"))
        return deny if action["method"] == "completion/complete" else kit.permit

    back = plan(bench, kit, Case("done", json.dumps(VALUES)), judge)
    with pytest.raises(Refusal, match="denied"):
        await complete(bench, PROMPT)
    assert back.asked == []


async def test_what_is_hidden_is_unknown(bench, kit):
    plan(bench, kit, Case("done", json.dumps(VALUES)), Case("deny", Problem("no", "no")))
    with pytest.raises(Refusal) as hidden:
        await complete(bench, PROMPT)
    with pytest.raises(Refusal) as absent:
        await complete(bench, {**PROMPT, "ref": {"type": "ref/prompt", "name": "none"}})
    assert str(hidden.value) == "unknown prompt: review"
    assert str(absent.value) == "unknown prompt: none"


@pytest.mark.parametrize("code", ["mcp-unknown-method", "unsupported-method"])
async def test_a_backend_that_completes_nothing_has_no_values(bench, kit, code):
    plan(bench, kit, Case("failed", Problem(code, "no")))
    assert (await complete(bench, PROMPT))["completion"] == {"values": [], "total": 0, "hasMore": False}
    assert bench.ledger.records[-1]["status"] == "ok"


async def test_other_failures_are_told(bench, kit):
    plan(bench, kit, Case("failed", Problem("upstream-unavailable", "down")))
    with pytest.raises(Refusal, match="upstream-unavailable"):
        await complete(bench, PROMPT)


async def test_at_most_a_hundred_values_pass(bench, kit):
    many = {"completion": {"values": [str(n) for n in range(500)]}}
    plan(bench, kit, Case("done", json.dumps(many)))
    completion = (await complete(bench, PROMPT))["completion"]
    assert (len(completion["values"]), completion["hasMore"]) == (100, True)


@pytest.mark.parametrize(
    "answer", [{}, {"completion": 5}, {"completion": {"values": "x"}}, {"completion": {"values": [1]}}]
)
async def test_an_answer_that_is_none_is_an_error(bench, kit, answer):
    plan(bench, kit, Case("done", json.dumps(answer)))
    with pytest.raises(Refusal, match="bad-document"):
        await complete(bench, PROMPT)


@pytest.mark.parametrize(
    "params",
    [{}, {**PROMPT, "ref": {"type": "ref/tool", "name": "x"}}, {**PROMPT, "ref": "x"}, {**PROMPT, "ref": {"type": []}},
     {**PROMPT, "ref": {"type": "ref/prompt"}}, {**PROMPT, "argument": {"name": "x"}}, {**PROMPT, "argument": 5},
     {**PROMPT, "context": 5}, {**PROMPT, "context": {"arguments": {"a": 1}}}],
)  # fmt: skip
async def test_malformed_requests_are_refused(bench, kit, params):
    plan(bench, kit, Case("done", json.dumps(VALUES)))
    with pytest.raises(Refusal) as refused:
        await complete(bench, params)
    assert refused.value.code == -32602
    assert bench.ledger.records == []
