"""A sealed `requestState` in wrong hands, at wrong places and times, through a whole gateway over HTTP."""

from __future__ import annotations

import hashlib
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from tests.peers.client import connect
from tests.peers.gateway import KEY, http_upstream, start_gateway
from tests.peers.server import start_server

OTHER = "mcpg_bob-" + "b" * 24
ASK = {"name": "twice", "arguments": {}}
SAID = {"role": "assistant", "content": {"type": "text", "text": "hello"}, "model": "m"}


def keys():
    digest = {
        name: "sha256:" + hashlib.sha256(key.encode()).hexdigest() for name, key in (("ana", KEY), ("bob", OTHER))
    }
    known = [{"id": name, "hash": value, "groups": []} for name, value in digest.items()]
    return {
        "keys": {"from": "builtin:identity-api-key", "config": {"keys": known}},
        "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}},
    }


@asynccontextmanager
async def house(folder, compiled, servers):
    upstreams = {server.name: http_upstream(server, prefix=server.name) for server in servers}
    profiles = {"some": {"upstreams": list(upstreams)}}
    async with start_gateway(folder, upstreams, compiled=compiled, plugins=keys(), profiles=profiles) as door:
        yield door


@asynccontextmanager
async def caller(door, key=KEY, path="/mcp"):
    headers = {"authorization": f"Bearer {key}"}
    async with connect("2026-07-28", door.origin + path, headers=headers) as client:
        client.retries = False
        yield client


async def told(client, params, given=None):
    """Return the result of a call, or its error's message; `given` is what the client was asked before."""
    if given is not None:
        responses = dict.fromkeys(given.get("inputRequests", {}), SAID)
        params = params | {"requestState": given["requestState"], "inputResponses": responses}
    answer = await client.begin("tools/call", params).answer()
    return answer.get("result") or answer["error"]["message"]


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
async def test_a_state_is_for_its_caller_its_call_its_endpoint_and_once(tmp_path, compiled, revision):
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(start_server(revision, "up"))
        door = await stack.enter_async_context(house(tmp_path, compiled, [server]))
        ana = await stack.enter_async_context(caller(door))
        call = ASK | {"name": "up.twice"}
        first = await told(ana, call)
        assert first["resultType"] == "input_required"
        bob = await stack.enter_async_context(caller(door, OTHER))
        some = await stack.enter_async_context(caller(door, path="/some/mcp"))
        own = await stack.enter_async_context(caller(door, path="/servers/up/mcp"))
        for who, params in (
            (bob, call), (some, call), (own, ASK), (ana, call | {"name": "up.sample"}),
            (ana, call | {"arguments": {"more": 1}}),
        ):  # fmt: skip
            refused = await told(who, params, first)
            assert isinstance(refused, str), refused
            assert first["requestState"] not in refused
        asked = len(server.requests("tools/call"))
        second = await told(ana, call, first)
        assert second["resultType"] == "input_required"
        assert second["requestState"] != first["requestState"]
        assert isinstance(await told(ana, call, first), str)
        last = await told(ana, call, second)
        assert last["content"][0]["text"] == "assistant hello"
        assert isinstance(await told(ana, call, second), str)
        assert len(server.requests("tools/call")) - asked <= (2 if revision == "2026-07-28" else 0)
        assert ana.problems + server.problems == []


async def test_a_state_outlives_the_gateway_where_the_upstream_still_waits(tmp_path, compiled):
    async with AsyncExitStack() as stack:
        old = await stack.enter_async_context(start_server("2025-11-25", "old"))
        new = await stack.enter_async_context(start_server("2026-07-28", "new"))
        async with house(tmp_path, compiled, [old, new]) as door, caller(door) as ana:
            given = {name: await told(ana, ASK | {"name": f"{name}.twice"}) for name in ("old", "new")}
            used = await told(ana, ASK | {"name": "new.sample"})
            assert (await told(ana, ASK | {"name": "new.sample"}, used))["content"]
        async with house(tmp_path, compiled, [old, new]) as door, caller(door) as ana:
            again = await told(ana, ASK | {"name": "new.twice"}, given["new"])
            assert again["resultType"] == "input_required"
            last = await told(ana, ASK | {"name": "new.twice"}, again)
            assert last["content"][0]["text"] == "assistant hello"
            gone = await told(ana, ASK | {"name": "old.twice"}, given["old"])
            assert "no longer waits" in str(gone)
            assert isinstance(await told(ana, ASK | {"name": "new.sample"}, used), str)
            assert isinstance(await told(ana, ASK | {"name": "old.twice"}, given["old"]), str)
