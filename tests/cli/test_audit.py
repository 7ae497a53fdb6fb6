"""`mcpg audit` and `mcpg explain` on a real ledger."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from mcpg.cli.audit import line_of, when
from mcpg.cli.explain import _draw as draw
from mcpg.cli.explain import story_of
from mcpg.cli.group import cli
from mcpg.ledger import SqliteLedger

if TYPE_CHECKING:
    from tests.cli.conftest import Folder


def _run(folder: Folder, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--config", folder.config])


def test_tail_shows_the_last_records_oldest_first(folder: Folder) -> None:
    shown = [
        json.loads(line) for line in _run(folder, "audit", "tail", "--tenant", "default", "--json").stdout.splitlines()
    ]
    calls = [(record["kind"], record["call"]) for record in shown]
    assert calls[:4] == [("intent", "a1"), ("outcome", "a1"), ("refusal", "b2"), ("intent", "c3")]
    lines = _run(folder, "audit", "tail", "--tenant", "default", "--limit", "100").stdout.splitlines()
    assert "refusal  b2  ana  tools/call  hello  policy  -32602: denied by rules" in lines[2]


def test_the_ledger_can_be_named_without_a_configuration(folder: Folder) -> None:
    done = CliRunner().invoke(cli, ["audit", "verify", "--ledger", str(folder.ledger), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["pinned"]) == (0, True)


def test_verify_proves_and_finds(folder: Folder) -> None:
    good = _run(folder, "audit", "verify", "--json")
    assert good.exit_code == 0
    report = json.loads(good.stdout)
    assert (report["ok"], report["pinned"], report["findings"]) == (True, True, [])
    assert "proven: " in _run(folder, "audit", "verify").stdout
    with closing(sqlite3.connect(folder.ledger)) as database, database:
        database.execute("DROP TRIGGER IF EXISTS no_update")
        database.execute(
            "UPDATE records SET body = replace(body, 'hello', 'hullo') WHERE tenant = 'default' AND seq = 1"
        )
    bad = _run(folder, "audit", "verify")
    assert bad.exit_code == 1
    assert "altered: default#1 (call a1)" in bad.stdout
    assert "NOT proven" in bad.stdout


def test_a_head_kept_outside_is_found_again(folder: Folder) -> None:
    head = _run(folder, "audit", "head").stdout.strip()
    assert _run(folder, "audit", "verify", "--head", head).exit_code == 0
    assert json.loads(_run(folder, "audit", "head", "--json").stdout) == {"head": head}
    wrong = _run(folder, "audit", "verify", "--head", head[:-4])
    assert (wrong.exit_code, "to do: " in wrong.stderr) == (1, True)


def test_a_ledger_that_is_not_there_says_what_to_do(folder: Folder) -> None:
    folder.ledger.unlink()
    for verb in (["audit", "tail"], ["audit", "verify"], ["audit", "head"], ["explain", "a1"]):
        done = _run(folder, *verb)
        assert (done.exit_code, "to do: " in done.stderr) == (1, True), done.output


def _story(folder: Folder, call: str) -> dict[str, Any]:
    story: dict[str, Any] = json.loads(_run(folder, "explain", call, "--json").stdout)
    return story


def test_explain_tells_each_story(folder: Folder) -> None:
    good, refused, still_open = (_story(folder, call) for call in ("a1", "b2", "last"))
    assert (good["ended"], good["code"], [stage["stage"] for stage in good["stages"]]) == (
        "ok", None, ["identity", "policy", "backend"],
    )  # fmt: skip
    assert (refused["ended"], refused["stage"], refused["use"]) == ("refused", "policy", "rules")
    assert (refused["code"], refused["message"]) == ("-32602", "denied by rules")
    assert still_open["call"] == "c3"


def test_explain_draws_the_stages_and_steers_no_terminal(folder: Folder) -> None:
    shown = _run(folder, "explain", "b2").stdout
    assert "ana (user, in analysts) asked for tools/call hello, tenant default" in shown
    assert "Stage policy by rules: -32602: denied by rules" in shown
    assert "permit (shadow)" in shown
    assert "\x1b" not in shown
    assert "It was allowed and answered." in _run(folder, "explain", "a1").stdout


def test_explain_of_an_unknown_call_ends_with_1(folder: Folder) -> None:
    done = _run(folder, "explain", "zz")
    assert (done.exit_code, "no call `zz`" in done.stderr) == (1, True)
    done = _run(folder, "explain", "zz", "--json")
    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (1, "unknown-call")


def test_the_story_says_which_endpoint_was_asked_and_what_policies_know_the_thing_as() -> None:
    story = story_of([{"kind": "intent", "call": "a", "method": "tools/call", "name": "find",
                       "canonical": "crm.find", "endpoint": "servers/crm"}])  # fmt: skip
    console = Console(width=200, record=True, file=io.StringIO())
    draw(console, story)
    assert "asked for tools/call find (to policies `crm.find`) at `servers/crm`, tenant" in console.export_text()


def test_what_a_client_was_asked_is_part_of_the_story() -> None:
    told = {"key": "who\x1b[2J", "method": "elicitation/create", "verdict": "refused", "code": "no-permit"}
    asked = {"kind": "asked", "call": "a", "round": 1, "how": "live", "asks": [told, 7]}
    answered = {"kind": "answered", "call": "a", "round": 1, "asks": [{**told, "verdict": "answered"}], "resumes": "z"}
    story = story_of([{"kind": "intent", "call": "a"}, asked, answered])
    assert (story["ended"], [each["kind"] for each in story["asks"]]) == ("open", ["asked", "answered"])
    assert (story["asks"][0]["how"], story["asks"][1]["resumes"]) == ("live", "z")
    assert "elicitation/create refused" in line_of(asked)
    console = Console(width=200, record=True, file=io.StringIO())
    draw(console, story)
    shown = console.export_text()
    assert "round 1, asked: elicitation/create" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "record",
    [{"asks": 7}, {"asks": [7]}, {}, {"caller": 7, "at": "soon", "stages": None}, {"stages": [7], "kind": "outcome"}],
)
def test_records_of_other_shapes_are_told_all_the_same(record: dict[str, Any]) -> None:
    assert line_of(record)
    assert story_of([record])["ended"] == "unknown"


def test_times_are_utc() -> None:
    assert (when(0), when(None)) == ("1970-01-01 00:00:00.000Z", "?")


def test_a_caller_that_nobody_knew_is_said_so(folder: Folder) -> None:
    async def write() -> None:
        ledger = await SqliteLedger.open(folder.ledger, state=folder.ledger.parent)
        await ledger.append(
            "default", {"kind": "refusal", "call": "d4", "stage": "identity", "code": "-31001", "stages": []}
        )
        await ledger.append("default", {"kind": "event", "event": "plugin-ready", "use": "keys"})
        await ledger.close()

    asyncio.run(write())
    assert "a caller that nobody knew asked for something" in _run(folder, "explain", "d4").stdout
    assert "event  plugin-ready  keys" in _run(folder, "audit", "tail").stdout
