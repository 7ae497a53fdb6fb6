"""Upstreams over the HTTP with SSE of 2024-11-05, good and hostile."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.peers.served import Served
from tests.peers.server import start_server
from tests.upstreams.conftest import ANA

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import HttpSpec, UpstreamSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.peers.served import Incoming, Outgoing

KINDS = pytest.mark.parametrize("kind", ["sse", "auto"])


def sse(url: str, kind: str = "sse", **options: Any) -> UpstreamSpec:
    headers = options.pop("headers", {})
    return UpstreamSpec(name="old", transport=HttpSpec(url=url, private=True, kind=kind, headers=headers), **options)


@pytest.fixture
async def server():
    async with start_server("2024-11-05") as made:
        yield made
    assert made.problems == []


@KINDS
async def test_calls_are_answered(bench, connector, server, kind):
    peers = await bench(sse(server.url, kind), connector=connector, good=False)
    answers = await asyncio.gather(*(peers.call("old", "echo", {"text": f"n{n}"}) for n in range(20)))
    assert answers == [f"n{n}" for n in range(20)]
    state = peers.upstreams.states()["old"]
    assert (state.state, state.era, state.version, state.restarts) == ("ready", "legacy", "2024-11-05", 0)


@KINDS
async def test_progress_and_changes_are_heard(bench, connector, server, kind):
    peers = await bench(sse(server.url, kind), connector=connector, good=False)
    told: list[Any] = []

    async def notify(method, params):
        told.append((method, params.get("progressToken")))

    await peers.call("old", "progress", {"steps": 2}, params={"_meta": {"progressToken": "mine"}}, notify=notify)
    assert set(told) == {("notifications/progress", "mine")}
    peers.changes.clear()
    await server.grow()
    await peers.until(lambda: ("old", "tools") in peers.changes)


async def test_a_stream_that_ends_is_opened_again_and_counts_as_changed(bench, connector, server):
    peers = await bench(sse(server.url), connector=connector, good=False)
    assert await peers.call("old", "echo", {"text": "a"}) == "a"
    peers.changes.clear()
    for session, out in list(server.sessions.values()):
        session.close()
        out.cut()
    await peers.until(lambda: ("old", "tools") in peers.changes)
    assert await peers.call("old", "echo", {"text": "b"}) == "b"
    assert peers.upstreams.states()["old"].restarts == 1


async def test_a_cancelled_call_tells_the_server(bench, connector, server):
    peers = await bench(sse(server.url), connector=connector, good=False)
    assert await peers.call("old", "echo", {"text": "a"}) == "a"
    call = asyncio.create_task(peers.call("old", "slow", {"seconds": 30}))
    await peers.until(lambda: len(server.requests("tools/call")) == 2)
    call.cancel()
    await peers.until(lambda: bool(server.requests("notifications/cancelled")))


@pytest.mark.parametrize("revision", ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
async def test_auto_speaks_streamable_http_where_there_is_one(bench, connector, revision):
    async with start_server(revision) as server:
        peers = await bench(sse(server.url, "auto"), connector=connector, good=False)
        assert await peers.call("old", "echo", {"text": "a"}) == "a"
        assert peers.upstreams.states()["old"].version == revision
        await peers.upstreams.stop()
    assert server.problems == []


@pytest.mark.parametrize(("tool", "method"), [("sample", "sampling/createMessage"), ("roots", "roots/list")])
async def test_what_an_old_server_asks_reaches_the_client_of_the_call(bench, connector, server, tool, method):
    peers = await bench(sse(server.url), connector=connector, good=False)
    party = replace(ANA, capabilities={"sampling": {}, "roots": {}})
    options = {"deadline": asyncio.get_running_loop().time() + 5, "party": party}
    params = {"name": tool, "arguments": {}}
    asking = await peers.upstreams.request("old", "tools/call", params, **options)
    requests = asking["asking"]["requests"]
    assert [each["method"] for each in requests.values()] == [method]
    answers = {
        "sample": {"role": "assistant", "content": {"type": "text", "text": "hello"}, "model": "m"},
        "roots": {"roots": [{"uri": "file:///home"}]},
    }
    responses = {key: {"result": answers[tool]} for key in requests}
    state = asking["asking"]["state"]
    done = await peers.upstreams.resume("old", "tools/call", params, state=state, responses=responses, **options)
    assert ("hello" if tool == "sample" else "file:///home") in done["result"]["content"][0]["text"]


class Script:
    """An HTTP+SSE server that says what a test wants: `endpoint` first, then `answers` to each message."""

    def __init__(self, endpoint: str = "/post?session=1", *, first: str = "endpoint") -> None:
        self.endpoint = endpoint
        self.first = first
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.streams: list[Outgoing] = []
        self.status = 202
        self.forget = False
        self.served = Served(self.handle)

    async def handle(self, incoming: Incoming, out: Outgoing) -> None:
        if incoming.verb == "GET":
            out.begin()
            out.event(self.endpoint, event=self.first)
            self.streams.append(out)
            await out.gone.wait()
            return
        message = json.loads(incoming.body)
        self.posts.append((incoming.target, incoming.headers, message))
        if self.forget:
            self.forget = False
            out.send(404)
            return
        out.send(self.status if message.get("method") == "tools/call" else 202)
        if "id" in message and "method" in message and self.status == 202:
            self.answer(message)

    def answer(self, message: Any) -> None:
        info = {"protocolVersion": "2024-11-05", "capabilities": {"tools": {}}, "serverInfo": {"name": "s"}}
        result = info if message["method"] == "initialize" else {"content": [{"type": "text", "text": "done"}]}
        self.streams[-1].event({"jsonrpc": "2.0", "id": message["id"], "result": result}, event="message")


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[str]:
    await script.served.start()
    try:
        yield f"{script.served.origin}/sse"
    finally:
        await script.served.stop()


async def test_a_relative_and_an_absolute_endpoint_on_the_same_origin_are_used(bench, connector):
    script = Script()
    async with scripted(script) as url:
        for endpoint in ("/post?session=1", "post?session=1", f"{script.served.origin}/post?session=1"):
            script.endpoint = endpoint
            spec = sse(url, headers={"authorization": "Bearer mine"})
            peers = await bench(spec, connector=connector, good=False)
            assert await peers.call("old", "x") == "done"
            await peers.upstreams.stop()
    assert {target for target, _, _ in script.posts} == {"/post?session=1"}
    assert {headers["authorization"] for _, headers, _ in script.posts} == {"Bearer mine"}


ENDPOINTS = {
    "another port": "http://127.0.0.1:1/post",
    "another host": "http://evil.example/post",
    "another scheme": "https://127.0.0.1/post",
    "no scheme": "//evil.example/post",
    "a user": "http://a@127.0.0.1/post",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "controls": "/po\x01st",
    "huge": "/" + "x" * 5000,
}


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_no_message_and_no_credential_goes_to_another_origin(bench, connector, name):
    script = Script(ENDPOINTS[name])
    async with scripted(script) as url:
        peers = await bench(
            sse(url, headers={"authorization": "Bearer mine"}, failures=1), connector=connector, good=False
        )
        with pytest.raises(UpstreamFailed, match="named an endpoint"):
            await peers.call("old", "x")
    assert script.posts == []


@pytest.mark.parametrize("first", ["message", "other"])
async def test_a_stream_that_never_says_where_to_post_is_given_up(bench, connector, first):
    async with scripted(Script(first=first)) as url:
        peers = await bench(sse(url, failures=1, connect_timeout=0.2), connector=connector, good=False)
        await peers.until(lambda: peers.upstreams.states()["old"].state == "broken")
        with pytest.raises(UpstreamFailed, match="did not complete its handshake"):
            await peers.call("old", "x")


async def test_keep_alives_other_events_and_later_endpoints_are_let_pass(bench, connector):
    script = Script()
    async with scripted(script) as url:
        peers = await bench(sse(url), connector=connector, good=False)
        assert await peers.call("old", "x") == "done"
        script.streams[-1].comment()
        script.streams[-1].event("http://evil.example/post", event="endpoint")
        script.streams[-1].event("tick", event="ping")
        assert await peers.call("old", "x") == "done"
        assert {target for target, _, _ in script.posts} == {"/post?session=1"}


async def test_a_huge_event_ends_the_link_and_not_the_memory(bench, connector):
    script = Script()
    async with scripted(script) as url:
        peers = await bench(sse(url, max_message=10_000), connector=connector, good=False)
        assert await peers.call("old", "x") == "done"
        script.streams[-1].event("x" * 50_000, event="message")
        await peers.until(lambda: "more than 10000 bytes" in peers.upstreams.states()["old"].last_error)
        assert await peers.call("old", "x") == "done"


async def test_nonsense_on_the_stream_ends_the_link(bench, connector):
    script = Script()
    async with scripted(script) as url:
        peers = await bench(sse(url), connector=connector, good=False)
        assert await peers.call("old", "x") == "done"
        for _ in range(200):
            script.streams[-1].event("this is not JSON", event="message")
        await peers.until(lambda: peers.upstreams.states()["old"].restarts == 1)
        assert peers.upstreams.states()["old"].nonsense > 100


@pytest.mark.parametrize(
    ("status", "said"), [(500, "HTTP status 500"), (403, "HTTP status 403"), (302, "left alone|not answer")]
)
async def test_a_refused_post_fails_its_call_only(bench, connector, status, said):
    script = Script()
    async with scripted(script) as url:
        peers = await bench(sse(url), connector=connector, good=False)
        assert await peers.call("old", "x") == "done"
        script.status = status
        with pytest.raises(UpstreamFailed, match=said):
            await peers.call("old", "x", seconds=0.3)
        script.status = 202
        assert await peers.call("old", "x") == "done"
        assert peers.upstreams.states()["old"].restarts == 0


async def test_a_forgotten_session_is_opened_again_and_the_call_repeated(bench, connector):
    script = Script()
    async with scripted(script) as url:
        peers = await bench(sse(url), connector=connector, good=False)
        assert await peers.call("old", "x") == "done"
        script.forget = True
        assert await peers.call("old", "x") == "done"
        assert len(script.streams) == 2


async def test_a_server_that_is_neither_is_told_as_such(bench, connector):
    async def refuse(_: Incoming, out: Outgoing) -> None:
        out.send(404)

    served = Served(refuse)
    await served.start()
    try:
        peers = await bench(sse(f"{served.origin}/sse", "auto", failures=1), connector=connector, good=False)
        with pytest.raises(UpstreamFailed, match="HTTP status 404"):
            await peers.call("old", "x")
    finally:
        await served.stop()
