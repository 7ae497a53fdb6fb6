"""The zoo of the quickstart: plugins in four languages answer one call after the other, each where it stands."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.system.kit import KEYS, ROOT, Gateway, sha256, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real

HERE = ROOT / "deploy" / "quickstart"
LANGUAGES = {"policy-business-hours": "go", "transform-jsonata": "javascript", "policy-rules": "python"}
VARIABLES = {
    "QUICKSTART_ANA_HASH": sha256(KEYS["ana"]),
    "QUICKSTART_BOT_HASH": sha256(KEYS["bot"]),
    "QUICKSTART_ADMIN_TOKEN": "0123456789abcdef",
}


def document() -> dict[str, Any]:
    """Return zoo.yaml as another machine runs it, with one more use of the Go plugin: what it is for is closed now."""
    found: dict[str, Any] = yaml.safe_load((HERE / "zoo.yaml").read_text())
    other_day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).strftime("%a").lower()
    closed = {"hours": {other_day: ["00:00-00:01"]}, "names": ["forecast"]}
    found["plugins"]["closed"] = {"from": "builtin:policy-business-hours", "config": closed}
    found["policy"]["engines"].append("closed")
    found["state"] = ".state"
    found["server"] |= {"listen": "127.0.0.1:0"}
    del found["server"]["admin"], found["server"]["admin_token"]
    found["connections"]["sales"]["url"] = "sqlite+aiosqlite:///sales.db"
    return found


@pytest.fixture(scope="module")
def zoo(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("zoo")
    shutil.copytree(HERE / "zoo", gateway.folder / "zoo")
    with closing(sqlite3.connect(gateway.folder / "sales.db")) as connection:
        connection.execute("create table customers (name text, contact text, revenue integer)")
        rows = [("Ada Machines", "ada@machines.example", 900), ("Borealis Foods", "hello@borealis.example", 600)]
        connection.executemany("insert into customers values (?, ?, ?)", rows)
        connection.commit()
    gateway.variables |= VARIABLES
    gateway.write(document())
    return gateway.start()


def test_every_language_is_in_the_zoo() -> None:
    used = {
        use["from"].removeprefix("builtin:")
        for use in yaml.safe_load((HERE / "zoo.yaml").read_text())["plugins"].values()
    }
    assert set(LANGUAGES) <= used
    for name, language in LANGUAGES.items():
        entry = {"go": "plugin.go", "javascript": "plugin.js", "python": "plugin.py"}[language]
        folder = ROOT / "plugins-src" / "components" / name
        assert list(folder.rglob(entry)), f"`{name}` is not written in {language}"


def test_the_file_is_right(zoo: Gateway) -> None:
    zoo.run("config", "check", "--config", str(zoo.config))


def test_javascript_makes_two_numbers_of_the_rows(zoo: Gateway) -> None:
    result = zoo.call("top-customers", limit=2, check=0)
    assert json.loads(text_of(result)) == {"customers": ["Ada Machines", "Borealis Foods"], "revenue": 1500}


def test_python_judges_the_risk_by_a_function_and_a_model(zoo: Gateway) -> None:
    assert text_of(zoo.call("refund", amount=20, check=0)) == "refunded"
    assert "the risk is 0." in json.dumps(zoo.call("refund", amount=5000))
    assert "no refunds to `XX`" in json.dumps(zoo.call("refund", amount=5, country="XX"))


def test_go_keeps_the_hours(zoo: Gateway) -> None:
    assert "unknown tool: forecast" in json.dumps(zoo.call("forecast", city="Ulm", key="bot"))
    refusal = [record for record in zoo.records() if record["kind"] == "refusal"][-1]
    assert ("closed", "outside-business-hours") in {(stage["use"], stage.get("code")) for stage in refusal["stages"]}


def test_rust_lets_nobody_else_refund(zoo: Gateway) -> None:
    assert "unknown tool: refund" in json.dumps(zoo.call("refund", amount=5, key="bot"))


def test_the_ledger_says_who_said_what(zoo: Gateway) -> None:
    zoo.call("top-customers", limit=1, check=0)
    intent = [record for record in zoo.records() if record["kind"] == "intent"][-1]
    said = {stage["use"]: stage["verdict"] for stage in intent["stages"]}
    assert (said["rules"], said["hours"], said["risk"]) == ("permit", "abstain", "abstain")
