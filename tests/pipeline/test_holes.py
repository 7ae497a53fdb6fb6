"""Ways around the stages that were open once: each test failed before the hole was closed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from types import SimpleNamespace

import pytest
from msgspec import structs

from mcpg.contract.documents import Credentials, How, Peer
from mcpg.contract.manifest import EffectWish
from mcpg.contract.ports import McpCall, Refusal
from mcpg.contract.problems import LedgerUnavailable, PluginTrapped
from mcpg.contract.verdicts import Case, Effect, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.blobs import RunBlobs
from mcpg.pipeline.notices import Notices
from mcpg.pipeline.refusals import UNAVAILABLE

HTTP = Case("perform", [Effect("http", "{}")])
MODERN = {"version": "2026-07-28", "capabilities": {"elicitation": {}}}
CHARGE = (["caller", "ana"], 1_000_000, 2_000_000, 1, 0)


def text(result):
    return result["content"][0]["text"]


def wipe(kit, use="wipe"):
    """A transform that removes one word from whatever passes it on the way out."""

    def answer(function, caller, call, *rest):
        if function == "before":
            return Case("unchanged")
        return Case("changed", json.dumps(rest[0]["result"]).replace("sesame", "***"))

    return kit.guest(use, PluginKind.TRANSFORM, answer)


def redact(*paths):
    return Case("permit", [SimpleNamespace(kind="redact", detail=json.dumps({"paths": list(paths)}))])


async def test_a_result_that_calls_itself_unfinished_does_not_slip_past_redaction(bench, kit):
    forged = {"resultType": "input_required", "content": [{"type": "text", "text": "sesame"}]}
    bench.plan(
        kit.route(cache_ttl=60.0), policy=[kit.policy(kit.permit)], transforms=[wipe(kit)],
        backends={"back": kit.backend(Case("done", json.dumps(forged)))},
    )  # fmt: skip
    for _ in range(2):
        result = await bench.call(**MODERN)
        assert result["isError"] is True
        assert "sesame" not in json.dumps(result)


async def test_what_a_client_is_asked_passes_the_transforms_too(bench, kit):
    params = {"message": "is it sesame?", "requestedSchema": {}}
    ask = {"requests": {"a": {"method": "elicitation/create", "params": params}}}
    back = kit.backend(Case("ask", json.dumps(ask)))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], transforms=[wipe(kit)], backends={"back": back})
    result = await bench.call(**MODERN)
    assert result["inputRequests"]["a"]["params"]["message"] == "is it ***?"


async def test_where_a_call_is_redacted_its_client_is_asked_nothing_that_is_not(bench, kit):
    def permit(caller, action):
        return redact("/structuredContent/x") if action["method"] == "tools/call" else kit.permit

    params = {"message": "is it sesame?", "requestedSchema": {}}
    ask = {"requests": {"a": {"method": "elicitation/create", "params": params}}}

    def asking(function, caller, call, replies):
        return Case("done", json.dumps({"content": [], "structuredContent": replies[0].value})) if replies else said

    said = Case("ask", json.dumps(ask))
    bench.plan(kit.route(), policy=[kit.policy(permit)], backends={"back": kit.backend(asking)})
    result = await bench.call(**MODERN)
    assert json.loads(result["structuredContent"]) == {"a": {"action": "decline"}}
    assert bench.ledger.of("asked")[0]["asks"][0]["code"] == "redacted-call"
    bench.plan(kit.route(), policy=[kit.policy(redact("/message"))], backends={"back": kit.backend(asking)})
    assert (await bench.call(**MODERN))["inputRequests"]["a"]["params"]["message"] == "[redacted]"


async def test_the_words_of_a_failure_pass_the_transforms_or_stay_inside(bench, kit):
    back = kit.backend(Case("failed", Problem("http-500", "the server said sesame")))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], transforms=[wipe(kit)], backends={"back": back})
    assert "the server said ***" in text(await bench.call())
    bench.plan(kit.route(), policy=[kit.policy(redact("/structuredContent/x"))], backends={"back": back})
    assert text(await bench.call()) == "the call failed (http-500)"


async def test_what_is_redacted_by_place_is_redacted_in_the_text_that_repeats_it(bench, kit):
    data = {"email": "a@b.c", "n": 1}
    answer = {"content": [{"type": "text", "text": "\n " + json.dumps(data)}], "structuredContent": data}
    back = kit.backend(Case("done", json.dumps(answer)))
    bench.plan(kit.route(), policy=[kit.policy(redact("/structuredContent/email"))], backends={"back": back})
    result = await bench.call()
    assert "a@b.c" not in json.dumps(result)
    assert json.loads(text(result))["n"] == 1


async def test_a_pointer_that_leads_nowhere_is_found_before_the_backend_is_asked(bench, kit):
    back = kit.backend()
    bench.plan(kit.route(), policy=[kit.policy(redact("structuredContent"))], backends={"back": back})
    with pytest.raises(Refusal):
        await bench.call()
    assert back.asked == []


@pytest.mark.parametrize("path", ["/_meta", "/content"])
async def test_a_redaction_of_a_whole_member_leaves_an_answer(bench, kit, path):
    back = kit.backend(Case("done", '{"content": [], "_meta": {"x": 1}}'))
    bench.plan(kit.route(), policy=[kit.policy(redact(path))], backends={"back": back})
    result = await bench.call()
    assert list(result["_meta"])[-1] == "dev.mcpg/call"


@pytest.mark.parametrize(
    "answer",
    ["[" * 50_000, '{"a":' * 300 + "1" + "}" * 300, '"\ud800"'.encode("utf-8", "replace").decode(), "1e999", "[]", "7",
     '{"content": [], "_meta": "x"}', '{"content": [], "_meta": 1}'],
    ids=["deep", "deep and whole", "text", "number", "list", "integer", "meta text", "meta number"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["backend", "before", "after", "obligation"])
async def test_nonsense_of_a_plugin_is_an_answer_and_a_record(bench, kit, answer, place):
    def change(function, *rest):
        return Case("changed", answer) if function == place else Case("unchanged")

    permit = Case("permit", [SimpleNamespace(kind="redact", detail=answer)]) if place == "obligation" else kit.permit
    bench.plan(
        kit.route(), policy=[kit.policy(permit)], transforms=[kit.guest("shape", PluginKind.TRANSFORM, change)],
        backends={"back": kit.backend(Case("done", answer) if place == "backend" else None)},
    )  # fmt: skip
    with contextlib.suppress(Refusal):
        await bench.call()
    assert bench.ledger.records[-1]["kind"] in {"outcome", "refusal"}
    json.dumps(bench.ledger.records)


async def test_a_result_made_for_one_caller_is_not_given_to_another_from_the_cache(bench, kit):
    back = kit.guest("back", PluginKind.BACKEND, Case("done", '{"content": []}'), reads=("/call",))
    bench.plan(kit.route(cache_ttl=60.0), policy=[kit.policy(kit.permit)], backends={"back": back})
    others = [structs.replace(kit.ana, id="bob"), structs.replace(kit.ana, how=How(credential="x", plugin="other"))]
    for caller in (kit.ana, kit.ana, *others):
        await bench.call(caller=caller)
    assert len(back.asked) == 3


async def test_callers_who_go_away_do_not_take_a_backend_from_the_others(bench, kit):
    started = asyncio.Event()

    async def never(effect, context):
        started.set()
        await asyncio.Event().wait()

    slow = (kit.backend(lambda *_: HTTP), kit.effects("http", perform=never))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": slow})
    for _ in range(6):
        started.clear()
        task = asyncio.create_task(bench.call())
        await started.wait()
        task.cancel()
        await asyncio.gather(task, *bench.background, return_exceptions=True)
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    assert "isError" not in await bench.call()


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (PluginTrapped("it trapped"), "unknown"),
        (Case("done", "{"), "unknown"),
        (Case("failed", Problem("not-found", "no such row")), "failed"),
    ],
)
async def test_after_an_effect_only_the_plugin_can_say_that_nothing_came_of_it(bench, kit, second, status):
    def answer(function, caller, call, replies):
        return second if replies else HTTP

    bench.plan(
        kit.route(), policy=[kit.policy(kit.permit)], backends={"back": (kit.backend(answer), kit.effects("http"))}
    )
    result = await bench.call()
    assert bench.ledger.of("outcome")[0]["status"] == status
    assert ("may have happened" in text(result)) is (status == "unknown")


async def test_an_effect_that_nobody_knows_the_end_of_stays_unknown_whatever_the_plugin_says(bench, kit):
    async def lost(effect, context):
        return Case("failed", Problem("outcome-unknown", "the connection broke"))

    def answer(function, caller, call, replies):
        return Case("failed", Problem("oops", "it did not work")) if replies else HTTP

    back = (kit.backend(answer), kit.effects("http", perform=lost))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": back})
    await bench.call()
    assert bench.ledger.of("outcome")[0]["status"] == "unknown"


def limit(kit, settle=None):
    def answer(function, *rest):
        return Case("charge", [CHARGE]) if function == "reserve" else settle or Case("ok", [CHARGE])

    return kit.guest("fair-use", PluginKind.LIMIT, answer)


async def test_a_call_that_was_not_recorded_is_not_charged(bench, kit):
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], limits=[limit(kit)], backends={"back": kit.backend()})
    bench.ledger.broken = True
    for _ in range(5):
        with pytest.raises(Refusal) as refused:
            await bench.call()
        assert refused.value.code == UNAVAILABLE
        await asyncio.gather(*bench.background)
        bench.background.clear()
    bench.ledger.broken = False
    assert "isError" not in await bench.call()


async def test_a_limit_that_settles_nonsense_does_not_cost_the_record(bench, kit):
    guest = limit(kit, settle=Case("ok", [(["caller", "ana"], -5, 1, 1, 0)]))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], limits=[guest], backends={"back": kit.backend()})
    assert "isError" not in await bench.call()
    outcome = bench.ledger.of("outcome")[0]
    assert outcome["status"] == "ok"
    assert outcome["stages"][-1]["settled"] is False


async def test_an_outcome_that_cannot_be_recorded_is_not_called_nothing(bench, kit):
    def answer(*_):
        bench.ledger.broken = True
        return Case("done", '{"content": [{"type": "text", "text": "sesame"}]}')

    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend(answer)})
    with pytest.raises(Refusal, match="the call was made") as refused:
        await bench.call()
    assert refused.value.code == UNAVAILABLE


async def test_a_client_that_leaves_while_the_outcome_is_written_does_not_take_the_record_along(bench, kit):
    writing, go = asyncio.Event(), asyncio.Event()
    append = bench.ledger.append

    async def slow(tenant, record):
        if record["kind"] == "outcome":
            writing.set()
            await go.wait()
        return await append(tenant, record)

    bench.ledger.append = slow
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    task = asyncio.create_task(bench.call())
    await writing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    await asyncio.gather(*bench.background)
    assert [r["status"] for r in bench.ledger.of("outcome")] == ["ok"]


async def test_an_engine_that_asks_the_world_is_asked_again_for_each_list(bench, kit):
    def answer(function, caller, action, replies):
        if not replies:
            return HTTP
        return Case("seen", "p" * len(action)) if function == "see" else kit.permit

    effects = (EffectWish(driver="http", why="to ask who may"),)
    engine = kit.guest("rules", PluginKind.POLICY, answer, reads=("/action",), effects=effects)
    bench.plan(kit.route(), policy=[(engine, kit.effects("http"))], backends={"back": kit.backend()})
    for caller in (kit.ana, structs.replace(kit.ana, id="bob")):
        await bench.list(caller=caller)
    assert len(engine.asked) == 4


async def test_a_catalog_that_fails_leaves_a_record(bench, kit):
    catalog = kit.guest("curate", PluginKind.CATALOG, PluginTrapped("it trapped"))
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], catalog=[catalog], backends={"back": kit.backend()})
    with pytest.raises(Refusal):
        await bench.call()
    assert bench.ledger.records[-1]["stage"] == "catalog"


async def test_requests_that_are_never_made_leave_nothing_behind(bench, kit):
    caller = json.dumps({"id": "ana", "kind": "user", "how": {"credential": "k"}, "trust": "verified"})
    bench.plan(identity=[kit.guest("keys", PluginKind.IDENTITY, Case("caller", caller))])
    held = [await bench.service.identify(Credentials(transport="http", peer=Peer())) for _ in range(3)]
    assert not [name for name, value in vars(bench.service).items() if hasattr(value, "__len__") and len(value)]
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    for _ in range(2):  # a batch asks twice as one caller: both records say how it was established
        await bench.call(caller=held[0])
    assert [[s["stage"] for s in r["stages"]] for r in bench.ledger.of("intent")] == [["identity", "policy"]] * 2


@pytest.mark.parametrize("field", ["id", "tenant", "issuer"])
@pytest.mark.parametrize("value", ["@ledger", "a\0b", "a\nb", "x" * 2000])
async def test_a_caller_whose_name_could_be_taken_for_another_is_not_established(bench, kit, field, value):
    who = {"id": "ana", "kind": "user", "how": {"credential": "k"}, "trust": "verified", field: value}
    bench.plan(identity=[kit.guest("keys", PluginKind.IDENTITY, Case("caller", json.dumps(who)))])
    with pytest.raises(Refusal) as refused:
        await bench.service.identify(Credentials(transport="http", peer=Peer()))
    assert refused.value.status == 503


async def test_a_long_name_fills_no_ledger(bench, kit):
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    with pytest.raises(Refusal):
        await bench.call("x" * 100_000)
    assert len(json.dumps(bench.ledger.records)) < 4000


async def test_what_is_called_a_number_is_a_number(bench, kit):
    call = McpCall(method="tools/call", params={}, version="2025-11-25", request_id=1, progress_token=7)
    notices = Notices(bench.channel, call, quiet=True)
    for progress, total in ((1, "sesame"), (2, float("nan")), (float("inf"), 1), (True, 1), (3, 5)):
        await notices.send("notifications/progress", {"progress": progress, "total": total})
    assert [params for _, params in bench.channel.sent] == [
        {"progress": 1, "progressToken": 7},
        {"progress": 2, "progressToken": 7},
        {"progress": 3, "total": 5, "progressToken": 7},
    ]


def test_one_body_named_many_times_does_not_fill_the_memory():
    blobs = RunBlobs(limit=200_000)
    node = blobs.put(b"x" * 70_000, "text/plain")
    assert blobs.put(b"x" * 70_000, "text/plain")["$ref"] == node["$ref"]
    assert len(blobs.restore([node, node])[1]) == 70_000
    with pytest.raises(Exception, match="exceed"):
        blobs.restore([node] * 3)


async def test_a_large_argument_comes_back_from_a_transform_as_it_was(bench, kit):
    seen = []

    def answer(function, caller, call, *rest):
        seen.append(call["arguments"])
        return Case("changed", json.dumps(call["arguments"])) if function == "before" else Case("unchanged")

    echo = kit.backend(
        lambda function, caller, call, replies: Case(
            "done", json.dumps({"content": [], "n": len(call["arguments"]["q"])})
        )
    )
    bench.plan(
        kit.route(), policy=[kit.policy(kit.permit)], transforms=[kit.guest("t", PluginKind.TRANSFORM, answer)],
        backends={"back": echo},
    )  # fmt: skip
    assert (await bench.call(arguments={"q": "x" * 100_000}))["n"] == 100_000
    assert "$ref" in seen[0]["q"]


async def test_floods_that_could_not_be_written_are_counted_on(bench, kit):
    bench.plan(identity=[kit.guest("keys", PluginKind.IDENTITY, Case("reject", Problem("bad-key", "no")))])
    for _ in range(15):
        with pytest.raises(Refusal):
            await bench.service.identify(Credentials(transport="http", peer=Peer()))
    bench.ledger.broken = True
    with pytest.raises(LedgerUnavailable):
        await bench.floods.flush()
    bench.ledger.broken = False
    await bench.floods.flush()
    assert bench.ledger.records[-1]["counted"] == 5


async def test_no_effect_is_begun_when_the_time_of_a_call_is_over(bench, kit):
    effects = kit.effects("http")

    async def answer(function, caller, call, replies):
        await asyncio.sleep(0.02)
        return HTTP

    bench.plan(
        kit.route(timeout=0.01), policy=[kit.policy(kit.permit)], backends={"back": (kit.backend(answer), effects)}
    )
    assert "deadline" in text(await bench.call())
    assert effects.performed == []
