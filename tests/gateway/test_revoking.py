"""The kill switch in a real gateway: what a list does to plugins at work, and what is left of what they said."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import asynccontextmanager, closing

import pytest
from tests.gateway.conftest import call, identify, names, tool
from tests.gateway.killing import Authority, kill

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg.gateway.gateway import Gateway
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


@pytest.fixture
def authority(house):
    return Authority(house.folder)


@pytest.fixture
def start(house, authority):
    @asynccontextmanager
    async def start(revocations=None, **sections):
        given = authority.section(on_dead="warn") if revocations is None else revocations
        gateway = house.gateway(revocations=given, **sections)
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()

    return start


def records(house, event):
    with closing(sqlite3.connect(house.folder / "state" / "ledger.db")) as ledger:
        found = [json.loads(body) for (body,) in ledger.execute("select body from records order by rowid")]
    return [record for record in found if record.get("event") == event]


def offer(gateway, text):
    return gateway.rooms.revoking.offer(text, "test")


async def settled(gateway):
    """Wait until what a list has set going is done."""
    await asyncio.sleep(0)
    while gateway._background:
        await asyncio.wait(gateway._background)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - watched files have no event of ours
            await asyncio.sleep(0.005)


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
    (taken,) = records(house, "revocations-taken")
    assert (taken["version"], taken["fenced"], taken["entries"], taken["source"]) == (1, ["fake"], ["K1"], "test")
    (fenced,) = records(house, "plugin-fenced")
    assert (fenced["use"], fenced["reason"]) == ("fake", "revoked, kill by `K1`: it leaks")


@pytest.mark.parametrize("plugin", ["backend-mock", "policy-cedar"])
async def test_no_answer_comes_after_the_fence_however_many_are_on_their_way(authority, start, plugin, monkeypatch):
    fenced, answers = [], {"before": 0, "after": 0, "refused": 0}
    async with start() as gateway:
        enforce = gateway.rooms.revoking._enforce
        monkeypatch.setattr(gateway.rooms.revoking, "_enforce", lambda index: fenced.extend(enforce(index)) or ())

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
    warnings = {(record["use"], record["warning"]) for record in records(house, "plugin-warning")}
    assert warnings == {("fake", "block by `K1`: it leaks"), ("rules", "warn by `K2`: it leaks")}


async def test_a_forged_an_older_and_a_split_list_change_nothing(house, authority, start):
    publisher = authority.publisher
    async with start() as gateway:
        publisher.issue()
        await offer(gateway, publisher.issue())
        version, plan = gateway.rooms.revoking.version, gateway.plan()
        for text, code in (
            (publisher.forged(kill("backend-mock")), "revocation-signature"),
            (publisher.rolled_back(), "revocation-rollback"),
            (publisher.split(kill("backend-mock")), "revocation-split"),
            (publisher.unchained(), "revocation-chain"),
            (publisher.cut(40), "revocation-list"),
        ):
            with pytest.raises(McpgError) as refused:
                await offer(gateway, text)
            assert refused.value.code == code
        assert (gateway.rooms.revoking.version, gateway.plan()) == (version, plan)
        assert await call(gateway, "ana", "private") == "for analysts"


async def test_without_an_anchor_no_list_can_be_posted(authority, start):
    async with start({}) as gateway:
        with pytest.raises(ConfigError) as refused:
            await gateway.kill.post(authority.publisher.issue(kill("backend-mock")))
        assert refused.value.code == "no-revocation-anchor"
        status = gateway.status()["revocations"]
        assert (status["source"], status["state"], status["expires"]) == ("shipped", "fresh", None)


async def test_a_refused_list_is_recorded_and_its_words_do_not_fill_the_ledger(house, authority, start):
    async with start() as gateway:
        long = json.dumps({"payloadType": "x" * 2_000_000, "payload": "", "signatures": []}).encode()
        for text in (long, authority.publisher.forged()):
            with pytest.raises(McpgError):
                await gateway.kill.post(text)
    first, second = records(house, "revocations-refused")
    assert (first["source"], first["code"], len(first["message"]) <= 1024) == ("post", "revocation-list", True)
    assert second["code"] == "revocation-signature"


async def test_after_a_restart_the_newest_list_counts_and_an_older_one_is_refused(authority, house, start):
    publisher = authority.publisher
    async with start() as gateway:
        await offer(gateway, publisher.issue())
        await offer(gateway, publisher.issue(kill("backend-mock")))
    with pytest.raises(PluginRefused) as refused:
        async with start():
            pass
    assert refused.value.code == "plugin-revoked"
    async with start(tools=None, plugins=None, identity=None, policy=None) as gateway:
        assert gateway.rooms.revoking.version == 2
        with pytest.raises(McpgError) as refused:
            await offer(gateway, publisher.rolled_back())
        assert refused.value.code == "revocation-rollback"


async def test_an_addition_of_the_site_kills_when_its_file_comes_and_an_override_brings_back(house, authority, start):
    listed = kill("policy-cedar", "K2")
    async with start() as gateway:
        await offer(gateway, authority.publisher.issue())
        authority.add(kill("backend-mock"))
        await until(lambda: gateway.kill.fences["fake"])
        assert "kill by `K1`" in await call(gateway, "ana", "private")
        (authority.folder / "additions" / "ours.json").unlink()
        await until(lambda: "fake" not in gateway.plan().fenced)
        assert await call(gateway, "ana", "private") == "for analysts"
        await offer(gateway, authority.publisher.issue(listed))
        with pytest.raises(Refusal, match="policy `rules` has been fenced"):
            await names(gateway, "ana")
        authority.override(listed)
        await until(lambda: not gateway.plan().halted)
        assert await names(gateway, "ana") == ["echo", "private"]
        assert [each["entry"] for each in gateway.status()["revocations"]["overrides"]] == ["K2"]
        await settled(gateway)
    (overridden,) = records(house, "revocation-overridden")
    assert (overridden["entry"], overridden["by"], overridden["reason"]) == ("K2", "ops", "we need it")


async def test_a_file_feed_is_read_at_the_start_and_when_it_is_replaced(authority, start):
    authority.store(authority.publisher.issue())
    async with start(authority.section(feed="file:feed.json", poll="1h")) as gateway:
        assert gateway.rooms.revoking.version == 1
        authority.store(authority.publisher.issue(kill("backend-mock")))
        await until(lambda: gateway.kill.fences["fake"])
        assert gateway.rooms.revoking.version == 2
        authority.store(authority.publisher.rolled_back())
        await until(lambda: gateway.status()["revocations"]["complaints"])
        assert gateway.status()["revocations"]["complaints"] == {"feed": "revocation-rollback"}
        assert gateway.rooms.revoking.version == 2


async def test_a_hurry_reads_the_feed_and_the_site_s_own_files(authority, start, monkeypatch):
    monkeypatch.setattr("mcpg.gateway.revocation_sources.Sources._watch", lambda _: asyncio.sleep(3600))
    authority.store(authority.publisher.issue())
    async with start(authority.section(feed="file:feed.json", poll="1h")) as gateway:
        authority.add(kill("backend-mock"))
        authority.store(authority.publisher.issue(kill("transform-redact", "K2")))
        gateway.rooms.sources.hurry("signal")
        await until(lambda: gateway.kill.fences["fake"] and gateway.rooms.revoking.version == 2)


async def test_a_feed_that_does_not_answer_does_not_stall_the_start(house, authority, start, monkeypatch):
    monkeypatch.setattr("mcpg.gateway.revocation_sources.Sources.first.__defaults__", (0.05,))

    async def hold(reader, writer):
        await reader.read()  # until it is given up
        writer.close()

    silent = await asyncio.start_server(hold, "127.0.0.1", 0)
    feed = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/list.json"
    async with silent:
        async with start() as gateway:
            await offer(gateway, authority.publisher.issue())
        async with start(authority.section(feed=feed)) as gateway:
            status = gateway.status()["revocations"]
            assert (status["version"], status["state"]) == (1, "fresh")
            assert status["complaints"] == {"feed": "registry-failed"}
            assert await call(gateway, "ana", "private") == "for analysts"


@pytest.mark.parametrize("on_dead", ["deny-new", "stop-all", "warn"])
async def test_a_list_that_dies_means_what_the_operator_chooses(house, authority, start, on_dead):
    halted, loads = on_dead == "stop-all", on_dead == "warn"
    authority.store(authority.publisher.issue())
    async with start(authority.section(on_dead=on_dead, feed="file:feed.json", poll="1h")) as gateway:
        revoking = gateway.rooms.revoking
        assert (gateway.ready, gateway.kill.alarms()) == (True, {})
        for days, state in ((3, "stale"), (20, "dead")):
            later = int(time.time()) + days * 86_400
            revoking._clock = lambda later=later: later
            revoking.review()
            assert gateway.kill.alarms() == {"revocations": state}
        assert gateway.ready is not halted
        if halted:
            for asked in (call(gateway, "ana", "private"), names(gateway, "ana")):
                with pytest.raises(Refusal, match="the revocation list is dead"):
                    await asked
        else:
            assert await call(gateway, "ana", "private") == "for analysts"
        if loads:
            revoking.for_loading(later, locked=False)
            with pytest.raises(PluginRefused, match="which the lock was made with"):
                revoking.for_loading(later, locked=False, at_least=9)
        else:
            with pytest.raises(PluginRefused) as refused:
                revoking.for_loading(later, locked=True)
            assert refused.value.code == "revocation-dead"
        authority.publisher.clock = lambda: later
        await offer(gateway, authority.publisher.issue())
        assert (gateway.ready, gateway.kill.alarms(), gateway.plan().halted) == (True, {}, "")
        assert await call(gateway, "ana", "private") == "for analysts"
    assert [record["state"] for record in records(house, "revocations-state")] == ["stale", "dead", "fresh"]


@pytest.mark.parametrize("on_dead", ["deny-new", "stop-all"])
async def test_with_a_feed_that_has_never_delivered_nothing_starts(authority, start, on_dead):
    with pytest.raises(PluginRefused, match="the feed has never delivered a list") as refused:
        async with start(authority.section(on_dead=on_dead, feed="file:feed.json")):
            pass
    assert refused.value.code == "revocation-missing"


async def test_an_anchor_that_cannot_be_is_an_error_of_the_file(house, authority):
    for changes, where in (
        ({"anchor": {"keys": ["list-1.pem"], "threshold": 2}}, "revocations.anchor.threshold"),
        ({"anchor": {"keys": ["missing.pem"]}}, "revocations.anchor.keys"),
        ({"override_keys": ["rules.cedar"]}, "revocations.override_keys"),
        ({"feed": "no feed at all:".replace(" ", "")}, "revocations.feed"),
    ):
        gateway = Gateway(house.file(revocations=authority.section(**changes)))
        with pytest.raises(ConfigError) as refused:
            await gateway.start()
        assert refused.value.where == where


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
