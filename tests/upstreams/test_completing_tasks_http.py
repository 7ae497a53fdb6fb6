"""Tools of 2025-11-25 that must be called with a task, over Streamable HTTP with a session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.upstreams.conftest import ANA, http
from tests.upstreams.http_peer import HttpPeer
from tests.upstreams.test_asking import YES, Talk, said, wanted

from mcpg.contract.problems import UpstreamFailed

RELATED = {"io.modelcontextprotocol/related-task": {"taskId": "t1"}}
FORM = {"message": "who", "requestedSchema": {"type": "object"}, "_meta": RELATED}


class TaskPeer(HttpPeer):
    """Each tool begins task `t1`; what `tasks/result` does is named by the tool."""

    def __init__(self) -> None:
        super().__init__("legacy")
        names = ("quick", "progresses", "asks", "endless", "forgets")
        wants = {"inputSchema": {"type": "object"}, "execution": {"taskSupport": "required"}}
        self.tools = [{"name": name, **wants} for name in names]
        self.tool = ""
        self.token: Any = None

    def _initialize(self, exchange, message):
        self.made += 1
        self.sessions.add(f"session-{self.made}")
        capabilities = {"tools": {}, "tasks": {"cancel": {}, "requests": {"tools": {"call": {}}}}}
        result = {"protocolVersion": self.version, "capabilities": capabilities, "serverInfo": {"name": "tasks"}}
        exchange.json({"jsonrpc": "2.0", "id": message["id"], "result": result}, mcp_session_id=f"session-{self.made}")

    async def _request(self, exchange, message, reader):
        method, params = message["method"], message["params"]
        task = {"taskId": "t1", "status": "working", "pollInterval": 50}
        if method == "tools/call" and "task" in params:
            self.tool = params["name"]
            self.token = params.get("_meta", {}).get("progressToken")
            exchange.json({"jsonrpc": "2.0", "id": message["id"], "result": {"task": task}})
        elif method == "tasks/result":
            await getattr(self, f"result_{self.tool}")(exchange, message, reader)
        elif method == "tasks/cancel":
            exchange.json({"jsonrpc": "2.0", "id": message["id"], "result": {**task, "status": "cancelled"}})
        else:
            await super()._request(exchange, message, reader)

    def finish(self, exchange, message, value):
        answer = self.text(message, value)
        answer["result"]["_meta"] = RELATED
        exchange.event(answer)
        exchange.end()

    async def result_quick(self, exchange, message, reader):
        exchange.json(self.text(message, "done"))

    async def result_progresses(self, exchange, message, reader):
        """One step on the general stream, then one on this."""
        news = {"jsonrpc": "2.0", "method": "notifications/progress"}
        general = next(one for one in self.listening if one.headers["mcp-session-id"] == "session-2")
        exchange.begin()
        general.event({**news, "params": {"progressToken": self.token, "progress": 1}})
        await general.writer.drain()
        await self.going.wait()
        exchange.event({**news, "params": {"progressToken": self.token, "progress": 2}})
        self.finish(exchange, message, "progressed")

    async def result_asks(self, exchange, message, reader):
        exchange.begin()
        answer = await self.question(exchange, "elicitation/create", FORM)
        self.finish(exchange, message, answer["result"])

    async def result_endless(self, exchange, message, reader):
        exchange.begin()
        await self._hold(exchange, reader)

    async def result_forgets(self, exchange, message, reader):
        self.sessions.clear()
        exchange.send(404)

    def sent(self, method: str) -> int:
        return sum(message.get("method") == method for _, message in self.seen)


@pytest.fixture
async def server():
    peer = TaskPeer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def client(bench, server, connector) -> Talk:
    talk = Talk(await bench(http("web", server), connector=connector, good=False), "web")
    await talk.upstreams.request("web", "tools/list", {}, deadline=talk.deadline(5))
    return talk


@pytest.mark.parametrize("asked", [True, False])
async def test_a_task_is_run_to_its_end(client, server, asked):
    more = {} if asked else {"party": ANA}
    assert said(await client.call("quick", **more)) == "done"
    assert (server.sent("tasks/result"), server.sent("tasks/cancel")) == (1, 0)


async def test_progress_comes_on_both_streams(client, server):
    heard = []

    async def notify(method, params):
        heard.append((params["progressToken"], params["progress"]))
        server.going.set()

    params = {"_meta": {"progressToken": "mine"}}
    assert said(await client.call("progresses", params=params, notify=notify)) == "progressed"
    assert heard == [("mine", 1), ("mine", 2)]


async def test_a_task_asks_its_calls_client(client, server):
    asking = await client.call("asks")
    assert wanted(asking) == {"mine": "elicitation/create"}
    assert said(await client.resume(asking, {"mine": YES}, "asks")) == {**YES["result"], "_meta": RELATED}
    assert (client.parked(), server.sent("tasks/cancel")) == (0, 0)


@pytest.mark.parametrize("asked", [True, False])
async def test_a_task_is_cancelled_with_its_call(client, server, asked):
    more = {} if asked else {"party": ANA}
    calling = asyncio.ensure_future(client.call("endless", **more))
    await client.peers.until(lambda: server.sent("tasks/result") == 1)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await client.peers.until(lambda: server.sent("tasks/cancel") == 1)


async def test_a_task_whose_session_is_gone_is_not_begun_again(client, server):
    with pytest.raises(UpstreamFailed, match="forgotten the session") as failed:
        await client.call("forgets")
    assert failed.value.code == "upstream-unknown"
    assert server.sent("tools/call") == 1
