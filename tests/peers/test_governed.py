"""What a server asks and tells, under rules: four combinations of old and new, with real components and the ledger."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from tests.peers.gateway import http_upstream, start_gateway
from tests.peers.record import PeerError
from tests.peers.server import start_server

from mcpg.ledger import tail, verify

if TYPE_CHECKING:
    from pathlib import Path

REVISIONS = ("2025-11-25", "2026-07-28")
RULES = """
permit(principal, action in [Mcpg::Action::"tools/call", Mcpg::Action::"roots/list"], resource);

@obligation("redact") @detail("{\\"paths\\": [\\"/message\\"]}")
permit(principal, action == Mcpg::Action::"elicitation/create", resource)
when { resource.upstream != "strict" };

forbid(principal, action == Mcpg::Action::"notifications/message", resource);
"""


async def test_rules_hold_for_what_servers_ask_and_tell(tmp_path: Path, compiled: Path) -> None:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(start_server(each, f"v{each}")) for each in REVISIONS]
        upstreams = {server.name: http_upstream(server, prefix=server.name) for server in servers}
        door = await stack.enter_async_context(start_gateway(tmp_path, upstreams, compiled=compiled, rules=RULES))
        for client in REVISIONS:
            peer = await stack.enter_async_context(door.connect(client))
            for server in servers:
                asked = len(peer.asked)
                assert await peer.text(f"{server.name}.elicit") == "accept ana"
                assert peer.asked[-1][1]["message"] == "[redacted]"
                sampled = await peer.call(f"{server.name}.sample")
                assert sampled["isError"] is True  # the server heard a refusal, or could not be told of one
                assert await peer.text(f"{server.name}.roots") == "file:///home/ana"
                assert len(peer.asked) == asked + 2
                heard = len(peer.heard)
                await peer.set_level("debug")
                assert await peer.text(f"{server.name}.log") == "logged"
                assert peer.told("notifications/message") == []
                await peer.text(f"{server.name}.progress", progress="mine")
                assert [n.params["progress"] for n in peer.heard[heard:] if "progress" in n.params] == [1, 2, 3]
            assert peer.problems == []
        assert [problem for server in servers for problem in server.problems] == []
    check_ledger(tmp_path / "state" / "ledger.db")


def check_ledger(path: Path) -> None:
    report = verify(path)
    assert report.findings == ()
    records = [entry.record for entry in tail(path, tenant="default", limit=1000)]
    kinds = Counter(record["kind"] for record in records)
    assert (kinds["asked"], kinds["answered"]) == (12, 8)
    verdicts = Counter((ask["method"], ask["verdict"]) for r in records if r["kind"] == "asked" for ask in r["asks"])
    assert verdicts == {
        ("elicitation/create", "asked"): 4, ("roots/list", "asked"): 4, ("sampling/createMessage", "refused"): 4,
    }  # fmt: skip
    assert Counter(record["how"] for record in records if record["kind"] == "asked") == {"live": 6, "sealed": 6}
    resumed = [record for record in records if "resumes" in record]
    calls = {record["call"] for record in records if record["kind"] == "asked"}
    assert len(resumed) == 4
    assert {record["resumes"] for record in resumed} <= calls
    notices = [record["notices"] for record in records if "notices" in record]
    assert sum(each.get("progress", 0) for each in notices) == 12
    assert sum(each.get("withheld", 0) for each in notices) > 0
    assert sum(each.get("messages", 0) for each in notices) == 0


@pytest.mark.parametrize("client", REVISIONS)
async def test_a_client_that_declares_nothing_is_told_what_is_missing(
    tmp_path: Path, compiled: Path, client: str
) -> None:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(start_server(each, f"v{each}")) for each in REVISIONS]
        upstreams = {server.name: http_upstream(server, prefix=server.name) for server in servers}
        door = await stack.enter_async_context(start_gateway(tmp_path, upstreams, compiled=compiled))
        peer = await stack.enter_async_context(door.connect(client, capabilities={}))
        old, new = servers
        result = await peer.call(f"{old.name}.sample")  # which an older server says in its own words
        assert (result["isError"], "sampling" in result["content"][0]["text"]) == (True, True)
        if client == "2026-07-28":
            with pytest.raises(PeerError) as lacking:
                await peer.call(f"{new.name}.sample")
            assert (lacking.value.code, "sampling" in lacking.value.data["requiredCapabilities"]) == (-32021, True)
        else:
            result = await peer.call(f"{new.name}.sample")
            assert (result["isError"], "sampling" in result["content"][0]["text"]) == (True, True)
        assert peer.asked == []
