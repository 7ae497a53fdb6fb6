"""The examples do what they say."""

import importlib.util
import pathlib

import pytest

from mcpg_sdk import Failed
from mcpg_sdk.testing import Plugin

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"


@pytest.fixture
def example(monkeypatch):
    def load(name):
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / name / "plugin.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(__import__("sys").modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


def test_currency(example):
    plugin = Plugin(example("currency").Currency, {"rates": "https://r.test", "news": "https://n.test"})
    call = {"arguments": {"amount": 10, "from": "EUR", "to": "CHF"}}
    rates = {"status": 200, "json": {"CHF": 0.95}}
    (tag, result), effects = plugin.run("call", {}, call, replies=[rates, {"status": 200, "body": "up"}])
    assert (tag, result["structuredContent"]) == ("done", {"amount": 9.5, "headline": "up"})
    assert [request["url"] for _, request in effects] == ["https://r.test/EUR", "https://n.test"]
    (tag, result), effects = plugin.run("call", {}, call, replies=[rates, Failed("timeout", "late")])
    assert result["structuredContent"]["headline"] == ""
    assert effects[2][0] == "log"
    assert plugin.run("call", {}, call, replies=[{"status": 404}, {}])[0][1][0] == "rate-unknown"


@pytest.mark.parametrize(("now", "tag"), [(1_795_428_000_000, "permit"), (1_795_500_000_000 + 86_400_000, "deny")])
def test_office_hours(example, now, tag):
    assert Plugin(example("office_hours").OfficeHours).run("decide", {}, {"run": {"now": now}})[0][0] == tag


def test_numbers(example):
    plugin = Plugin(example("numbers").Numbers)
    given = {"arguments": {"a": ["card 4111 1111 1111 1111", 5], "b": "room 12"}}
    assert plugin.run("before", {}, given)[0] == ("changed", {"a": ["card [number]", 5], "b": "room 12"})
    assert plugin.run("before", {}, {"arguments": {"b": "room 12"}})[0] == ("unchanged", None)
