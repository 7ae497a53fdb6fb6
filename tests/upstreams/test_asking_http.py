"""Servers over Streamable HTTP that ask their client in the middle of a call, with a session."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.upstreams.conftest import ANA, http
from tests.upstreams.test_asking import ASKED, YES, Talk, said, wanted

from mcpg.contract.problems import UpstreamFailed

FORM = {"method": "elicitation/create", "params": {"message": "who", "requestedSchema": {"type": "object"}}}


@pytest.fixture
async def client(bench, peer, connector) -> Talk:
    return Talk(await bench(http("web", peer), connector=connector, good=False), "web")


async def test_a_question_on_a_calls_own_stream(client, peer):
    asking = await client.call("ask", FORM)
    assert wanted(asking) == {"mine": "elicitation/create"}
    assert said(await client.resume(asking, {"mine": YES}, "ask", FORM))["result"] == YES["result"]
    posted = [(headers, message) for headers, message in peer.seen if "result" in message]
    assert len(posted) == 1
    assert posted[0][0]["mcp-session-id"] == "session-2", "answered in the session that asked"


async def test_each_question_belongs_to_the_call_on_whose_stream_it_came(client, peer):
    holding = asyncio.ensure_future(client.call("hang_events"))
    await client.peers.until(lambda: client.upstreams.states()["web"].in_flight == 1)
    asking = await client.call("ask", FORM)
    assert said(await client.resume(asking, {"mine": YES}, "ask", FORM))["result"] == YES["result"]
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding


async def test_a_question_on_the_general_stream_belongs_to_the_only_call(client, peer):
    calling = asyncio.ensure_future(client.call("hang_events"))
    await client.peers.until(lambda: len(peer.listening) == 3)  # two general streams, and the call's own
    streams = [one for one in peer.listening if one.verb == "GET"]
    theirs = next(one for one in streams if one.headers["mcp-session-id"] == "session-2")
    answer = peer.question(theirs, **FORM)
    asking = await calling
    assert wanted(asking) == {"mine": "elicitation/create"}
    client.upstreams.abandon(asking["asking"]["state"])
    assert (await answer)["result"] == {"action": "cancel"}
    await client.peers.until(lambda: peer.seen[-1][1].get("method") == "notifications/cancelled")


async def test_a_question_on_the_general_stream_of_no_call_is_refused(client, peer):
    await client.call("echo")
    await client.peers.until(lambda: len(peer.listening) == 2)
    for number, stream in enumerate(peer.listening):
        answer = await peer.question(stream, **FORM, number=f"n{number}")
        assert answer["error"]["code"] == -32603


async def test_a_withdrawn_question_settles(client, peer):
    asking = await client.call("ask_and_withdraw", FORM["params"])
    settled = asyncio.ensure_future(client.upstreams.settled("web", asking["asking"]["state"]))
    await asyncio.sleep(0)
    assert not settled.done()
    peer.going.set()
    await asyncio.wait_for(settled, 5)
    assert said(await client.resume(asking, {}, "ask_and_withdraw", FORM["params"])) == "withdrawn"


async def test_a_server_that_drops_the_stream_while_it_asks_settles(client, peer):
    asking = await client.call("ask_and_withdraw", FORM["params"])
    await peer.stop()
    await asyncio.wait_for(client.upstreams.settled("web", asking["asking"]["state"]), 5)
    with pytest.raises(UpstreamFailed) as failed:
        await client.resume(asking, {"mine": YES}, "ask_and_withdraw", FORM["params"])
    assert failed.value.code == "upstream-unknown"


async def test_a_client_that_declared_nothing_is_not_asked(client):
    refused = said(await client.call("ask", FORM, party=ANA))
    assert refused["error"]["code"] == -32601


async def test_a_released_session_ends_its_session_upstream(bench, peer, connector):
    client = Talk(await bench(http("web", peer, sessions="session"), connector=connector, good=False), "web")
    asking = await client.call("ask", FORM)
    await client.upstreams.release(client.party)
    await client.peers.until(lambda: peer.deleted == ["session-2"])
    with pytest.raises(UpstreamFailed, match="no longer waits"):
        await client.resume(asking, {"mine": YES}, "ask", FORM)
    other = replace(ASKED, session="s2")
    assert said(await client.call("echo", {"a": 1}, party=other)) == {"a": 1}
