"""The stdio server over a socket pair: both eras, concurrency, cancelling, the end of the input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.kit import FakeService, call, modern, request

from mcpg.contract.documents import Caller, Credentials, How, Peer
from mcpg.edge.stdio import StdioServer, StdioSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANA = Caller(id="ana", kind="user", how=How(credential="config"), trust="verified")
INIT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


class Line:
    """The client's end."""

    def __init__(self, service: FakeService, who: Caller | Credentials, settings: StdioSettings) -> None:
        self.service, self.who, self.settings = service, who, settings

    async def begin(self) -> Line:
        near, far = socket.socketpair()
        self.reader, self.writer = await asyncio.open_connection(sock=near)
        reader, writer = await asyncio.open_connection(sock=far)
        self.far = writer
        self.server = StdioServer(self.service, self.who, writer, self.settings)
        self.task = asyncio.create_task(self.server.run(reader))
        return self

    async def end(self) -> None:
        if self.writer.is_closing():
            return
        self.writer.write_eof()
        await asyncio.wait_for(self.task, 5)
        for writer in (self.writer, self.far):
            writer.close()
            await writer.wait_closed()

    def raw(self, data: bytes) -> None:
        self.writer.write(data)

    def send(self, *messages: Any) -> None:
        for message in messages:
            self.raw(json.dumps(message).encode() + b"\n")

    async def read(self) -> Any:
        return json.loads(await asyncio.wait_for(self.reader.readline(), 5))

    async def ask(self, message: Any) -> Any:
        self.send(message)
        return await self.read()


@pytest.fixture
async def line(service: FakeService) -> AsyncIterator[Line]:
    line = await Line(service, ANA, StdioSettings(max_line=10_000, max_pending=2, grace=0.01)).begin()
    yield line
    service.finish.set()
    await line.end()


async def test_an_older_client(line: Line, service: FakeService) -> None:
    refused = await line.ask(request("tools/list"))
    assert refused["error"]["code"] == -32600
    assert (await line.ask(request("initialize", INIT)))["result"]["protocolVersion"] == "2025-11-25"
    line.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (await line.ask(call("echo", "x", text="hi")))["result"] == {
        "content": [{"type": "text", "text": "ana: hi"}]
    }
    assert (await line.ask(request("logging/setLevel", {"level": "error"})))["result"] == {}
    assert (await line.ask(request("initialize", INIT)))["error"]["code"] == -32600
    service.lists["tools"] = "2"
    line.server.notify_changed("tools")
    assert await line.read() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    line.server.notify_changed("tools")
    line.server.notify_changed("prompts")
    assert (await line.ask(request("ping", request_id="none came between")))["id"] == "none came between"
    assert not service.seen


async def test_a_modern_client(line: Line) -> None:
    message, _ = modern("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
    result = (await line.ask(message))["result"]
    assert (result["resultType"], result["content"][0]["text"]) == ("complete", "ana: hi")
    assert (await line.ask(modern("ping")[0]))["error"]["code"] == -32601
    assert (await line.ask(modern("server/discover")[0]))["result"]["supportedVersions"] == ["2026-07-28"]
    wrong = modern("tools/list", meta={"io.modelcontextprotocol/protocolVersion": "2025-11-25"})[0]
    assert (await line.ask(wrong))["error"]["code"] == -32022
    wrong = modern("tools/list", meta={"io.modelcontextprotocol/protocolVersion": 5})[0]
    assert (await line.ask(wrong))["error"]["code"] == -32602


async def test_progress_comes_before_its_result(line: Line) -> None:
    message, _ = modern("tools/call", {"name": "progress"}, meta={"progressToken": 7})
    line.send(message)
    seen = [await line.read() for _ in range(4)]
    assert [note.get("params", {}).get("progress") for note in seen] == [1, 2, 3, None]
    assert seen[0]["params"]["progressToken"] == 7
    assert "result" in seen[-1]


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_requests_run_side_by_side_and_can_be_cancelled(line: Line, service: FakeService, era: str) -> None:
    if era == "legacy":
        await line.ask(request("initialize", INIT))
        line.send(call("slow", "a"))
    else:
        line.send(modern("tools/call", {"name": "slow"}, request_id="a")[0])
    await service.started.wait()
    quick = modern("tools/call", {"name": "echo"}, request_id="b")[0]
    assert (await line.ask(quick))["id"] == "b"
    assert (await line.ask(modern("tools/list", request_id="a")[0]))["error"]["code"] == -32600
    line.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": []}})
    line.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "a"}})
    assert (await line.ask(quick))["id"] == "b"
    assert service.cancelled == 1


