"""The run loop: passes, the digest check, grants, bounds, the memo and large bodies."""

from __future__ import annotations

import asyncio
import json

import pytest

from mcpg.contract.manifest import EffectWish
from mcpg.contract.problems import EffectDenied, NondeterministicPlugin, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem, ok
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.memo import Memo
from mcpg.pipeline.runs import Bounds, Question, Runner
from mcpg.pipeline.stages import make_stage
from mcpg.pipeline.work import Known, Work


def effects(*names):
    return [Effect("http", json.dumps({"url": name})) for name in names]


def make_work(kit, seconds=5.0):
    async def nobody(method, params): ...

    deadline = asyncio.get_running_loop().time() + seconds
    return Work(
        known=Known(kit.ana),
        method="tools/call",
        name="t",
        deadline=deadline,
        notify=nobody,
        digest=lambda t: f"d:{len(t)}",
    )


async def run(kit, answer, *, granted=("http",), perform=None, bounds=None, seconds=5.0):
    guest = kit.guest("back", PluginKind.BACKEND, answer)
    performer = kit.effects(*granted, perform=perform)
    work = make_work(kit, seconds)
    question = Question(make_stage(guest, performer), "backend", "call", ("{}", "{}"), work)
    return await Runner(Memo(), bounds).run(question), guest, performer, work


async def test_each_pass_gets_every_reply_and_only_new_effects_are_performed(kit):
    def answer(function, caller, call, replies):
        if len(replies) < 1:
            return Case("perform", effects("a"))
        if len(replies) < 3:
            return Case("perform", effects("a", "b", "c"))
        return Case("done", json.dumps([r.value for r in replies]))

    answer, guest, performer, work = await run(kit, answer)
    assert len(guest.asked) == 3
    assert [json.loads(e.request)["url"] for e, _ in performer.performed] == ["a", "b", "c"]
    assert [c.index for _, c in performer.performed] == [0, 1, 2]
    assert work.trace[0]["effects"] == ["http", "http", "http"]


@pytest.mark.parametrize("second", [effects("b"), [], effects("b", "c")])
async def test_other_effects_on_a_second_pass_end_the_run(kit, second):
    def answer(function, caller, call, replies):
        return Case("perform", second if replies else effects("a"))

    with pytest.raises(NondeterministicPlugin):
        await run(kit, answer)


async def test_asking_again_for_nothing_new_ends_the_run(kit):
    with pytest.raises(RunFailed, match="nothing new"):
        await run(kit, lambda *_: Case("perform", effects("a")))


async def test_one_effect_that_is_not_granted_and_nothing_is_performed(kit):
    def answer(function, caller, call, replies):
        return Case("perform", [*effects("a"), Effect("command", "{}")])

    guest = kit.guest("back", PluginKind.BACKEND, answer)
    performer = kit.effects("http")
    question = Question(make_stage(guest, performer), "backend", "call", ("{}", "{}"), make_work(kit))
    with pytest.raises(EffectDenied):
        await Runner(Memo()).run(question)
    assert performer.performed == []
    assert question.work.trace[0]["code"] == "effect-denied"


async def test_a_driver_that_the_manifest_does_not_ask_for_is_refused_though_it_is_granted(kit):
    guest = kit.guest("rules", PluginKind.POLICY, Case("perform", effects("a")))
    performer = kit.effects("http")
    question = Question(make_stage(guest, performer), "policy", "decide", ("{}", "{}"), make_work(kit))
    with pytest.raises(
        EffectDenied, match=r"`rules` \(`test/rules`\) asks for driver `http`, which its manifest"
    ) as denied:
        await Runner(Memo()).run(question)
    assert (denied.value.code, performer.performed) == ("effect-undeclared", [])
    assert "`effects` of its manifest" in denied.value.remedy


def endless(function, caller, call, replies):
    return Case("perform", effects(*map(str, range(len(replies) + 1))))


