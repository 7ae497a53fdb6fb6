"""Whose calls share a link, what its server is told, and when it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace

import pytest
from tests.upstreams.conftest import ANA, http
from tests.upstreams.test_asking import ABLE, ASKED, SCRIPT, Talk, asks, said
from tests.upstreams.test_stdio import gone

from mcpg.contract.ports import GATEWAY, Party
from mcpg.contract.problems import UpstreamFailed

BEN = replace(ANA, caller=("default", "keys", "", "ben"), session="s9")


@pytest.fixture
async def talk(bench):
    async def start(*, start: str = "legacy", **options) -> Talk:
        return Talk(await bench(asks(start=start, **options), good=False), party=ANA)

    return start


async def pid(client: Talk, party: Party) -> int:
    return said(await client.call("facts", party=party))["pid"]


@pytest.mark.parametrize("start", ["legacy", "modern"])
async def test_two_callers_never_share_a_process(talk, start):
    client = await talk(start=start)
    ana, ben, ours = await pid(client, ANA), await pid(client, BEN), await pid(client, GATEWAY)
    assert len({ana, ben, ours}) == 3
    assert await pid(client, replace(ANA, session="s2")) == ana
    assert client.upstreams.states()["asks"].links == 3


async def test_two_sessions_of_a_caller_share_none_if_said_so(talk):
    client = await talk(sessions="session")
    first, second = await pid(client, ANA), await pid(client, replace(ANA, session="s2"))
    assert first != second
    assert await pid(client, ANA) == first


async def test_all_share_one_if_said_so(talk):
    client = await talk(sessions="shared")
    assert await pid(client, ANA) == await pid(client, BEN) == await pid(client, GATEWAY)
    able = await pid(client, replace(ANA, capabilities=ABLE))
    assert able != await pid(client, GATEWAY)
    assert able == await pid(client, replace(BEN, capabilities=ABLE))


async def test_strangers_without_a_name_are_told_apart_by_their_sessions(talk):
    client = await talk()
    nobody = Party(caller=("default", "", "", ""), session="x")
    assert await pid(client, nobody) != await pid(client, replace(nobody, session="y"))


async def test_a_server_is_told_what_the_client_declared_and_can_be_relayed(talk):
    client = await talk()
    declared = {
        "elicitation": {"form": {}},
        "sampling": {"tools": {}},
        "experimental": {"x": {}},
        "tasks": {},
        "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html"]}, "com.example/own": {}},
    }
    seen = said(await client.call("facts", party=replace(ANA, capabilities=declared)))["initialized"]
    assert seen["protocolVersion"] == "2025-11-25"
    assert seen["capabilities"] == {
        "elicitation": {"form": {}},
        "sampling": {"tools": {}},
        "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html"]}},
    }
    assert said(await client.call("facts"))["initialized"]["capabilities"] == {}


async def test_the_link_that_describes_declares_what_can_be_relayed(talk):
    client = await talk()
    seen = said(await client.call("facts", party=GATEWAY))["initialized"]["capabilities"]
    assert seen["elicitation"] == {"form": {}, "url": {}}
    assert {"sampling", "roots"} <= seen.keys()


async def test_an_older_server_is_told_in_its_own_words(talk):
    client = await talk(environment={"PEER_VERSION": "2025-06-18"})
    seen = said(await client.call("facts", party=ASKED))["initialized"]["capabilities"]
    assert seen["elicitation"] == {}


async def test_shared_servers_are_not_told_of_anybodys_roots(talk):
    client = await talk(sessions="shared")
    seen = said(await client.call("facts", party=ASKED))["initialized"]["capabilities"]
    assert {"elicitation", "sampling"} == seen.keys()


async def test_a_modern_server_is_told_with_each_request(talk):
    client = await talk(start="modern")
    for party, able in ((ASKED, {"elicitation", "sampling", "roots"}), (ANA, set())):
        meta = said(await client.call("facts", party=party))["params"]["_meta"]
        assert set(meta["io.modelcontextprotocol/clientCapabilities"]) == able
    assert client.upstreams.states()["asks"].links == 2


async def test_a_resource_is_watched_in_the_process_of_who_watches(talk):
    client = await talk(idle=0.2)
    told = []
    watch = await client.upstreams.watch("asks", "file:///x", told.append, ANA)
    theirs = await pid(client, ANA)
    await client.call("touch", party=BEN)
    assert told == []
    await client.call("touch", party=ANA)
    assert told == [{"uri": "file:///x"}]
    await client.peers.until(lambda: client.upstreams.states()["asks"].links == 2)  # that of the other has ended
    assert not gone(theirs)
    watch.close()
    watch.close()
    await client.peers.until(lambda: gone(theirs))


async def test_a_session_that_ends_takes_what_was_its_own(talk):
    client = await talk(sessions="session")
    theirs, others = await pid(client, ASKED), await pid(client, BEN)
    asking = await client.call("elicit", party=ASKED)
    await client.upstreams.release(ASKED)
    assert client.parked() == 0
    with pytest.raises(UpstreamFailed, match="no longer waits"):
        await client.resume(asking, {}, "elicit", party=ASKED)
    await client.peers.until(lambda: gone(theirs))
    assert await pid(client, BEN) == others
    assert client.upstreams.states()["asks"].links == 2


async def test_a_callers_process_outlives_one_of_his_sessions(talk):
    client = await talk()
    theirs = await pid(client, ANA)
    await client.upstreams.release(ANA)
    assert await pid(client, ANA) == theirs


async def test_an_idle_link_ends_and_a_parked_call_keeps_its_own(talk):
    client = await talk(idle=0.3)
    first = await pid(client, ANA)
    asking = await client.call("elicit", party=replace(ASKED, caller=BEN.caller))
    await client.peers.until(lambda: gone(first))
    assert client.upstreams.states()["asks"].links == 2
    yes = {"1": {"result": {"action": "accept"}}}
    assert said(await client.resume(asking, yes, "elicit", party=replace(ASKED, caller=BEN.caller)))
    assert await pid(client, ANA) != first


async def test_links_are_bounded_and_the_longest_unused_makes_room(talk):
    client = await talk(max_links=2, sessions="session")
    parties = [replace(ASKED, session=f"s{number}") for number in range(3)]
    first, second = await pid(client, parties[0]), await pid(client, parties[1])
    await pid(client, parties[2])
    await client.peers.until(lambda: gone(first))
    assert not gone(second)
    asking = [await client.call("elicit", party=party) for party in parties[1:]]
    with pytest.raises(UpstreamFailed, match="serves as many callers as it may") as failed:
        await client.call("facts", party=parties[0])
    assert failed.value.code == "upstream-unavailable"
    client.upstreams.abandon(asking[0]["asking"]["state"])
    assert await pid(client, parties[0])


async def test_over_all_upstreams_the_longest_unused_makes_room(bench):
    peers = await bench(asks("one"), asks("two"), good=False)
    peers.upstreams._links.most = 1
    one, two = Talk(peers, "one", ANA), Talk(peers, "two", ASKED)
    theirs = await pid(one, ANA)
    asking = await two.call("elicit")
    await peers.until(lambda: gone(theirs))
    with pytest.raises(UpstreamFailed, match="serves as many callers as it may"):
        await one.call("facts")
    peers.upstreams.abandon(asking["asking"]["state"])
    assert await pid(one, ANA)
    await peers.upstreams.stop()
    assert peers.upstreams._links.pools == []


async def test_a_client_that_declares_something_else_each_time_has_few_links(talk, monkeypatch):
    monkeypatch.setattr("mcpg.upstreams.pool.MAX_VARIANTS", 2)
    client = await talk()
    others = await pid(client, BEN)
    for number in range(4):
        extensions = {"io.modelcontextprotocol/ui": {"mimeTypes": [f"text/{number}"]}}
        await pid(client, replace(ANA, capabilities={"extensions": extensions}))
    assert client.upstreams.states()["asks"].links == 4
    assert await pid(client, BEN) == others
    huge = {"elicitation": {"form": {}}, "extensions": {"io.modelcontextprotocol/ui": {"x": "x" * 20_000}}}
    assert said(await client.call("facts", party=replace(ANA, capabilities=huge)))["initialized"]["capabilities"] == {}


async def test_news_that_nobody_hears_yet_are_bounded(talk):
    client = await talk()
    told = []

    async def notify(method, params):
        told.append(len(params["data"]))

    more = {"notify": notify, "party": ASKED, "params": {"_meta": {"progressToken": "t"}}}
    asking = await client.call("chatter_while_asking", {"size": 50_000}, **more)
    await client.call("go", party=ASKED)
    await client.upstreams.settled("asks", asking["asking"]["state"])
    answer = await client.resume(asking, {}, "chatter_while_asking", {"size": 50_000}, **more)
    assert said(answer) == "chattered"
    assert 0 < len(told) <= 5


async def test_a_process_that_dies_unused_is_not_begun_again(talk):
    client = await talk()
    theirs, others = await pid(client, ANA), await pid(client, BEN)
    os.kill(theirs, signal.SIGKILL)
    await client.peers.until(lambda: client.upstreams.states()["asks"].links == 2)
    assert await pid(client, BEN) == others
    assert await pid(client, ANA) != theirs


async def test_a_new_caller_of_a_broken_upstream_is_told_at_once(bench, tmp_path):
    script = tmp_path / "peer.py"
    script.write_bytes(SCRIPT.read_bytes())
    spec = asks("asks", failures=2)
    spec = replace(spec, transport=replace(spec.transport, command=(sys.executable, "-I", "-S", str(script), "legacy")))
    client = Talk(await bench(spec, good=False), party=ANA)
    ours, theirs = await pid(client, GATEWAY), await pid(client, ANA)
    script.write_text("raise SystemExit(3)")
    os.kill(ours, signal.SIGKILL)
    await client.peers.until(lambda: client.upstreams.states()["asks"].state == "broken")
    with pytest.raises(UpstreamFailed, match="is not connected: it exited with status 3"):
        await client.call("facts", party=BEN, seconds=5)
    assert await pid(client, ANA) == theirs, "who has a process of his own is served on"


async def test_a_caller_whose_process_hangs_is_no_trouble_for_others(talk):
    client = await talk(failures=2, cooldown=60)
    theirs = await pid(client, ANA)
    for _ in range(2):
        with pytest.raises(UpstreamFailed, match="did not answer"):
            await client.call("freeze", seconds=0.1)
    with pytest.raises(UpstreamFailed, match="failed 2 times in a row and is left alone"):
        await client.call("facts")
    assert await pid(client, BEN) != theirs
    assert await pid(client, GATEWAY)
    assert client.upstreams.states()["asks"].state == "ready"


async def test_one_hanging_upstream_does_not_slow_another(bench):
    peers = await bench(asks("slow"), asks("quick"), good=False)
    slow, quick = Talk(peers, "slow", ANA), Talk(peers, "quick", ANA)
    hanging = [asyncio.ensure_future(slow.call("hold")) for _ in range(50)]
    await peers.until(lambda: peers.upstreams.states()["slow"].in_flight == 50)
    assert [await pid(quick, ANA) for _ in range(20)]
    assert not any(one.done() for one in hanging)
    for one in hanging:
        one.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    assert peers.upstreams.states()["slow"].in_flight == 0


async def test_log_messages_of_a_process_of_ones_own_reach_the_only_call(talk):
    client = await talk()
    told = []

    async def notify(method, params):
        told.append(params["data"])

    await client.call("log", notify=notify, party=replace(ANA, log_level="info"))
    assert told == ["info", "error"]
    assert said(await client.call("facts"))["levels"] == ["info"]
    await client.call("log", notify=notify, party=replace(ANA, log_level="error"))
    assert told == ["info", "error", "error"]
    await client.call("log", notify=notify, party=replace(ANA, log_level="debug"))
    assert said(await client.call("facts"))["levels"] == ["info", "debug"]
    told.clear()
    await client.call("log", notify=notify, party=GATEWAY)
    assert told == [], "over a link of many, a log message is nobody's"


async def test_meta_of_the_client_goes_on_without_what_is_the_protocols(talk):
    client = await talk()
    meta = {
        "com.example/own": {"a": 1},
        "io.modelcontextprotocol/clientInfo": {"name": "evil"},
        "dev.mcp/reserved": 1,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "tracestate": "a=b",
        "baggage": "user=ana",
        "progressToken": 7,
    }
    seen = said(await client.call("facts", party=replace(ANA, meta=meta)))["params"]["_meta"]
    assert seen.keys() == {"com.example/own", "traceparent", "tracestate"}
    assert seen["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert "b7ad6b7169203331" not in seen["traceparent"]


async def test_baggage_goes_on_if_said_so(talk):
    client = await talk(baggage=True)
    seen = said(await client.call("facts", party=replace(ANA, meta={"baggage": "user=ana"})))["params"]["_meta"]
    assert seen == {"baggage": "user=ana"}


@pytest.mark.parametrize("peer", ["legacy", "modern"], indirect=True)
async def test_over_http_only_servers_with_sessions_have_links_of_their_own(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    client = Talk(peers, "web")
    sessions = [said(await client.call("headers", party=party)).get("mcp-session-id") for party in (ANA, BEN, ANA)]
    if peer.era == "modern":
        assert sessions == [None] * 3
        assert peers.upstreams.states()["web"].links == 1
    else:
        assert sessions[0] == sessions[2] != sessions[1]
        assert peer.made == 3
        await peers.upstreams.stop()
        assert sorted(peer.deleted) == sorted(peer.sessions)


@pytest.mark.parametrize("peer", ["modern"], indirect=True)
async def test_trace_context_is_in_the_headers_too(bench, peer, connector):
    peers = await bench(http("web", peer), connector=connector, good=False)
    meta = {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "a=b",
        "baggage": "c",
    }
    seen = said(await Talk(peers, "web").call("headers", party=replace(ANA, meta=meta)))
    assert seen["traceparent"] == seen["_params"]["_meta"]["traceparent"]
    assert seen["tracestate"] == "a=b"
    assert "baggage" not in seen
