"""What an endpoint promises: what stands behind it, what may come, and nothing else."""

from __future__ import annotations

import json

import pytest

from mcpg.config.endpoints import endpoints_of
from mcpg.config.root import Config
from mcpg.gateway.about import MOST_OF_ALL, MOST_OF_ONE, describe_endpoint
from mcpg.pipeline.routes import Route, RouteTable
from mcpg.upstreams.supervisor import UpstreamState

UI = "io.modelcontextprotocol/ui"


def config(profiles=None, server=None, **upstreams):
    made = {name: {"stdio": {"command": ["x"]}, **more} for name, more in upstreams.items()}
    file = {"version": 1, "upstreams": made, "profiles": profiles or {}, "server": server or {}}
    return Config.model_validate_json(json.dumps(file))


def known(name, instructions="", **capabilities):
    return UpstreamState(name, "ready", version="2025-11-25", capabilities=capabilities, instructions=instructions)


def described(file, states=(), endpoint="mcp", routes=()):
    (found,) = [each for each in endpoints_of(file) if each.name == endpoint]
    words = {state.name: state.instructions for state in states}
    return describe_endpoint(file, found, RouteTable(routes), {state.name: state for state in states}, words)


def promised(*given, **named):
    return described(*given, **named)["capabilities"]


def test_an_upstream_that_was_never_reached_may_have_anything_that_can_be_listed():
    listed = {kind: {"listChanged": True} for kind in ("tools", "prompts", "resources")}
    assert promised(config(a={})) == listed
    waiting = UpstreamState("a", "connecting")
    assert promised(config(a={}), [waiting]) == listed
    assert promised(config()) == {}


def test_what_is_known_is_promised_and_nothing_else():
    states = [known("a", tools={}), known("b", completions={}, logging={}, resources={"subscribe": True}, tasks={})]
    file = config(a={}, b={})
    assert promised(file, states) == {
        "tools": {"listChanged": True}, "resources": {"listChanged": True, "subscribe": True}, "completions": {},
        "logging": {},
    }  # fmt: skip
    assert promised(file, states, "servers/a") == {"tools": {"listChanged": True}}
    own = Route(kind="prompt", name="p", backend="x", entry={"name": "p"})
    assert "prompts" in promised(file, states, routes=[own])


def test_a_profile_promises_what_it_takes():
    profiles = {
        "some": {"upstreams": ["a"], "prompts": {"exclude": ["*"]}}, "none": {"upstreams": []}, "own": {"backends": []},
    }  # fmt: skip
    file = config(profiles, a={}, b={})
    states = [known("a", tools={}, prompts={}), known("b", logging={})]
    assert promised(file, states, "some") == {"tools": {"listChanged": True}}
    assert promised(file, states, "none") == promised(file, states, "own") == {}


def test_extensions_that_are_relayed_are_those_of_upstreams_and_no_others():
    one = known("a", extensions={UI: {"mimeTypes": ["text/html"]}, "com.example/other": {}})
    two = known("b", extensions={UI: {"mimeTypes": ["text/html", "x/y"]}})
    three = known("c", extensions=7)
    assert promised(config(a={}, b={}, c={}), [one, two, three])["extensions"] == {
        UI: {"mimeTypes": ["text/html", "x/y"]}
    }
    assert one.capabilities["extensions"][UI] == {"mimeTypes": ["text/html"]}
    assert "extensions" not in promised(config(a={}), [known("a", extensions={"com.example/other": {}})])


@pytest.mark.parametrize(("said", "told"), [(None, "theirs"), ("ours", "ours"), ("", None)])
def test_instructions_are_the_upstreams_unless_the_operator_says_otherwise(said, told):
    file = config(a={} if said is None else {"instructions": said}, server={"instructions": "First."})
    states = [known("a", "theirs")]
    assert described(file, states, "servers/a").get("instructions") == told
    whole = described(file, states)["instructions"]
    assert whole == ("First." if told is None else f"First.\n\nFrom `a`:\n{told}")


def test_instructions_are_bounded():
    names = [f"u{number}" for number in range(20)]
    states = [known(name, "x" * 100_000) for name in names]
    file = config(**{name: {} for name in names})
    assert len(described(file, states)["instructions"]) == MOST_OF_ALL
    assert len(described(file, states, "servers/u1")["instructions"]) == MOST_OF_ONE
