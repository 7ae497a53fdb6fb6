"""Which lists a real gateway takes, from where, and what their age means; what it refuses changes nothing."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from tests.gateway.conftest import call, names
from tests.gateway.killing import kill, offer, records, settled, until

from mcpg.contract.ports import Refusal
from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg.gateway.gateway import Gateway
from mcpg.gateway.supplying import Intake


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


async def test_one_signature_is_enough_to_kill_in_an_emergency_and_not_to_bring_back(house, authority, start):
    publisher = authority.publisher
    async with start() as gateway:
        await offer(gateway, publisher.issue())
        said = await gateway.kill.post(publisher.emergency(kill("backend-mock")))
        assert (said["emergency"], said["fenced"]) == (True, ("fake",))
        with pytest.raises(McpgError) as refused:
            await gateway.kill.post(publisher.emergency_that(entries=()))
        assert refused.value.code == "revocation-emergency"
        assert "(plugin-fenced)" in await call(gateway, "ana", "private")
        await gateway.kill.post(publisher.issue(entries=()))
        await settled(gateway)
        assert await call(gateway, "ana", "private") == "for analysts"
    assert [record["emergency"] for record in records(house.folder, "revocations-taken")] == [False, True, False]


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
    first, second = records(house.folder, "revocations-refused")
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
    (overridden,) = records(house.folder, "revocation-overridden")
    assert (overridden["entry"], overridden["by"], overridden["reason"]) == ("K2", "ops", "we need it")


@pytest.mark.parametrize(("feed", "version"), [("https://lists.example/list.json", 1), ("file:feed.json", 2)])
async def test_offline_only_a_file_is_asked(house, authority, start, feed, version):
    async with start() as gateway:
        await offer(gateway, authority.publisher.issue())
    authority.store(authority.publisher.issue())
    gateway = Gateway(house.file(revocations=authority.section(feed=feed)), intake=Intake(offline=True))
    await gateway.start()
    try:
        status = gateway.status()["revocations"]
        assert (status["version"], status["complaints"]) == (version, {})
    finally:
        await gateway.stop()


async def test_a_file_feed_is_read_at_the_start_and_when_it_is_replaced(authority, start):
    authority.store(authority.publisher.issue())
    async with start(authority.section(feed="file:feed.json", poll="1h")) as gateway:
        assert gateway.rooms.revoking.version == 1
        authority.store(authority.publisher.issue(kill("backend-mock")))
        await until(lambda: gateway.rooms.revoking.version == 2)
        assert gateway.kill.fences == {"fake": 1}
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
    assert [record["state"] for record in records(house.folder, "revocations-state")] == ["stale", "dead", "fresh"]


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
