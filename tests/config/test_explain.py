"""The way of a call, as the file says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpg.config import load, loads
from mcpg.config.check import check_kinds, uses_of
from mcpg.config.explain import Way, explain
from mcpg.contract.worlds import PluginKind

GOOD = Path(__file__).parent / "good.yaml"


@pytest.fixture(scope="module")
def ways() -> dict[str, Way]:
    return {way.name: way for way in explain(load(GOOD, {"HASH": ""}).config)}


def test_every_tool_and_upstream_has_its_way(ways: dict[str, Way]) -> None:
    assert [(way.name, way.kind) for way in ways.values()] == [
        ("top", "tool"), ("raw", "tool"), ("time", "upstream"), ("docs", "upstream")
    ]  # fmt: skip


def test_stages_stand_in_their_order(ways: dict[str, Way]) -> None:
    assert [(step.stage, step.uses) for step in ways["raw"].steps] == [
        ("identity", ("keys",)),
        ("catalog", ("curate",)),
        ("arguments", ()),
        ("transforms in", ("redact", "pretty")),
        ("policy", ("rules", "trial")),
        ("limits", ("fair",)),
        ("ledger", ()),
        ("backend", ("sales",)),
        ("obligations", ()),
        ("transforms out", ("pretty", "redact")),
        ("result", ()),
        ("ledger", ("copy",)),
    ]
    notes = {step.stage: step.note for step in ways["raw"].steps}
    assert notes["policy"] == "all-permit; recorded, not obeyed: trial"
    assert notes["transforms in"] == "skipped if they fail: pretty"
    assert notes["limits"] == "store down: allow"


def test_what_holds_a_stream_is_named(ways: dict[str, Way]) -> None:
    assert not ways["raw"].streamed
    assert ways["raw"].because == "held for transform `redact`, transform `pretty`, the output schema"
    free = explain(loads("version: 1\nupstreams: {u: {http: {url: 'http://a'}}}", path=GOOD).config)[0]
    assert (free.streamed, free.because) == (True, "unless a permit obliges to redact")


def test_it_is_plain_data(ways: dict[str, Way]) -> None:
    assert json.loads(json.dumps(ways["top"].document()))["steps"][0]["stage"] == "identity"


def test_kinds_are_checked_where_they_are_known() -> None:
    loaded = loads("version: 1\nplugins: {x: {from: 'builtin:x'}}\nlimits:\n  - x\n", path=GOOD, name="f")
    (finding,) = check_kinds(loaded.config, loaded.source, {"x": PluginKind.SINK})
    assert (finding.where, finding.path) == ("f:4:5", "limits[0]")
    assert finding.message == "`x` is a sink plugin, wanted a limit plugin"
    assert check_kinds(loaded.config, loaded.source, {"x": PluginKind.LIMIT}) == []


def test_every_mention_of_a_use_is_found() -> None:
    config = load(GOOD, {"HASH": ""}).config
    assert {name for _, name, _ in uses_of(config)} == set(config.plugins)
