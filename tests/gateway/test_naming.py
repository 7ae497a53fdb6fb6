"""Names and URIs over all endpoints: no name leads to two things, and each thing has one name for policy everywhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.config.root import Config
from mcpg.gateway.logs import Reports
from mcpg.gateway.plans import takes
from mcpg.gateway.routing import Described, route_table
from mcpg.pipeline.views import View, _entries, _under_own_names

UPSTREAMS = ["a", "b", "a.b", "search"]
WORDS = ["search", "delete", "a.search", "b.delete", "a.b.search", "a.a.search", "search.search", "x/y"]
URIS = ["file:///1", "file:///2", "mcpg://a/file:///1", "MCPG://b/x", "ui://app", "ui://mcpg/a/app", "note:?q#f"]
TEMPLATES = ["file:///{id}", "ui://{+x}", "note://{+path}", "mcpg://a/{id}"]


def settings(**upstreams):
    made = {name: {"stdio": {"command": ["x"]}, **more} for name, more in upstreams.items()}
    return Config.model_validate_json(json.dumps({"version": 1, "upstreams": made})).upstreams


def offered(upstream, tools=(), *, prompts=(), resources=(), templates=(), prefix=""):
    lead = f"{prefix}." if prefix else ""
    catalog = {
        "tools": [t if isinstance(t, dict) else {"name": lead + t, "target": t} for t in tools],
        "prompts": [{"name": lead + name, "target": name} for name in prompts],
        "resources": [{"uri": uri, "name": uri} for uri in resources],
        "templates": [{"uriTemplate": text, "name": text} for text in templates],
    }
    return Described(f"upstream.{upstream}", catalog, upstream)


def some(words):
    return st.lists(st.sampled_from(words), max_size=4, unique=True)


@st.composite
def sites(draw):
    """Return sources and what the operator says of them."""
    chosen = draw(st.lists(st.sampled_from(UPSTREAMS), min_size=1, max_size=4, unique=True))
    fields = {name: {} for name in chosen}
    sources = []
    for name in chosen:
        prefix = draw(st.sampled_from(["", "", "p", "a", "search"]))
        fields[name]["prefix"] = prefix
        tools = draw(some(WORDS))
        if tools and draw(st.booleans()):
            fields[name]["tools"] = {tools[0]: draw(st.sampled_from([{"name": "given"}, {"hidden": True}, {}]))}
        sources.append(
            offered(
                name,
                tools,
                prompts=draw(some(WORDS)),
                resources=draw(some(URIS)),
                templates=draw(some(TEMPLATES)),
                prefix=prefix,
            )
        )
    return sources, settings(**fields)


def tables(sources, upstreams):
    whole = route_table([], sources, lambda _: None, upstreams)
    parts = {f"servers/{name}": whole.of_upstream(name) for name in upstreams}
    return {"mcp": whole, "some": whole.only(lambda route: route.name < "m"), **parts}


KINDS = ("tool", "prompt", "resource", "template")


@given(sites())
def test_no_name_leads_to_two_things_and_each_thing_has_one_name_for_policy(site):
    sources, upstreams = site
    endpoints = tables(sources, upstreams)
    canonical = {}
    for endpoint, table in endpoints.items():
        routes = [route for kind in KINDS for route in (*table.listed(kind), *table.unlisted(kind))]
        assert len(routes) == len(table)
        assert len({(route.kind, route.shown) for route in routes}) == len(routes), endpoint
        for route in routes:
            assert table.get(route.kind, route.shown) is route
            thing = (route.kind, route.backend, route.target)
            assert canonical.setdefault(thing, route.name) == route.name
            assert route.action()["name"] == route.name
            assert route.target_of(route.shown) == route.target
            if endpoint.startswith("servers/"):
                assert route.shown == route.target
            else:
                assert route.shown == route.name
    assert len(set(canonical.values())) <= len(canonical)
    names = {}
    for (kind, backend, target), name in canonical.items():
        assert names.setdefault((kind, name), (backend, target)) == (backend, target)


@given(sites(), st.sampled_from(WORDS))
def test_a_name_that_policy_denies_is_denied_on_each_endpoint(site, word):
    sources, upstreams = site
    endpoints = tables(sources, upstreams)
    target = endpoints["mcp"].get("tool", word)
    if target is None:
        return
    for table in endpoints.values():
        view = _under_own_names(View(_entries(table.listed), _entries(table.unlisted)))
        for entry in view.rows("tool"):
            same = (entry.route.backend, entry.route.target) == (target.backend, target.target)
            assert (entry.route.action()["name"] == word) == same


@given(sites())
def test_names_are_the_same_whatever_the_order_in_which_upstreams_come(site):
    sources, upstreams = site
    one, two = (tables(order, upstreams)["mcp"] for order in (sources, sources[::-1]))
    for kind in KINDS:
        assert [(r.name, r.backend) for r in one.listed(kind)] == [(r.name, r.backend) for r in two.listed(kind)]


def test_an_upstream_that_is_not_there_yet_keeps_its_names():
    sources = [offered("b", ["a.search"])]
    assert [r.name for r in tables(sources, settings(a={}, b={}))["mcp"].listed("tool")] == ["b.a.search"]
    assert [r.name for r in tables(sources, settings(b={}))["mcp"].listed("tool")] == ["a.search"]


def test_what_the_operator_says_of_an_entry_stands_in_place_of_the_upstreams_words():
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {}}, "required": ["city"]}
    tool = {"name": "now", "target": "now", "description": "theirs", "inputSchema": schema, "annotations": {"x": 1}}
    said = {
        "name": "weather", "title": "Weather", "description": "ours", "annotations": {"readOnlyHint": True},
        "defaults": {"city": "Ulm"},
    }  # fmt: skip
    upstreams = settings(a={"tools": {"now": said, "gone": {"hidden": True}}, "resources": {"x:1": {"title": "One"}}})
    told = []
    sources = [offered("a", [tool, {"name": "gone", "target": "gone"}], resources=["x:1"])]
    table = route_table([], sources, told.append, upstreams)
    (route,) = table.listed("tool")
    assert route.entry == {
        "name": "weather", "target": "now", "title": "Weather", "description": "ours",
        "annotations": {"x": 1, "readOnlyHint": True},
        "inputSchema": {"type": "object", "properties": {"city": {"type": "string", "default": "Ulm"}, "days": {}}},
    }  # fmt: skip
    assert route.action()["annotations"] == {"x": 1, "readOnlyHint": True}
    assert (route.defaults, route.check({"city": "Ulm"}), bool(route.check({}))) == ({"city": "Ulm"}, [], True)
    assert table.listed("resource")[0].entry["title"] == "One"
    own = table.of_upstream("a")
    assert [(r.shown, r.entry["description"]) for r in own.listed("tool")] == [("now", "ours")]
    assert own.get("tool", "gone") is None
    assert own.get("tool", "weather") is None
    assert told == []


def test_what_the_operator_speaks_of_and_nobody_offers_is_said():
    told = []
    route_table([], [offered("a", ["x"])], told.append, settings(a={"tools": {"y": {"title": "Y"}}}))
    assert told == ["`a` offers nothing called `y`, which `tools` speaks of"]


APP = {"name": "show", "target": "show", "_meta": {"ui": {"resourceUri": "ui://app", "visibility": ["app"]}}}


def test_the_interface_of_a_tool_can_be_read_wherever_the_tool_is_shown():
    one, two = offered("a", [APP]), offered("b", [APP | {"_meta": {"ui/resourceUri": "ui://app"}}])
    alone = route_table([], [one], lambda _: None, settings(a={}))
    assert alone.listed("resource") == ()
    assert alone.get("resource", "ui://app").target == "ui://app"
    assert alone.get("resource", "ui://app").silent
    both = route_table([], [one, two], lambda _: None, settings(a={}, b={}))
    assert both.get("resource", "ui://app") is None
    shown = {route.upstream: route.entry["_meta"] for route in both.listed("tool")}
    assert shown["a"] == {"ui": {"resourceUri": "ui://mcpg/a/app", "visibility": ["app"]}}
    assert shown["b"] == {"ui/resourceUri": "ui://mcpg/b/app"}
    for upstream in ("a", "b"):
        assert both.get("resource", f"ui://mcpg/{upstream}/app").target == "ui://app"
        own = both.of_upstream(upstream)
        assert own.get("resource", "ui://app").name == f"ui://mcpg/{upstream}/app"
        assert "mcpg" not in str(own.listed("tool")[0].entry["_meta"])


@pytest.mark.parametrize("said", [{"exclude": ["ui://*"]}, {"resources": {"ui://app": {"hidden": True}}}])
def test_an_interface_that_the_operator_leaves_out_is_not_there(said):
    table = route_table([], [offered("a", [APP])], lambda _: None, settings(a=said))
    assert table.get("resource", "ui://app") is None


def test_a_template_that_two_offer_leads_to_the_one_that_is_named():
    sources = [offered(name, templates=["note://{id}"]) for name in ("a", "b")]
    endpoints = tables(sources, settings(a={}, b={}))
    whole = View(_entries(endpoints["mcp"].listed))
    assert whole.find("resource", "note://7") is None
    found = whole.find("resource", "mcpg://b/note://7").route
    assert (found.upstream, found.target_of("mcpg://b/note://7")) == ("b", "note://7")
    assert found.named("mcpg://b/note://7") == "mcpg://b/note://7"
    own = _under_own_names(View(_entries(endpoints["servers/b"].listed))).find("resource", "note://7").route
    assert (own.target_of("note://7"), own.named("note://7")) == ("note://7", "mcpg://b/note://7")


@pytest.mark.parametrize(
    ("theirs", "ours", "led"),
    [
        ({"resources": ["note://7"]}, {"templates": ["note://{id}"]}, True),
        ({"resources": ["note://7/8"]}, {"templates": ["note://{id}"]}, False),
        ({"templates": ["note://1{x}"]}, {"templates": ["note://{id}"]}, True),
        ({"templates": ["note://a/{x}"]}, {"templates": ["note://b/{x}"]}, False),
        ({"resources": ["note://7"]}, {"templates": ["{+uri}"]}, False),
    ],
)
def test_what_falls_into_anothers_template_is_told_apart(theirs, ours, led):
    sources = [offered("a", **theirs), offered("b", **ours)]
    endpoints = tables(sources, settings(a={}, b={}))
    whole = [route for kind in KINDS for route in endpoints["mcp"].listed(kind)]
    broad = "{+uri}" in str(ours)
    assert {route.upstream: bool(route.owner) for route in whole} == {"a": led, "b": led or broad}
    for upstream in ("a", "b"):
        own = [route for kind in KINDS for route in endpoints[f"servers/{upstream}"].listed(kind)]
        assert [route.shown for route in own] == next(iter((theirs if upstream == "a" else ours).values()))
    alone = tables(sources[:1], settings(a={}))["mcp"]
    assert not any(route.owner for kind in KINDS for route in alone.listed(kind))


def found(table, uri):
    view = _under_own_names(View(_entries(table.listed), _entries(table.unlisted), table.exact))
    entry = view.find("resource", uri)
    return entry and (entry.route.kind, entry.route.named(uri))


def test_no_template_is_a_second_way_to_what_has_a_name_or_is_left_out():
    upstream = offered("a", resources=["x:1", "x:2"], templates=["{+any}"])
    other = offered("b", resources=["y:1"])
    said = {"resources": {"x:2": {"hidden": True}}, "exclude": ["x:secret*"]}
    whole = route_table([], [upstream, other], lambda _: None, settings(a=said, b={}))
    own = whole.of_upstream("a")
    assert found(whole, "mcpg://a/x:3") == ("template", "mcpg://a/x:3")
    assert found(whole, "mcpg://a/x:1") == ("resource", "x:1")
    assert (found(own, "x:1"), found(own, "x:3")) == (("resource", "x:1"), ("template", "mcpg://a/x:3"))
    for table, lead in ((whole, "mcpg://a/"), (own, "")):
        assert found(table, f"{lead}x:2") is None
        assert found(table, f"{lead}x:secret-7") is None
    part = whole.only(lambda route: route.name != "x:1", lambda uri: uri.endswith(":7"))
    assert found(part, "mcpg://a/x:1") is None
    assert found(part, "mcpg://a/x:7") is None
    assert found(part, "mcpg://a/x:8") == ("template", "mcpg://a/x:8")
    assert found(whole.hiding(frozenset({"upstream.a"})), "mcpg://a/x:1") == ("resource", "x:1")


def test_links_in_results_lead_back_to_who_gave_them():
    sources = [offered(name, ["t"], resources=["x:1"], templates=["y://{id}"]) for name in ("a", "b")]
    uris = tables(sources, settings(a={}, b={}))["mcp"].get("tool", "a.t").uris
    link = {"type": "resource_link", "uri": "x:1", "name": "one"}
    inside = {"type": "resource", "resource": {"uri": "y://7", "text": "seven"}}
    other = {"type": "text", "text": "x:1"}
    result = {"content": [link, inside, other, {"type": "resource_link", "uri": "z:1"}, 5], "isError": False}
    assert uris.result("tools/call", result)["content"] == [
        {**link, "uri": "mcpg://a/x:1"},
        {"type": "resource", "resource": {"uri": "mcpg://a/y://7", "text": "seven"}},
        other,
        {"type": "resource_link", "uri": "z:1"},
        5,
    ]
    assert result["content"][0] is link
    read = uris.result("resources/read", {"contents": [{"uri": "x:1", "text": ""}]})
    assert read["contents"][0]["uri"] == "mcpg://a/x:1"
    said = uris.result("prompts/get", {"messages": [{"role": "user", "content": link}, {"content": [inside]}]})
    assert said["messages"][0]["content"]["uri"] == "mcpg://a/x:1"
    assert said["messages"][1]["content"][0]["resource"]["uri"] == "mcpg://a/y://7"
    for odd in ({}, {"content": 5}, {"messages": [{"content": 7}]}, {"contents": [{"uri": 7}]}):
        for method in ("tools/call", "prompts/get", "resources/read", "tools/list"):
            assert uris.result(method, odd) == odd


@pytest.mark.parametrize(
    ("include", "exclude", "name", "taken"),
    [
        ((), (), "x", True), (("a.*",), (), "a.x", True), (("a.*",), (), "b.x", False), ((), ("*delete*",), "x", True),
        ((), ("*delete*",), "a.delete_all", False), (("[a]*",), (), "ax", False), (("[a]*",), (), "[a]x", True),
    ],
)  # fmt: skip
def test_a_selection_takes_by_pattern(include, exclude, name, taken):
    from mcpg.config.profiles import Selection  # noqa: PLC0415 - for this test only

    assert takes(Selection(include=include, exclude=exclude), name) is taken


def test_a_name_that_another_takes_away_is_told():
    told = []
    route_table([], [offered("a", ["x", "own"], resources=["file:///1"])], told.append, settings(a={}))
    assert told == []
    both = [offered("a", ["x", "own"], resources=["file:///1"]), offered("b", ["x"], resources=["file:///1"])]
    route_table([], both, told.append, settings(a={}, b={}))
    assert len(told) == 4
    assert "tool `x` of `a` is called `a.x`" in told[0]
    assert any("resource `file:///1` of `b` is called `mcpg://b/file:///1`" in line for line in told)


def test_what_each_plan_reports_is_logged_once(caplog):
    reports = Reports(most=2)
    for line in ("one", "one", "two", "one", "three", "two"):
        reports.tell(line)
    assert [record.message for record in caplog.records] == ["one", "two", "three", "two"]
