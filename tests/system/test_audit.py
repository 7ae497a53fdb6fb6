"""The same call by two callers, its two stories, and what is found when somebody changes the ledger."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.ledger.conftest import Place
from tests.ledger.test_verify import rewrite
from tests.system.kit import Gateway, document, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real

RULES = """
@id("analysts") permit(principal in Mcpg::Group::"analysts", action, resource);
@id("the-bot-asks-nicely") permit(principal == Mcpg::Caller::"bot", action, resource)
  when { resource.name == "echo" && context has arguments && context.arguments.q == "please" };
"""


class Told(NamedTuple):
    """A ledger with two calls, one permitted and one not, after its gateway has ended."""

    gateway: Gateway
    permitted: str
    head: str
    earlier: Path


@pytest.fixture(scope="module")
def told(new_gateway: Callable[[str], Gateway], tmp_path_factory: pytest.TempPathFactory) -> Told:
    gateway = new_gateway("told")
    gateway.write(document(), RULES)
    gateway.start()
    gateway.stop()
    earlier = gateway.copy_ledger(tmp_path_factory.mktemp("earlier") / "state")
    gateway.start()
    result = gateway.call("echo", key="ana", q="now")
    assert text_of(result) == '{"name":"echo","arguments":{"q":"now"}}'
    for name, said in (("echo", "denied: no policy permits this"), ("private", "unknown tool: private")):
        refused = gateway.call(name, key="bot", check=1, **({"q": "now"} if name == "echo" else {}))
        assert said in refused["error"]["message"]
    head = gateway.run("audit", "head").stdout.strip()
    assert gateway.verified("--head", head)["ok"]
    gateway.stop()
    return Told(gateway, result["_meta"]["dev.mcpg/call"], head, earlier)


def _altered(told: Told, folder: Path) -> Place:
    path = told.gateway.copy_ledger(folder / "state")
    return Place(path.parent)


def _findings(told: Told, place: Place, *arguments: str, check: int = 1) -> list[dict[str, Any]]:
    report = told.gateway.verified("--ledger", str(place.path), *arguments, check=check)
    assert report["ok"] is (check == 0)
    found: list[dict[str, Any]] = report["findings"]
    return found


def test_the_ledger_is_proven_with_its_last_head(told: Told) -> None:
    report = told.gateway.verified("--head", told.head)
    assert (report["ok"], report["pinned"], report["findings"]) == (True, True, [])
    assert "proven" in told.gateway.run("audit", "verify").stdout


def test_one_changed_byte_names_the_record(told: Told, tmp_path: Path) -> None:
    place = _altered(told, tmp_path)
    seq = next(r["seq"] for r in told.gateway.records() if r.get("call") == told.permitted and r["kind"] == "intent")
    whole = place.path.read_bytes()
    at = whole.index(b'"id":"ana"') + len(b'"id":"')
    assert whole.count(b'"id":"ana"') == 1
    place.path.write_bytes(whole[:at] + b"e" + whole[at + 1 :])
    found = _findings(told, place)
    assert [(each["what"], each["tenant"], each["seq"]) for each in found] == [("altered", "default", seq)]
    shown = told.gateway.run("audit", "verify", "--ledger", str(place.path), check=1).stdout
    assert f"altered: default#{seq}" in shown
    assert "NOT proven" in shown


def test_a_chain_rewritten_without_the_key_is_found(told: Told, tmp_path: Path) -> None:
    place = _altered(told, tmp_path)
    seq = next(r["seq"] for r in told.gateway.records() if r.get("call") == told.permitted)
    rewrite(place, key=None, tenant="default", seq=seq)
    assert _findings(told, place)[0]["what"] == "bad-signature"


def test_an_end_that_was_cut_is_found_by_a_later_head(told: Told, tmp_path: Path) -> None:
    place = _altered(told, tmp_path)
    for path in place.directory.glob("ledger.db*"):
        path.unlink()
    for path in told.earlier.parent.glob("ledger.db*"):
        shutil.copy(path, place.directory)
    assert _findings(told, place, check=0) == []
    assert {each["what"] for each in _findings(told, place, "--head", told.head)} == {"cut"}


def test_a_gateway_says_that_its_ledger_lost_its_end(told: Told, gateway: Gateway) -> None:
    gateway.write(document(), RULES)
    for path in told.gateway.state.glob("ledger*"):
        shutil.copy(path, gateway.state)
    shutil.copy(told.earlier, gateway.state / "ledger.db")
    assert gateway.start().stop() == 0
    start = [record for record in gateway.records() if record["kind"] == "start"][-1]
    assert start["lost"] > 0
    assert int(start["expected"].split(":")[2]) >= int(told.head.split(":")[2])


def test_both_stories_are_told(told: Told) -> None:
    records = told.gateway.records()
    refused = {r["name"]: r["call"] for r in records if r["kind"] == "refusal"}
    permitted, denied, hidden = (
        json.loads(told.gateway.run("explain", call, "--json").stdout)
        for call in (told.permitted, refused["echo"], refused["private"])
    )
    assert (permitted["ended"], permitted["caller"]["id"], permitted["name"]) == ("ok", "ana", "echo")
    verdicts = [(stage["stage"], stage["use"], stage["verdict"]) for stage in permitted["stages"]]
    assert verdicts == [("identity", "keys", "caller"), ("policy", "rules", "permit"), ("backend", "fake", "done")]
    assert (denied["ended"], denied["stage"], denied["use"]) == ("refused", "policy", "rules")
    assert (hidden["ended"], hidden["caller"]["id"]) == ("refused", "bot")
    assert "hidden" in hidden["message"]
    told_to_people = told.gateway.run("explain", refused["echo"]).stdout
    assert "bot (service) asked for tools/call echo" in told_to_people
    assert "It was refused." in told_to_people
    assert "It was allowed and answered." in told.gateway.run("explain", told.permitted).stdout
