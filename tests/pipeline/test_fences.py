"""What a plugin has said before it was fenced does not count after it, wherever a call or a list is on its way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mcpg.contract.ports import Refusal
from mcpg.contract.verdicts import Case, Effect
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.distrust import Distrust

DONE = Case("done", '{"content": []}')


class Desk:
    """A bench of a policy, a transform and a backend, one of which fences another while it answers."""

    def __init__(self, bench, kit):
        self.bench = bench
        self._kit = kit
        self.guests = {}

    def set(self, *, shadow=False, **fences):
        """Make the plan; `fences` has what a guest fences, by the guest's name."""
        policy = self._guest("rules", PluginKind.POLICY, self._kit.permit, fences)
        mask = self._guest("mask", PluginKind.TRANSFORM, Case("unchanged", None), fences)
        back = self._guest("back", PluginKind.BACKEND, DONE, fences)
        if shadow:
            policy = (policy, self._kit.effects(), {"shadow": True})
        combine = "off" if shadow else "deny-overrides"
        self.bench.plan(self._kit.route(), policy=[policy], transforms=[mask], backends={"back": back}, combine=combine)

    def _guest(self, name, kind, answer, fences):
        def said(function, *_):
            if name in fences and function != "see":
                fenced = fences[name]
                self.bench.distrust.note(fenced, self.guests[fenced].digest if fenced in self.guests else "sha256:0")
            return Case("seen", "p") if function == "see" else answer

        self.guests[name] = self._kit.guest(name, kind, said)
        return self.guests[name]


@pytest.fixture
def desk(bench, kit):
    return Desk(bench, kit)


async def test_a_policy_that_is_fenced_before_the_intent_stops_the_call(desk):
    desk.set(rules="rules")
    with pytest.raises(Refusal, match="`rules` has been fenced") as refused:
        await desk.bench.call()
    assert refused.value.code == -31005
    assert not desk.guests["back"].asked
    assert [r["kind"] for r in desk.bench.ledger.records] == ["refusal"]


@pytest.mark.parametrize("fenced", ["back", "rules", "mask"])
async def test_what_is_fenced_while_the_backend_is_at_work_leaves_no_answer(desk, fenced):
    desk.set(back=fenced)
    result = await desk.bench.call()
    assert result["isError"]
    assert f"`{fenced}` has been fenced" in result["content"][0]["text"]
    assert "It may have happened." in result["content"][0]["text"]
    (outcome,) = desk.bench.ledger.of("outcome")
    assert (outcome["status"], outcome["code"]) == ("unknown", "plugin-fenced")


async def test_an_answer_that_waits_for_its_record_when_its_plugin_is_fenced_is_not_told(desk):
    desk.set()
    append = desk.bench.ledger.append

    async def late(tenant, record):
        if record["kind"] == "outcome":
            desk.bench.distrust.note("back", desk.guests["back"].digest)
        return await append(tenant, record)

    desk.bench.ledger.append = late
    with pytest.raises(Refusal, match="`back` has been fenced"):
        await desk.bench.call()
    assert [(r["kind"], r.get("status", r.get("stage"))) for r in desk.bench.ledger.records] == [
        ("intent", None), ("outcome", "ok"), ("refusal", "fence"),
    ]  # fmt: skip


async def test_another_plugin_that_is_fenced_disturbs_nobody(desk):
    desk.set(back="other")
    assert "isError" not in await desk.bench.call()


async def test_a_shadow_engine_decides_nothing_before_or_after_its_fence(desk):
    desk.set(back="rules", shadow=True)
    assert "isError" not in await desk.bench.call()


async def test_a_halted_plan_permits_and_shows_nothing_and_says_why(desk):
    desk.set()
    desk.bench.now = replace(desk.bench.now, halted="policy `rules` has been fenced, so nothing is permitted")
    for asked in (desk.bench.call(), desk.bench.call("absent"), desk.bench.list()):
        with pytest.raises(Refusal, match="policy `rules` has been fenced") as refused:
            await asked
        assert refused.value.code == -31005


async def test_what_is_not_listed_is_found_when_it_is_called(desk):
    desk.set()
    desk.bench.now = replace(desk.bench.now, generation=2, routes=desk.bench.now.routes.hiding(frozenset({"back"})))
    assert (await desk.bench.list())["tools"] == []
    assert "isError" not in await desk.bench.call()


async def test_a_list_that_was_worked_out_with_a_fenced_plugin_is_worked_out_anew(bench, kit):
    asked, gate = asyncio.Semaphore(0), asyncio.Event()
    seen = iter("pd")

    async def see(*_):
        letter = next(seen)
        asked.release()
        await gate.wait()
        return Case("seen", letter)

    guest = kit.guest("rules", PluginKind.POLICY, see)
    bench.plan(kit.route(), policy=[guest], backends={"back": kit.backend()})
    listing = asyncio.create_task(bench.list())
    await asked.acquire()
    bench.views.forget()
    gate.set()
    assert (await listing)["tools"] == []
    assert len(guest.asked) == 2


async def test_effects_of_a_fenced_plugin_end_at_once_and_nobody_knows_what_came_of_them(bench, kit):
    begun = asyncio.Event()

    async def perform(*_):
        begun.set()
        await asyncio.Event().wait()

    back = kit.backend(Case("perform", [Effect("http", "{}")]))
    effects = kit.effects("http", perform=perform)
    rules = kit.policy(kit.permit)
    bench.plan(kit.route(timeout=3600.0), policy=[rules], backends={"back": (back, effects)})
    calling = asyncio.create_task(bench.call())
    await begun.wait()
    assert bench.runner.interrupt("back", "sha256:another") == 0
    assert bench.runner.interrupt("back", back.digest) == 1
    result = await calling
    assert "`back` was fenced while effects were under way" in result["content"][0]["text"]
    assert bench.ledger.of("outcome")[0]["status"] == "unknown"
    assert bench.runner.interrupt("back", back.digest) == 0


async def test_effects_whose_time_is_over_already_are_no_trouble_to_a_fence(bench, kit):
    interrupted = []

    async def perform(*_):
        next(iter(bench.runner._performing)).reschedule(0)
        try:
            await asyncio.Event().wait()
        finally:
            interrupted.append(bench.runner.interrupt("back", back.digest))

    back = kit.backend(Case("perform", [Effect("http", "{}")]))
    effects = kit.effects("http", perform=perform)
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": (back, effects)})
    assert "they may have happened" in (await bench.call())["content"][0]["text"]
    assert interrupted == [0]


def test_distrust_counts_only_what_came_after_and_keeps_a_bounded_number():
    distrust = Distrust(most=2)
    trace = [{"use": "a", "component": "1"}, {"use": "b", "component": "2", "skipped": True}]
    distrust.note("a", "1")
    assert (distrust.found(trace, 0), distrust.found(trace, 1)) == ("a", "")
    distrust.note("a", "other")
    distrust.note("b", "2")
    assert distrust.count == 3
    assert distrust.found(trace, 0) == ""
