from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.upstreams.conftest import ANA, stdio

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import StdioSpec, UpstreamSpec


async def test_a_call_waits_for_its_upstream_and_is_answered(bench):
    peers = await bench()
    assert json.loads(await peers.call("good", "echo", {"a": [1, None, "ü"]})) == {"a": [1, None, "ü"]}
    state = peers.upstreams.states()["good"]
    assert (state.state, state.era, state.version, state.in_flight) == ("ready", "legacy", "2025-11-25", 0)
    assert state.server["name"] == "scripted"


async def test_calls_are_pipelined_in_one_process(bench):
    peers = await bench()
    answers = await asyncio.gather(*(peers.call("good", "echo", {"n": n}) for n in range(300)))
    assert [json.loads(answer)["n"] for answer in answers] == list(range(300))
    assert peers.upstreams.states()["good"].restarts == 0


async def test_an_error_answer_is_handed_on_with_its_code(bench):
    peers = await bench()
    assert await peers.call("good", "deny") == {"code": -32602, "message": "no such thing"}


@pytest.mark.parametrize("version", ["2025-06-18", "2025-03-26", "2024-11-05"])
async def test_older_handshake_versions_are_accepted(bench, version):
    peers = await bench(stdio("old", environment={"PEER_VERSION": version}))
    assert await peers.call("old", "echo") == "{}"
    assert peers.upstreams.states()["old"].version == version


async def test_a_version_that_nobody_knows_is_refused(bench):
    peers = await bench(stdio("odd", environment={"PEER_VERSION": "1999-01-01"}, failures=1))
    with pytest.raises(UpstreamFailed, match="version `1999-01-01`, which this gateway does not speak"):
        await peers.call("odd", "echo")
    await peers.good_answers()