async def test_a_run_ends_after_64_passes(kit):
    with pytest.raises(RunFailed, match="64 passes") as failed:
        await run(kit, endless)
    assert failed.value.code == "too-many-passes"


async def test_a_run_ends_at_its_bounds_of_effects_and_replies(kit):
    with pytest.raises(RunFailed, match="257 effects"):
        await run(kit, lambda *_: Case("perform", effects(*map(str, range(257)))))

    async def big(effect, context):
        return ok("x" * 600)

    with pytest.raises(RunFailed, match="exceed 1000 bytes"):
        await run(kit, endless, perform=big, bounds=Bounds(reply_bytes=1000))


async def test_a_deadline_in_an_effect_leaves_the_outcome_unknown(kit):
    async def never(effect, context):
        await asyncio.Event().wait()

    with pytest.raises(RunFailed) as failed:
        await run(kit, endless, perform=never, seconds=0.01)
    assert failed.value.code == "outcome-unknown"


async def test_new_effects_of_one_pass_run_concurrently(kit):
    gate = asyncio.Barrier(3)

    async def together(effect, context):
        await gate.wait()
        return ok("{}")

    def answer(function, caller, call, replies):
        return Case("done", "{}") if replies else Case("perform", effects("a", "b", "c"))

    result, *_ = await run(kit, answer, perform=together)
    assert result.tag == "done"


async def test_the_memo_answers_without_asking_and_is_traced_in_full(kit):
    guest = kit.guest("rules", PluginKind.POLICY, Case("permit", []), memo=True)
    runner, stage = Runner(Memo()), make_stage(guest, kit.effects())
    works = [make_work(kit), make_work(kit)]
    for work in works:
        await runner.run(Question(stage, "policy", "decide", ("{}", "{}"), work))
    assert len(guest.asked) == 1
    fresh, remembered = (work.trace[0] for work in works)
    assert remembered.pop("memo") is True
    assert {**fresh, "us": 0} == {**remembered, "us": 0}


async def test_runs_with_effects_failures_and_readers_of_the_clock_are_never_remembered(kit):
    def asks(function, caller, action, replies):
        return Case("permit", []) if replies else Case("perform", effects("a"))

    runner = Runner(Memo())
    for answer, reads, wishes in (
        (asks, ("/caller",), (EffectWish(driver="http", why="tests"),)),
        (Case("failed", Problem("x", "y")), ("/caller",), ()),
        (Case("permit", []), ("/caller", "/run/now"), ()),
    ):
        guest = kit.guest("rules", PluginKind.POLICY, answer, memo=True, reads=reads, effects=wishes)
        for _ in range(2):
            await runner.run(
                Question(make_stage(guest, kit.effects("http")), "policy", "decide", ("{}", "{}"), make_work(kit))
            )
        assert len({id(a) for a in guest.asked}) >= 2


async def test_a_large_body_stays_in_the_host_and_is_put_back(bench, kit):
    body = "ä" * 100_000

    async def fetch(effect, context):
        return ok(json.dumps({"body": context.blobs.put(body.encode(), "text/plain")}))

    def answer(function, caller, call, replies):
        if not replies:
            return Case("perform", effects("a"))
        assert len(replies[0].value) < 500
        return Case("done", json.dumps({"content": [{"type": "text", "text": json.loads(replies[0].value)["body"]}]}))

    back = (kit.backend(answer), kit.effects("http", perform=fetch))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert result["content"][0]["text"] == body


async def test_a_ref_that_is_not_of_this_call_ends_the_run(bench, kit):
    async def fetch(effect, context):
        context.blobs.put(b"x" * 70_000, "text/plain")
        return ok("{}")

    def answer(function, caller, call, replies):
        forged = {"$ref": "blob:7", "size": 1, "sha256": "0", "media": ""}
        return Case("done", json.dumps({"content": [forged]})) if replies else Case("perform", effects("a"))

    back = (kit.backend(answer), kit.effects("http", perform=fetch))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    result = await bench.call()
    assert result["isError"] is True
    assert "unknown-body" in result["content"][0]["text"]