async def test_too_many_requests(line: Line, service: FakeService) -> None:
    for request_id in (1, 2):
        line.send(modern("tools/call", {"name": "slow"}, request_id=request_id)[0])
    await service.started.wait()
    refused = await line.ask(modern("tools/list", request_id=3)[0])
    assert (refused["id"], refused["error"]["code"]) == (3, -32600)
    service.finish.set()
    assert {(await line.read())["id"] for _ in range(2)} == {1, 2}


async def test_subscriptions_end_with_the_input(line: Line, service: FakeService) -> None:
    params = {"notifications": {"toolsListChanged": True}}
    tag = {"io.modelcontextprotocol/subscriptionId": 9}
    acknowledged = await line.ask(modern("subscriptions/listen", params, request_id=9)[0])
    assert acknowledged["params"] == {"notifications": params["notifications"], "_meta": tag}
    service.lists = dict.fromkeys(service.lists, "2")
    line.server.notify_changed("prompts")
    line.server.notify_changed("tools")
    assert (await line.read())["params"] == {"_meta": tag}
    await line.ask(modern("subscriptions/listen", params, request_id=10)[0])
    line.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 10}})
    line.writer.write_eof()
    assert (await line.read())["id"] == 9


ELICIT = {"mode": "form", "message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}
ASKING = INIT | {"capabilities": {"elicitation": {"form": {}}, "roots": {}}}


async def test_a_server_request_goes_out_and_its_answer_comes_in(line: Line) -> None:
    await line.ask(request("initialize", ASKING))
    asked = await line.ask(call("ask", "x", method="elicitation/create", params=ELICIT))
    assert asked["method"] == "elicitation/create"
    assert asked["params"]["message"] == "Sure?"
    other = await line.ask(call("ask", "y", method="roots/list"))
    line.send({"jsonrpc": "2.0", "id": "nobody-asked", "result": {}})
    line.send({"jsonrpc": "2.0", "id": other["id"], "error": {"code": -1, "message": "no"}})
    assert _said(await line.read()) == {"error": {"code": -1, "message": "no"}}
    line.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept", "content": {}}})
    answered = await line.read()
    assert (answered["id"], _said(answered)["result"]["action"]) == ("x", "accept")


async def test_a_call_that_is_cancelled_withdraws_its_request(line: Line, service: FakeService) -> None:
    await line.ask(request("initialize", ASKING))
    asked = await line.ask(call("ask", "x", method="elicitation/create", params=ELICIT))
    line.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "x"}})
    withdrawn = await line.read()
    assert (withdrawn["method"], withdrawn["params"]["requestId"]) == ("notifications/cancelled", asked["id"])
    line.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept"}})
    assert (await line.ask(request("ping", request_id=3)))["id"] == 3
    assert service.cancelled == 1


async def test_what_was_not_declared_is_not_asked(line: Line) -> None:
    await line.ask(request("initialize", INIT))
    answered = await line.ask(call("ask", method="roots/list"))
    assert "roots" in answered["result"]["content"][0]["text"]
    modern_call, _ = modern("tools/call", {"name": "ask", "arguments": {"method": "roots/list"}})
    assert "cannot ask" in (await line.ask(modern_call))["result"]["content"][0]["text"]


async def test_watched_resources_of_an_older_client(line: Line, service: FakeService) -> None:
    await line.ask(request("initialize", INIT))
    line.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (await line.ask(request("resources/subscribe", {"uri": "secret:x"})))["error"]["code"] == -32602
    for uri in ("file:a", "file:b", "file:a"):
        assert (await line.ask(request("resources/subscribe", {"uri": uri})))["result"] == {}
    assert [len(each) for each in service.watches.values()] == [1, 1]
    service.watches["file:a"][0]({"uri": "file:a"})
    service.watches["file:a"][0]({"uri": "file:a"})
    told = await line.read()
    assert (told["method"], told["params"]) == ("notifications/resources/updated", {"uri": "file:a"})
    assert (await line.ask(request("resources/unsubscribe", {"uri": "file:a"})))["result"] == {}
    assert [len(each) for each in service.watches.values()] == [0, 1]
    await line.end()
    assert [len(each) for each in service.watches.values()] == [0, 0]


async def test_a_modern_subscription_watches_what_may_be_watched(line: Line, service: FakeService) -> None:
    params = {"notifications": {"resourceSubscriptions": ["file:a", "secret:x"]}}
    acknowledged = await line.ask(modern("subscriptions/listen", params, request_id=9)[0])
    assert acknowledged["params"]["notifications"] == {"resourceSubscriptions": ["file:a"]}
    service.watches["file:a"][0]({"uri": "file:a"})
    told = await line.read()
    assert told["params"] == {"uri": "file:a", "_meta": {"io.modelcontextprotocol/subscriptionId": 9}}
    line.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}})
    await line.ask(modern("tools/list", request_id=10)[0])
    assert service.watches == {"file:a": []}


