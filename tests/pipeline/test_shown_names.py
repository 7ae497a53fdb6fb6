"""An endpoint with names of its own: catalog plugins and policy go by canonical names, clients by what is shown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.pipeline.conftest import ANA

from mcpg.contract.ports import Refusal
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.routes import Route
from mcpg.pipeline.uris import Uris


def own(kit, name, target, **more):
    """Return the route of an upstream's tool as its own endpoint has it."""
    return replace(kit.route(name), target=target, alias=target, upstream="crm", **more)


def hides(*hidden, rename=None):
    def shape(function, caller, catalog):
        names = rename or {}
        tools = [{**t, "name": names.get(t["name"], t["name"])} for t in catalog["tools"] if t["name"] not in hidden]
        return Case("ok", json.dumps({"tools": tools, "resources": catalog.get("resources", [])}))

    return shape


async def test_what_a_catalog_plugin_hides_by_canonical_name_is_hidden_by_any_name(bench, kit):
    guest = kit.guest("curate", PluginKind.CATALOG, hides("crm.wipe", rename={"crm.find": "search"}))
    bench.plan(
        own(kit, "crm.find", "find"), own(kit, "crm.wipe", "wipe"), policy=[kit.policy(kit.permit)],
        backends={"back": kit.backend()}, catalog=[guest], endpoint="servers/crm",
    )  # fmt: skip
    assert [tool["name"] for tool in (await bench.list())["tools"]] == ["find"]
    assert "content" in await bench.call("find")
    for gone in ("wipe", "crm.wipe", "crm.find", "search"):
        with pytest.raises(Refusal, match="unknown tool"):
            await bench.call(gone)
    assert {tool["name"] for tool in json.loads(guest.asked[0][1][1])["tools"]} == {"crm.find", "crm.wipe"}


async def test_policy_backend_and_records_see_each_its_own_name(bench, kit):
    judged, called = [], []

    def judge(caller, action):
        judged.append(action["name"])
        return kit.permit if action["name"] == "crm.find" else Case("deny", Problem("x", "y"))

    def answer(function, caller, call, replies):
        called.append((call["name"], call["target"]))
        return Case("done", '{"content": []}')

    bench.plan(
        own(kit, "crm.find", "find"), own(kit, "crm.wipe", "wipe"), policy=[kit.policy(judge)],
        backends={"back": kit.backend(answer)}, endpoint="servers/crm",
    )  # fmt: skip
    await bench.call("find")
    with pytest.raises(Refusal, match="unknown tool"):
        await bench.call("wipe")
    assert set(judged) == {"crm.find", "crm.wipe"}
    assert called == [("crm.find", "find")]
    (intent,) = bench.ledger.of("intent")
    kept = {key: intent[key] for key in ("name", "canonical", "target", "endpoint")}
    assert kept == {"name": "find", "canonical": "crm.find", "target": "find", "endpoint": "servers/crm"}


async def test_uris_that_are_shared_are_taken_off_on_the_way_in_and_put_on_on_the_way_out(bench, kit):
    lead = "mcpg://crm/"
    uris = Uris("crm", ["x:1"], ["y://{id}"])
    judged, asked = [], []

    def judge(caller, action):
        judged.append(action["name"])
        return kit.permit

    def answer(function, caller, call, replies):
        asked.append(call["target"])
        return Case("done", json.dumps({"contents": [{"uri": call["target"], "text": ""}]}))

    routes = [
        Route(kind=kind, name=lead + target, backend="back", entry={field: lead + target, "name": "n"}, target=target,
              upstream="crm", owner="crm", uris=uris)
        for kind, field, target in (("resource", "uri", "x:1"), ("template", "uriTemplate", "y://{id}"))
    ]  # fmt: skip
    bench.plan(*routes, policy=[kit.policy(judge)], backends={"back": kit.backend(answer)})
    for uri in (f"{lead}x:1", f"{lead}y://7"):
        read = await bench.list("resources/read", uri=uri)
        assert read["contents"][0]["uri"] == uri
    bench.plan(
        *(replace(route, alias=route.target, uris=None) for route in routes), policy=[kit.policy(judge)],
        backends={"back": kit.backend(answer)}, endpoint="servers/crm",
    )  # fmt: skip
    for uri in ("x:1", "y://7"):
        read = await bench.list("resources/read", uri=uri)
        assert read["contents"][0]["uri"] == uri
    assert asked == ["x:1", "y://7"] * 2
    assert judged == [f"{lead}x:1", f"{lead}y://7"] * 2


async def test_what_is_silent_is_read_and_not_listed_also_behind_a_catalog_plugin(bench, kit):
    route = Route(kind="resource", name="ui://app", backend="back", entry={"uri": "ui://app"}, target="ui://app",
                  silent=True)  # fmt: skip
    backend = kit.backend(lambda *_: Case("done", '{"contents": []}'))
    for catalog in ([], [kit.guest("curate", PluginKind.CATALOG, hides())]):
        bench.plan(route, policy=[kit.policy(kit.permit)], backends={"back": backend}, catalog=catalog)
        assert (await bench.list("resources/list"))["resources"] == []
        assert await bench.list("resources/read", uri="ui://app")
    bench.plan(route, policy=[kit.policy(Case("deny", Problem("x", "y")))], backends={"back": backend})
    with pytest.raises(Refusal, match="unknown resource"):
        await bench.list("resources/read", uri="ui://app")


async def test_endpoints_do_not_drive_out_what_is_kept_for_each_other(bench, kit):
    guest = kit.policy(kit.permit)
    bench.plan(kit.route("a"), policy=[guest])
    one, two = bench.now, replace(bench.now, endpoint="other")
    for _ in range(5):
        for plan in (one, two):
            bench.now = plan
            await bench.list()
    assert len(guest.asked) == 2
    bench.views.keep({"mcp"})
    bench.now = two
    await bench.list()
    assert len(guest.asked) == 3


async def test_a_call_of_an_older_plan_takes_nothing_from_newer_ones(bench, kit):
    guest = kit.policy(kit.permit)
    bench.plan(kit.route("a"), policy=[guest])
    old = bench.now
    bench.plan(kit.route("a"), policy=[guest])
    new = bench.now
    await bench.list()
    bench.now = old
    await bench.list()
    bench.now = new
    await bench.list()
    assert len(guest.asked) == 2


async def test_a_fingerprint_is_of_what_is_shown(bench, kit):
    async def prints(kind="tools"):
        return await bench.service.fingerprint(ANA, kind, version="2025-11-25", session="")

    guest = kit.policy(kit.permit)
    bench.plan(kit.route("a"), kit.route("b"), policy=[guest])
    first = await prints()
    assert first == await prints()
    assert len(guest.asked) == 1
    bench.plan(kit.route("b"), kit.route("a"), policy=[guest])
    assert await prints() == first
    changed = kit.route("a")
    bench.plan(replace(changed, entry={**changed.entry, "title": "A"}), kit.route("b"), policy=[guest])
    assert await prints() != first
    resources = await prints("resources")
    bench.plan(Route(kind="template", name="x://{a}", backend="back", entry={"name": "x"}), policy=[guest])
    assert await prints("resources") != resources
    bench.now = replace(bench.now, halted="stopped")
    with pytest.raises(Refusal):
        await prints()
