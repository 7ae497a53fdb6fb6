"""A real gateway in this process: what it answers, and what a reload changes and does not."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from tests.gateway.conftest import KEYS, call, identify, names, tool

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import LedgerUnavailable, McpgError

NOBODY_MAY = "forbid(principal, action, resource);"


@pytest.fixture
async def gateway(house):
    gateway = house.gateway()
    await gateway.start()
    yield gateway
    await gateway.stop()


def records(house):
    with closing(sqlite3.connect(house.folder / "state" / "ledger.db")) as ledger:
        return [json.loads(body) for (body,) in ledger.execute("select body from records order by rowid")]


async def test_a_call_is_answered_and_the_other_caller_is_not_told_that_the_tool_exists(gateway):
    assert json.loads(await call(gateway, "ana", "echo", q="x"))["arguments"] == {"q": "x"}
    assert await names(gateway, "ana") == ["echo", "private"]
    assert await names(gateway, "bot") == ["echo"]
    assert await call(gateway, "ana", "private") == "for analysts"
    with pytest.raises(Refusal, match="unknown tool: private"):
        await call(gateway, "bot", "private")
    with pytest.raises(Refusal) as stranger:
        await identify(gateway, "nobody")
    assert stranger.value.status == 401


async def test_a_changed_policy_file_is_obeyed_after_a_reload_and_a_bad_one_changes_nothing(house, gateway):
    house.policy(NOBODY_MAY)
    assert await call(gateway, "ana", "private") == "for analysts"
    await gateway.reload(house.file())
    assert await names(gateway, "ana") == []
    house.policy("permit(principal, action, resource);")
    await gateway.reload(house.file())
    assert await call(gateway, "bot", "private") == "for analysts"
    generation = gateway.plan().generation
    house.policy("permit(principal, action")
    with pytest.raises(McpgError):
        await gateway.reload(house.file())
    assert gateway.plan().generation == generation
    assert await call(gateway, "bot", "private") == "for analysts"


async def test_a_removed_tool_disappears_and_clients_are_told(house, gateway):
    house.changed.clear()
    await gateway.reload(house.file(tools={"private": tool(), "echo": tool()}))
    assert house.changed == ["tools"]
    await gateway.reload(house.file(instead={"tools": {"echo": tool()}}))
    assert await names(gateway, "ana") == ["echo"]
    with pytest.raises(Refusal, match="unknown tool: private"):
        await call(gateway, "ana", "private")
    await gateway.reload(house.file(instead={"tools": {"echo": tool()}}))
    assert house.changed == ["tools", "tools"]


@pytest.mark.parametrize(
    "bad",
    [
        {"tools": {"echo": tool(mock={"dance": True})}},
        {"plugins": {"who": {"from": "builtin:identity-anonymous"}}, "tools": {"echo": tool("who")}},
        {"plugins": {"other": {"from": "builtin:policy-cedar", "config": {"policies": "none/*.cedar"}}}},
        {"plugins": {"other": {"from": "builtin:nothing"}}},
        {"plugins": {"fake": {"from": "builtin:backend-mock", "grants": {"http": {"hots": []}}}}},
        {"plugins": {"fake": {"from": "builtin:backend-mock", "grants": {"http": {"hosts": ["a.example"]}}}}},
        {"plugins": {"red": {"from": "builtin:transform-redact", "on_failure": "skip"}}, "transforms": ["red"]},
    ],
    ids=["binding", "kind", "files", "unknown", "grant", "idle-grant", "skip"],
)
async def test_a_reload_that_fails_is_never_seen_by_a_call(house, gateway, bad):
    before = gateway.plan()
    digests = {name: gateway.rooms.catalog.guest(name).config_digest for name in ("keys", "rules", "fake")}
    house.policy(NOBODY_MAY)
    reloading = asyncio.create_task(gateway.reload(house.file(**bad)))
    answers = 0
    while not reloading.done():
        assert await call(gateway, "ana", "private") == "for analysts"
        answers += 1
    with pytest.raises(McpgError):
        await reloading
    assert answers > 0
    assert gateway.plan() is before
    assert {name: gateway.rooms.catalog.guest(name).config_digest for name in digests} == digests
    assert {state.use for state in gateway.rooms.catalog.states() if state.state.value == "ready"} == set(digests)
    house.policy("permit(principal, action, resource);")
    await gateway.reload(house.file())
    assert await call(gateway, "bot", "private") == "for analysts"


async def test_a_reload_that_the_ledger_cannot_record_changes_nothing(house, gateway, monkeypatch):
    async def full(tenant, record):
        raise LedgerUnavailable("the disk is full")

    house.policy(NOBODY_MAY)
    with monkeypatch.context() as patch:
        patch.setattr(gateway.rooms.ledger, "append", full)
        with pytest.raises(LedgerUnavailable):
            await gateway.reload(house.file())
    assert await call(gateway, "ana", "private") == "for analysts"


async def test_connections_that_change_in_a_reload_that_fails_leave_the_old_drivers_at_work(house):
    sales = {
        "plugins": {
            "sales": {
                "from": "builtin:backend-sql",
                "config": {"connection": "sales"},
                "grants": {"sql": {"connections": ["sales"], "read_only": True}},
            }
        },
        "connections": {"sales": {"url": "sqlite+aiosqlite:///sales.db"}},
    }
    gateway = house.gateway(**sales)
    await gateway.start()
    try:
        drivers = gateway.rooms.desk.current
        moved = {**sales, "connections": {"sales": {"url": "sqlite+aiosqlite:///other.db"}}}
        with pytest.raises(McpgError):
            await gateway.reload(house.file(**moved, tools={"echo": tool(mock={"dance": True})}))
        assert gateway.rooms.desk.current is drivers
        assert not gateway.rooms.desk._retiring
        await gateway.reload(house.file(**moved))
        assert gateway.rooms.desk.current is not drivers
    finally:
        await gateway.stop()


async def test_a_plugin_that_the_file_has_no_more_goes_on_for_calls_under_way_and_may_come_back(house, gateway):
    extra = {"plugins": {"more": {"from": "builtin:backend-mock"}}}
    await gateway.reload(house.file(**extra, tools={"echo": tool("more")}))
    await gateway.reload(house.file())
    assert list(gateway._leaving) == ["more"]
    assert gateway.rooms.catalog.guest("more")
    await gateway.reload(house.file(**extra, tools={"echo": tool("more")}))
    assert not gateway._leaving
    assert await call(gateway, "ana", "echo") == "for analysts"


async def test_what_is_quarantined_is_recorded_and_what_it_said_is_forgotten(house, gateway):
    await call(gateway, "ana", "private")
    assert await names(gateway, "bot") == ["echo"]
    remembered = len(gateway.memo)
    gateway.rooms.catalog.fence("rules", "answered the same question in two ways")
    assert len(gateway.memo) < remembered
    assert await names(gateway, "bot") == []
    with pytest.raises(Refusal):
        await call(gateway, "ana", "private")
    await gateway.stop()
    fenced = [r for r in records(house) if r.get("event") == "plugin-fenced"]
    assert [(r["use"], r["reason"]) for r in fenced] == [("rules", "answered the same question in two ways")]


async def test_without_payloads_records_hold_no_digest_of_them_and_identities_stay_apart(house):
    gateway = house.gateway(audit={"keep_payloads": "none"})
    await gateway.start()
    try:
        for _ in range(2):
            assert (await identify(gateway, "ana")).id == "ana"
            assert (await identify(gateway, "bot")).id == "bot"
        await call(gateway, "ana", "echo", q="x")
        with pytest.raises(Refusal):
            await call(gateway, "bot", "private")
    finally:
        await gateway.stop()
    written = records(house)
    assert {"intent", "outcome", "refusal"} <= {r["kind"] for r in written}
    assert "hmac-sha256" not in json.dumps(written)


async def test_remembered_verdicts_lose_their_digests_when_a_reload_wants_none(house, gateway):
    await call(gateway, "ana", "echo", q="x")
    await gateway.reload(house.file(audit={"keep_payloads": "none"}))
    await call(gateway, "ana", "echo", q="x")
    await gateway.stop()
    last = [r for r in records(house) if r["kind"] in {"intent", "outcome"}][-2:]
    assert "hmac-sha256" not in json.dumps(last)


async def test_records_hold_digests_and_neither_keys_nor_arguments(house, gateway):
    await call(gateway, "ana", "echo", q="a very guessable word")
    await gateway.stop()
    text = json.dumps(records(house))
    assert "hmac-sha256" in text
    assert "guessable" not in text
    assert not any(key in text for key in KEYS.values())


async def test_an_unsigned_component_wants_the_operators_word(house, gateway):
    (house.folder / "x.wasm").write_bytes(b"\0asm")
    with pytest.raises(McpgError, match="for development only") as refused:
        await gateway.reload(house.file(plugins={"x": {"from": "file:x.wasm"}}))
    assert "mcpg.yaml" in refused.value.where
    with pytest.raises(McpgError, match="for development only"):  # it is read at the start
        await gateway.reload(house.file(development=True, plugins={"x": {"from": "file:x.wasm"}}))


async def test_a_stop_waits_for_records_that_are_owed(house, gateway):
    async def late():
        await asyncio.sleep(0.05)
        await gateway._event("late", {})

    gateway._owe(late())
    await gateway.stop()
    assert records(house)[-1]["kind"] == "stop"
    assert [r["event"] for r in records(house) if r.get("event") == "late"] == ["late"]
    assert not gateway._background