async def test_the_process_is_one_session_and_is_let_go_of(line: Line, service: FakeService) -> None:
    await line.ask(modern("tools/call", {"name": "echo"})[0])
    await line.ask(request("initialize", INIT))
    await line.ask(call("echo"))
    line.send({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
    await line.ask(request("ping"))
    names = {each.session for each in service.calls}
    assert len(names) == 1
    assert names != {""}
    await line.end()
    assert service.released == [("ana", *names)]
    assert service.noted == [("ana", "notifications/roots/list_changed")]


async def test_a_client_that_does_not_read_is_not_read(service: FakeService) -> None:
    line = await Line(service, ANA, StdioSettings(max_pending=4)).begin()
    await line.ask(request("initialize", INIT))
    sent = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            while sent < 500:
                line.send(call("echo", sent, text="x" * 100_000))
                await line.writer.drain()
                sent += 1
    running = len(line.server._conversation._running)
    line.task.cancel()
    await asyncio.wait([line.task])
    for writer in (line.writer, line.far):
        writer.transport.abort()
    assert (sent < 100, running <= 4) == (True, True)


def _said(answered: Any) -> Any:
    return json.loads(answered["result"]["content"][0]["text"])


async def test_hostile_lines(line: Line) -> None:
    for body, code in (
        (b"{", -32700),
        (b"x" * 10_001, -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b"[1]", -32600),
    ):
        line.raw(body + b"\n\r\n\n")
        assert (await line.read())["error"]["code"] == code
    assert (await line.ask(modern("tools/list")[0]))["id"] == 1


async def test_batches_of_the_version_that_has_them(line: Line) -> None:
    await line.ask(request("initialize", INIT | {"protocolVersion": "2025-03-26"}))
    answered = await line.ask([request("ping", request_id=1), 5, {"jsonrpc": "2.0", "method": "n"}])
    assert [message["id"] for message in answered] == [1, None]


async def test_a_service_that_breaks_a_subscription_is_an_answer(line: Line, service: FakeService) -> None:
    async def broken(*_: Any) -> Any:
        raise ValueError("hunter2")

    service.watch = broken  # type: ignore[method-assign]
    listen = modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["file:a"]}}, request_id=9)[0]
    assert (await line.ask(listen))["params"]["notifications"] == {}
    service.describe = list  # type: ignore[method-assign, assignment]
    assert (await line.ask(listen | {"id": 10}))["error"]["code"] == -32603
    del service.describe  # type: ignore[method-assign]
    await line.ask(request("initialize", INIT))
    assert (await line.ask(request("resources/subscribe", {"uri": "file:a"})))["error"]["code"] == -32603


async def test_a_client_that_closes_our_output_is_gone(service: FakeService) -> None:
    line = await Line(service, ANA, StdioSettings()).begin()
    line.send(*[request("ping", number) for number in range(50)])
    line.writer.transport.abort()
    await asyncio.wait_for(line.task, 5)
    line.far.close()


async def test_credentials_are_judged_for_each_request(service: FakeService) -> None:
    who = Credentials(transport="stdio", peer=Peer(), headers={"authorization": "Bearer bot"})
    line = await Line(service, who, StdioSettings()).begin()
    message, _ = modern("tools/call", {"name": "echo"})
    assert (await line.ask(message))["result"]["content"][0]["text"] == "bot: "
    service.identity_error = ValueError("hunter2")
    refused = await line.ask(message)
    assert refused["error"] == {"code": -32603, "message": "the gateway could not finish this request"}
    assert (await line.ask(request("initialize", INIT)))["error"]["code"] == -32603
    listen = modern("subscriptions/listen", {"notifications": {}})[0]
    assert (await line.ask(listen))["error"]["code"] == -32603
    await line.end()


async def test_requests_in_work_may_finish_after_the_input(service: FakeService) -> None:
    line = await Line(service, ANA, StdioSettings()).begin()
    line.send(modern("tools/call", {"name": "slow"})[0])
    await service.started.wait()
    line.writer.write_eof()
    service.finish.set()
    assert (await line.read())["result"]["content"][0]["text"] == "slept"
    await asyncio.wait_for(line.task, 5)
    for writer in (line.writer, line.far):
        writer.close()
        await writer.wait_closed()
