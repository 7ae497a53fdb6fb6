"""Lists: what a caller may not use does not exist for it; pages; catalog plugins."""

from __future__ import annotations

import json

import pytest

from mcpg.contract.documents import Caller, How
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import PluginTrapped
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.routes import Route

BOB = Caller(id="bob", kind="user", how=How(credential="api-key"), trust="verified")


def names(result):
    return [tool["name"] for tool in result["tools"]]


async def every(bench, caller=None):
    found, cursor = [], None
    while True:
        page = await bench.list(**({"caller": caller} if caller else {}), **({"cursor": cursor} if cursor else {}))
        found.append(names(page))
        cursor = page.get("nextCursor")
        if cursor is None:
            return found


def only(kit, *allowed):
    return kit.policy(
        lambda caller, action: kit.permit if action["name"] in allowed else Case("deny", Problem("x", "y"))
    )


async def test_lists_come_in_sorted_pages(bench, kit):
    bench.plan(*(kit.route(n) for n in "gfedcba"), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()})
    assert await every(bench) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


async def test_a_list_that_shrinks_between_pages_neither_repeats_nor_breaks(bench, kit):
    bench.plan(*(kit.route(n) for n in "abcdef"), policy=[kit.policy(kit.permit)])
    cursor = (await bench.list())["nextCursor"]
    bench.plan(*(kit.route(n) for n in "abef"), policy=[kit.policy(kit.permit)])
    assert names(await bench.list(cursor=cursor)) == ["e", "f"]


@pytest.mark.parametrize("bad", ["", "x", 7, "AAAA"])
async def test_a_cursor_that_we_did_not_make_is_refused(bench, kit, bad):
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)])
    with pytest.raises(Refusal) as refused:
        await bench.list(cursor=bad)
    assert refused.value.code == -32602


async def test_a_cursor_of_another_caller_is_refused(bench, kit):
    bench.plan(*(kit.route(n) for n in "abcdef"), policy=[kit.policy(kit.permit)])
    cursor = (await bench.list())["nextCursor"]
    with pytest.raises(Refusal):
        await bench.list(caller=BOB, cursor=cursor)


async def test_only_what_policy_lets_a_caller_see_is_listed(bench, kit):
    bench.plan(*(kit.route(n) for n in "abc"), policy=[only(kit, "b")])
    assert names(await bench.list()) == ["b"]


@pytest.mark.parametrize(
    "answer", [PluginTrapped("it trapped"), Case("seen", "p"), Case("seen", "pq"), Case("failed", Problem("x", "y"))]
)
async def test_an_engine_that_cannot_tell_hides_everything(bench, kit, answer):
    guest = kit.guest("rules", PluginKind.POLICY, answer)
    bench.plan(kit.route("a"), kit.route("b"), policy=[guest])
    assert names(await bench.list()) == []


async def test_engines_are_asked_in_chunks_and_once_per_caller(bench, kit):
    guest = kit.policy(kit.permit)
    bench.plan(*(kit.route(f"t{n:04}") for n in range(600)), policy=[guest])
    first = await every(bench)
    assert sum(map(len, first)) == 600
    assert [len(json.loads(arguments[1])) for _, arguments in guest.asked] == [256, 256, 88]
    await bench.list(caller=BOB)
    assert len(guest.asked) == 6


async def test_a_catalog_plugin_renames_and_the_call_goes_by_the_new_name(bench, kit):
    def shape(function, caller, catalog):
        tools = [{**t, "name": f"our-{t['name']}"} for t in catalog["tools"] if t["name"] != "secret"]
        return Case("ok", json.dumps({"tools": tools}))

    bench.plan(
        kit.route("echo"), kit.route("secret"), policy=[kit.policy(kit.permit)], backends={"back": kit.backend()},
        catalog=[kit.guest("curate", PluginKind.CATALOG, shape)],
    )  # fmt: skip
    assert names(await bench.list()) == ["our-echo"]
    assert "content" in await bench.call("our-echo")
    for gone in ("echo", "secret"):
        with pytest.raises(Refusal, match="unknown tool"):
            await bench.call(gone)


@pytest.mark.parametrize(
    "answer",
    [
        Case("ok", '{"tools": [{"name": "invented", "target": "nothing"}]}'),
        Case("ok", "{not json"),
        Case("err", Problem("x", "y")),
        PluginTrapped("it trapped"),
    ],
)
async def test_a_catalog_plugin_that_fails_or_invents_ends_the_list(bench, kit, answer):
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], catalog=[kit.guest("curate", PluginKind.CATALOG, answer)])
    with pytest.raises(Refusal):
        await bench.list()


async def test_a_resource_may_match_a_template(bench, kit):
    entry = {"uriTemplate": "db://{table}/rows/{id}", "name": "row"}
    route = Route(kind="template", name=entry["uriTemplate"], backend="back", entry=entry)
    asked = []

    def answer(function, caller, call, replies):
        asked.append(call["target"])
        return Case("done", '{"contents": []}')

    bench.plan(route, policy=[kit.policy(kit.permit)], backends={"back": kit.backend(answer)})
    await bench.list("resources/read", uri="db://customers/rows/7")
    assert asked == ["db://customers/rows/7"]
    with pytest.raises(Refusal) as refused:
        await bench.list("resources/read", uri="db://customers/rows/7/8")
    assert refused.value.code == -32002


async def test_a_method_that_we_do_not_have_is_said_to_be_unknown(bench, kit):
    bench.plan()
    with pytest.raises(Refusal) as refused:
        await bench.list("tools/dance")
    assert refused.value.code == -32601
