"""The kill switch in a real gateway: what a list does to plugins at work, and what is left of what they said."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from tests.gateway.conftest import call, identify, names, tool
from tests.gateway.killing import kill, offer, records, settled, until

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import PluginRefused
from mcpg.plugins.generation import Generation
from mcpg_revocations.lists import Entry

SQL = {
    "plugins": {
        "sales": {
            "from": "builtin:backend-sql",
            "config": {"connection": "sales"},
            "grants": {"sql": {"connections": ["sales"], "read_only": True}},
        }
    },
    "connections": {"sales": {"url": "sqlite+aiosqlite:///sales.db"}},
    "tools": {"count": {"backend": "sales", "description": "Counts.", "query": {"sql": "select 1 as one"}}},
}


async def test_a_killed_backend_leaves_lists_and_its_calls_say_why_while_others_go_on(house, authority, start):
    with closing(sqlite3.connect(house.folder / "sales.db")) as sales:
        sales.execute("create table t (a)")
    async with start(**SQL) as gateway:
        assert await names(gateway, "ana") == ["count", "echo", "private"]
        house.changed.clear()
        applied = await offer(gateway, authority.publisher.issue(kill("backend-mock")))
        assert applied.fenced == ("fake",)
        told = await call(gateway, "ana", "private")
        assert "(plugin-fenced)" in told
        assert "revoked, kill by `K1`: it leaks" in told
        assert await names(gateway, "ana") == ["count"]
        assert house.changed == ["tools"]
        assert json.loads(await call(gateway, "ana", "count"))["rows"] == [{"one": 1}]
        (state,) = [state for state in gateway.status()["plugins"] if state.use == "fake"]
        assert (state.state, gateway.kill.fences) == ("fenced", {"fake": 1})
    (taken,) = records(house.folder, "revocations-taken")
    assert (taken["version"], taken["fenced"], taken["entries"], taken["source"]) == (1, ["fake"], ["K1"], "test")
    (fenced,) = records(house.folder, "plugin-fenced")
    assert (fenced["use"], fenced["reason"]) == ("fake", "revoked, kill by `K1`: it leaks")


@pytest.mark.parametrize("plugin", ["backend-mock", "policy-cedar"])
async def test_no_answer_comes_after_the_fence_however_many_are_on_their_way(authority, start, plugin, monkeypatch):
    fenced, answers = [], {"before": 0, "after": 0, "refused": 0}
    async with start() as gateway:
        fence = gateway.rooms.revoking._fence
        monkeypatch.setattr(gateway.rooms.revoking, "_fence", lambda index: fenced.extend(fence(index)) or ())

        async def client():
            while not answers["refused"]:
                try:
                    good = await call(gateway, "ana", "private") == "for analysts"
                except Refusal:
                    good = False
                answers[("after" if fenced else "before") if good else "refused"] += 1

        clients = [asyncio.create_task(client()) for _ in range(40)]
        while answers["before"] < 100:  # noqa: ASYNC110 - the clients have no event for it
            await asyncio.sleep(0)
        await offer(gateway, authority.publisher.issue(kill(plugin)))
        await asyncio.gather(*clients)
    assert len(fenced) == 1
    assert answers["after"] == 0
    assert answers["refused"] == 40


@pytest.mark.parametrize(
    ("mark", "everything"),
    [("wasm", False), ("manifest", False), ("plugin", False), ("publisher", True), ("key", True)],
)
async def test_a_plugin_is_found_by_whatever_the_list_names(authority, start, mark, everything):
    async with start() as gateway:
        (held,) = gateway.rooms.catalog._uses["fake"].alive.values()
        subject = held.subject
        named = {
            "wasm": {"wasm": subject.wasm},
            "manifest": {"manifest": subject.manifest},
            "plugin": {"plugin": subject.id, "versions": f">={subject.version}"},
            "publisher": {"publisher": "mcpg"},
            "key": {"key": subject.keys[0]},
        }[mark]
        applied = await offer(gateway, authority.publisher.issue(Entry(id="K", action="kill", reason="bad", **named)))
        assert applied.fenced == (("fake", "keys", "rules") if everything else ("fake",))


async def test_with_a_killed_policy_nothing_is_permitted_or_shown_and_the_error_says_so(authority, start):
    async with start() as gateway:
        await offer(gateway, authority.publisher.issue(kill("policy-cedar")))
        for asked in (
            call(gateway, "ana", "echo"),
            call(gateway, "ana", "no-such-tool"),
            names(gateway, "ana"),
            call(gateway, "bot", "private"),
        ):
            with pytest.raises(Refusal, match="policy `rules` has been fenced, so nothing is permitted") as refused:
                await asked
            assert refused.value.code == -31005


async def test_with_a_killed_identity_nobody_is_let_in(authority, start):
    async with start() as gateway:
        await offer(gateway, authority.publisher.issue(kill("identity-api-key")))
        with pytest.raises(Refusal, match="plugin-fenced") as refused:
            await identify(gateway, "ana")
        assert refused.value.status == 503


@pytest.mark.parametrize(
    ("plugin", "sections"),
    [
        (
            "transform-redact",
            {
                "plugins": {"x": {"from": "builtin:transform-redact", "config": {"patterns": ["email"]}}},
                "transforms": ["x"],
            },
        ),
        (
            "limit-rate",
            {
                "plugins": {
                    "x": {
                        "from": "builtin:limit-rate",
                        "config": {"rules": [{"per": ["caller"], "burst": 9, "per_second": 9}]},
                    }
                },
                "limits": ["x"],
            },
        ),
    ],
)
async def test_a_killed_link_of_a_chain_ends_its_calls_with_an_error(authority, start, plugin, sections):
    async with start(**sections) as gateway:
        assert await call(gateway, "ana", "private") == "for analysts"
        await offer(gateway, authority.publisher.issue(kill(plugin)))
        with pytest.raises(Refusal, match="`x` failed: plugin-fenced") as refused:
            await call(gateway, "ana", "private")
        assert refused.value.code == -31005
        assert await names(gateway, "ana") == ["echo", "private"]


async def test_a_pass_that_is_under_way_brings_no_answer(authority, start, monkeypatch):
    inside, gate = asyncio.Event(), asyncio.Event()
    async with start() as gateway:
        pool = gateway.rooms.catalog.guest("fake").current._pool
        ask = type(pool).ask

        async def slow(self, function, *rest):
            answer = await ask(self, function, *rest)
            if self is pool and function == "call":
                inside.set()
                await gate.wait()
            return answer

        monkeypatch.setattr(type(pool), "ask", slow)
        calling = asyncio.create_task(call(gateway, "ana", "private"))
        await inside.wait()
        await offer(gateway, authority.publisher.issue(kill("backend-mock")))
        gate.set()
        assert "(plugin-fenced)" in await calling


async def test_cached_answers_memo_credentials_and_paused_runs_of_a_killed_plugin_are_gone(authority, start):
    tools = {
        "echo": tool(
            mock={"echo": True},
            cache={"ttl": "1h"},
            annotations={"readOnlyHint": True},
            input={"q": {"type": "string", "default": "hi"}},
        )
    }
    async with start(tools=tools) as gateway:
        await call(gateway, "ana", "echo")
        parked = gateway.rooms.parked
        await parked.put("a", b"x", ttl=60, owner="fake")
        await parked.put("b", b"x", ttl=60, owner="other")
        assert len(gateway.rooms.cache) == 1
        await offer(gateway, authority.publisher.issue(kill("backend-mock")))
        await settled(gateway)
        assert len(gateway.rooms.cache) == 0
        assert await parked.keys() == ["b"]
        assert "(plugin-fenced)" in await call(gateway, "ana", "echo")


async def test_the_pool_of_a_killed_plugin_is_closed(authority, start):
    async with start() as gateway:
        pool = gateway.rooms.catalog.guest("fake").current._pool
        await offer(gateway, authority.publisher.issue(kill("backend-mock")))
        await until(lambda: pool.state == "closed")


async def test_block_lets_run_what_runs_and_loads_nothing_anew_and_warn_only_warns(house, authority, start):
    blocked = kill("backend-mock", action="block")
    warned = kill("policy-cedar", "K2", action="warn")
    async with start() as gateway:
        applied = await offer(gateway, authority.publisher.issue(blocked, warned))
        assert applied.fenced == ()
        assert await call(gateway, "ana", "private") == "for analysts"
        more = {"plugins": {"more": {"from": "builtin:backend-mock"}}}
        with pytest.raises(PluginRefused) as refused:
            await gateway.reload(house.file(revocations=authority.section(on_dead="warn"), **more))
        assert refused.value.code == "plugin-revoked"
        assert await call(gateway, "ana", "private") == "for analysts"
        await settled(gateway)
    warnings = {(record["use"], record["warning"]) for record in records(house.folder, "plugin-warning")}
    assert warnings == {("fake", "block by `K1`: it leaks"), ("rules", "warn by `K2`: it leaks")}


async def test_what_is_killed_while_a_file_is_taken_up_is_not_taken_over(house, authority, start, monkeypatch):
    async with start() as gateway:
        plan, made = gateway.plan(), []
        event = gateway._event

        async def late(what, details):
            await event(what, details)
            if what == "reloaded":
                made.append(await offer(gateway, authority.publisher.issue(kill("backend-sql"))))

        monkeypatch.setattr(gateway, "_event", late)
        with pytest.raises(PluginRefused, match="`sales` is fenced: revoked, kill by `K1`"):
            await gateway.reload(house.file(revocations=authority.section(on_dead="warn"), **SQL))
        assert made[0].fenced == ("sales",)
        assert gateway.plan().routes.listed("tool") == plan.routes.listed("tool")
        assert await call(gateway, "ana", "private") == "for analysts"


async def test_a_memo_is_neither_kept_nor_taken_once_a_generation_is_fenced():
    class Pool:
        memo = True

        def fence(self, reason):
            self.reason = reason

    generation = Generation(Pool())
    assert generation.memo
    generation.fence("revoked")
    assert not generation.memo