async def test_a_modern_server_gets_our_meta_on_each_request_and_never_the_clients(bench):
    peers = await bench(stdio("new", "modern", mode="auto"))
    given = {
        "io.modelcontextprotocol/clientInfo": {"name": "evil"},
        "io.modelcontextprotocol/logLevel": "debug",
        "io.modelcontextprotocol/clientCapabilities": {"roots": {}},
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "progressToken": "theirs",
    }
    party = replace(ANA, log_level="info")
    sent = json.loads(await peers.call("new", "params", params={"_meta": given}, party=party))
    assert sent["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert sent["_meta"]["io.modelcontextprotocol/clientCapabilities"] == {}
    assert sent["_meta"]["io.modelcontextprotocol/clientInfo"]["name"] == "mcpg"
    assert sent["_meta"]["io.modelcontextprotocol/logLevel"] == "info"
    assert re.fullmatch(
        "00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331).{16}-01", sent["_meta"]["traceparent"]
    )
    assert "progressToken" not in sent["_meta"]
    assert peers.upstreams.states()["new"].era == "modern"


async def test_a_legacy_server_sees_no_reserved_keys_of_a_client(bench):
    peers = await bench()
    given = {"io.modelcontextprotocol/clientInfo": {"name": "evil"}, "progressToken": 3}
    assert "_meta" not in json.loads(await peers.call("good", "params", params={"_meta": given}))


@pytest.mark.parametrize("mode", ["legacy", "dies-of-probe"])
async def test_auto_falls_back_to_initialize(bench, mode):
    peers = await bench(stdio("some", mode, mode="auto"))
    assert await peers.call("some", "echo") == "{}"
    assert peers.upstreams.states()["some"].era == "legacy"


async def test_auto_outwaits_a_server_that_ignores_the_probe(bench, monkeypatch):
    monkeypatch.setattr("mcpg.upstreams.handshake.PROBE_SECONDS", 0.1)
    peers = await bench(stdio("some", "ignores-probe", mode="auto"))
    assert await peers.call("some", "echo") == "{}"


async def test_modern_only_is_not_met_by_a_legacy_server(bench):
    peers = await bench(stdio("some", "legacy", mode="modern", failures=1))
    with pytest.raises(UpstreamFailed, match="does not speak MCP 2026-07-28"):
        await peers.call("some", "echo")
    await peers.good_answers()


async def test_progress_is_mapped_back_and_only_of_this_request(bench):
    peers = await bench()
    told = []

    async def notify(method, params):
        told.append((method, params))

    token = await peers.call("good", "progress", params={"_meta": {"progressToken": "client"}}, notify=notify)
    assert json.loads(token) != "client"
    await peers.good_answers()
    assert told == [("notifications/progress", {"progressToken": "client", "progress": n}) for n in range(3)]


async def test_progress_is_not_asked_for_unless_the_client_did(bench):
    peers = await bench()
    told = []

    async def notify(method, params):
        told.append((method, params))

    assert json.loads(await peers.call("good", "progress", notify=notify)) is None
    assert told == []


async def test_a_cancelled_call_is_cancelled_upstream(bench):
    peers = await bench()
    await peers.good_answers()
    task = asyncio.create_task(peers.call("good", "await_cancel"))
    await peers.until(lambda: peers.upstreams.states()["good"].in_flight == 1)
    await peers.good_answers()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert json.loads(await peers.call("good", "was_cancelled")) is True
    assert peers.upstreams.states()["good"].in_flight == 0


@pytest.mark.parametrize("method", ["sampling/createMessage", "elicitation/create", "roots/list"])
async def test_requests_of_the_server_are_refused(bench, method):
    peers = await bench()
    answer = json.loads(await peers.call("good", "ask", {"method": method}, party=ANA))
    assert answer["error"]["code"] == -32601


async def test_over_the_link_that_describes_nobody_is_asked(bench):
    peers = await bench()
    for method in ("sampling/createMessage", "elicitation/create"):
        assert json.loads(await peers.call("good", "ask", {"method": method}))["error"]["code"] == -32603
    assert json.loads(await peers.call("good", "ask", {"method": "roots/list"}))["result"] == {"roots": []}


async def test_a_ping_of_the_server_is_answered(bench):
    peers = await bench()
    assert json.loads(await peers.call("good", "ask", {"method": "ping"}))["result"] == {}


async def test_list_changed_is_told_once_for_many(bench):
    peers = await bench()
    await peers.good_answers()
    await peers.until(lambda: ("good", "tools") in peers.changes)
    peers.changes.clear()
    assert await peers.call("good", "change") == "changed"
    await peers.until(lambda: bool(peers.changes))
    assert peers.changes == [("good", "tools")]


async def test_a_batch_is_taken(bench):
    peers = await bench()
    deadline = asyncio.get_running_loop().time() + 5
    answer = await peers.upstreams.request("good", "tools/call", {"name": "batch"}, deadline=deadline)
    assert answer["result"]["content"] == []


async def test_the_environment_is_clean(bench, monkeypatch):
    monkeypatch.setenv("GATEWAY_SECRET", "s3cret")
    peers = await bench(stdio("one", environment={"GIVEN": "yes"}))
    seen = json.loads(await peers.call("one", "environment"))
    assert {"PATH", "GIVEN"} <= set(seen) <= {"PATH", "HOME", "GIVEN", "LC_CTYPE"}


async def test_the_child_has_its_own_group_which_ends_with_it(bench):
    peers = await bench(stdio("one"))
    ids = json.loads(await peers.call("one", "ids"))
    assert ids["group"] == ids["pid"] != ids["parent_group"]
    grandchild = int(await peers.call("one", "grandchild"))
    await peers.upstreams.stop()
    assert not alive(ids["pid"])
    await peers.until(lambda: not alive(grandchild))


async def test_a_stubborn_child_is_killed_and_leaves_no_zombie(bench):
    peers = await bench(stdio("one", "stubborn"))
    pid = json.loads(await peers.call("one", "ids"))["pid"]
    await peers.upstreams.stop()
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process are Linux only")
async def test_operator_limits_hold_for_the_child(bench):
    transport = stdio("one").transport
    assert isinstance(transport, StdioSpec)
    limited = StdioSpec(command=transport.command, files=40, memory=2**30, grace=0.3)
    peers = await bench(UpstreamSpec(name="one", transport=limited, mode="legacy"))
    pid = json.loads(await peers.call("one", "ids"))["pid"]
    limits = await asyncio.to_thread(Path(f"/proc/{pid}/limits").read_text)
    assert "Max open files            40                   40" in limits
    assert f"Max address space         {2**30}" in limits


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() if sys.platform == "linux" else not alive(pid)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8") if sys.platform == "linux" else ") R"
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"  # an orphan's zombie is for init to reap
