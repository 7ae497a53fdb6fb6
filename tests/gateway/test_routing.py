"""From what backends offer to names: collisions, names that are none, schemas that cannot be used."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.config.tools import Tool
from mcpg.config.upstreams import Upstream
from mcpg.contract.problems import ConfigError
from mcpg.gateway.routing import MOST_REPORTS, Described, own_route, route_table


def own(name, **fields):
    made = Tool.model_validate({"backend": "fake", "description": "A tool.", **fields})
    return own_route(name, made, where=f"tools.{name}", timeout=60.0, transforms=())


def offers(use, *tools, upstream="", **kinds):
    return Described(use, {"tools": [t if isinstance(t, dict) else {"name": t} for t in tools], **kinds}, upstream)


def table(described, own=()):
    told = []
    return route_table(list(own), described, told.append), told


def shown(routes, kind="tool"):
    return [(route.name, route.backend, route.target) for route in routes.listed(kind)]


def test_a_name_that_one_backend_offers_stays_and_the_operators_own_wins():
    routes, told = table([offers("a", "x", "mine")], [own("mine")])
    assert shown(routes) == [("a.mine", "a", "mine"), ("mine", "fake", ""), ("x", "a", "x")]
    assert len(told) == 1


def test_a_name_that_several_offer_goes_to_none_of_them():
    one, two = offers("upstream.a", "search", upstream="a"), offers("upstream.z", "search", "z1", upstream="z")
    expected = [("a.search", "upstream.a", "search"), ("z.search", "upstream.z", "search"), ("z1", "upstream.z", "z1")]
    for described in ([one, two], [two, one]):
        assert shown(table(described)[0]) == expected


def test_a_name_that_pretends_to_be_anothers_is_told_apart():
    squatter = offers("upstream.a", "z.search", upstream="a")
    routes, told = table([squatter, offers("upstream.b", "search"), offers("upstream.z", "search", upstream="z")])
    assert shown(routes) == [
        ("a.z.search", "upstream.a", "z.search"),
        ("upstream.b.search", "upstream.b", "search"),
        ("z.search", "upstream.z", "search"),
    ]
    assert [line.partition(",")[0] for line in told] == [
        "tool `z.search` of `a` is called `a.z.search`",
        "tool `search` of `upstream.b` is called `upstream.b.search`",
        "tool `search` of `z` is called `z.search`",
    ]


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a\n", "x" * 129, "ä", "a\x1b[2J"])
def test_a_name_that_is_none_is_left_out_and_said_in_one_line(name):
    routes, told = table([offers("a", name, "good")])
    assert shown(routes) == [("good", "a", "good")]
    assert len(told) == 1
    assert told[0].isprintable()


@pytest.mark.parametrize(
    "field", [{"inputSchema": {"$ref": "https://x.example"}}, {"inputSchema": {"type": "dance"}},
              {"outputSchema": {"type": 7}}],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_costs_only_its_own_tool(field):
    routes, told = table([offers("a", {"name": "bad", **field}, "good")])
    assert shown(routes) == [("good", "a", "good")]
    assert "left out" in told[0]


def test_many_bad_entries_do_not_fill_the_log():
    _, told = table([offers("a", *(f"no name {i}" for i in range(500)))])
    assert len(told) == MOST_REPORTS + 1
    assert told[-1] == f"{500 - MOST_REPORTS} more entries of backends are left out"


def test_resources_and_templates_keep_their_uris_unless_several_have_them():
    resources = [{"uri": "file:///a", "name": "a", "target": "x:a"}]
    templates = [{"uriTemplate": "file:///{p}", "name": "p"}]
    alone, told = table([offers("a", resources=resources, templates=templates)])
    assert shown(alone, "resource") == [("file:///a", "a", "x:a")]
    both, also = table([offers("a", resources=resources, templates=templates), offers("b", resources=resources)])
    assert shown(both, "resource") == [("mcpg://a/file:///a", "a", "x:a"), ("mcpg://b/file:///a", "b", "x:a")]
    assert shown(both, "template") == [("mcpg://a/file:///{p}", "a", "file:///{p}")]
    assert (told, len(also)) == ([], 3)
    assert all("is called `mcpg://" in line for line in also)


def test_a_tool_of_the_operator_has_its_checks_defaults_and_times():
    route = own(
        "x", input={"q": {"type": "string", "default": "hi"}}, output_schema={"type": "object"}, timeout="5s",
        annotations={"readOnlyHint": True}, cache={"ttl": "1m"}, request={"path": "/x"},
    )  # fmt: skip
    assert route.check({"q": 7})
    assert route.check_output(7)
    assert (route.defaults, route.timeout, route.cache_ttl, route.binding) == (
        {"q": "hi"}, 5.0, 60.0, {"request": {"path": "/x"}},
    )  # fmt: skip
    with pytest.raises(ConfigError) as refused:
        own("y", input={"q": {"$ref": "https://x.example"}})
    assert refused.value.where == "tools.y: input"


@pytest.mark.parametrize("uri", ["", " ", "a b", "file:///x\r\ny: z", "x:\x1b[2J", "x:" + "y" * 8192, "x:\u202ey"])
def test_a_uri_that_is_none_is_left_out_and_said_in_one_line(uri):
    good = {"resources": [{"uri": "a://x/{y}", "name": "x"}], "templates": [{"uriTemplate": "a://{x}", "name": "x"}]}
    bad = {"resources": [{"uri": uri, "name": "x"}], "templates": [{"uriTemplate": uri, "name": "x"}]}
    routes, told = table([offers("a", resources=good["resources"] + bad["resources"], templates=good["templates"])])
    assert [route.name for route in routes.listed("resource")] == ["a://x/{y}"]
    assert len(told) == 1
    assert told[0].isprintable()
    routes, _ = table([offers("a", resources=bad["resources"], templates=good["templates"] + bad["templates"])])
    assert [route.name for route in routes.listed("template")] == ["a://{x}"]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("{}a:/#. ", max_size=6) | st.just("ui://x"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["type", "properties", "required", "ui", "resourceUri", "ui/resourceUri", "a", "$ref"]), inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip
texts = st.text("{}a:/#. ", max_size=8) | st.just("x")
tools = st.fixed_dictionaries(
    {"name": texts},
    optional=dict.fromkeys(["inputSchema", "outputSchema", "annotations", "_meta", "icons", "title"], json),
)
OURS = MappingProxyType({
    "a": Upstream.model_validate({
        "stdio": {"command": ("x",)},
        "tools": {"x": {"title": "X", "annotations": {"readOnlyHint": True}, "defaults": {"a": 1}}},
        "resources": {"x": {"description": "mine"}},
    })
})  # fmt: skip


@given(st.lists(tools, max_size=3), st.lists(texts, max_size=3), st.lists(texts, max_size=3), json)
def test_whatever_an_upstream_offers_others_keep_what_they_have(offered, uris, templates, meta):
    resources = [{"uri": uri, "name": "x", "_meta": meta} for uri in uris]
    entries = [{"uriTemplate": uri, "name": "x"} for uri in templates]
    bad = offers("upstream.a", *offered, upstream="a", resources=resources, templates=entries)
    good = offers("upstream.b", "good", upstream="b", resources=[{"uri": "good://b/x", "name": "x"}])
    routes = route_table([], [bad, good], lambda _line: None, OURS)
    kept = [route for kind in ("tool", "resource") for route in routes.listed(kind) if route.upstream == "b"]
    assert {route.target for route in kept} == {"good", "good://b/x"}
