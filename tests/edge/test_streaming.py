"""Answers that become streams, clients that leave, cancelling, listening, and the end of the gateway."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from tests.edge.kit import Answered, Client, FakeService, call, modern, request

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings

QUICK = EdgeSettings(watch_after=0.0, keep_alive=0.01, write_timeout=0.05)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.001)


async def test_a_notification_makes_the_answer_a_stream(client: Client) -> None:
    meta = {"progressToken": "mine", "io.modelcontextprotocol/logLevel": "warning"}
    message, headers = modern("tools/call", {"name": "progress"}, meta=meta)
    answered = await client.post(message, headers)
    assert answered.headers["content-type"] == "text/event-stream"
    assert answered.headers["x-accel-buffering"] == "no"
    assert answered.headers["cache-control"] == "no-cache, no-transform"
    assert answered.whole
    *notices, last = answered.messages
    assert [(note["params"].get("progressToken"), note["params"].get("progress")) for note in notices] == [
        ("mine", 1),
        ("mine", 2),
        ("mine", 3),
        (None, None),
    ]
    assert notices[-1]["params"]["level"] == "error"
    assert last["result"]["content"][0]["text"] == "done"


async def test_nothing_is_sent_that_the_client_did_not_ask_for(client: Client) -> None:
    answered = await client.modern("tools/call", {"name": "progress"})
    assert answered.headers["content-type"] == "application/json"


async def test_a_long_silence_is_filled_with_comments(service: FakeService) -> None:
    client = Client(McpEndpoint(service, QUICK))
    answered = Answered()
    message, headers = modern("tools/call", {"name": "slow"})
    task = asyncio.create_task(client.post(message, headers, answered=answered))
    await _until(lambda: answered.body.count(b":\n\n") >= 2)
    service.finish.set()
    await task
    assert answered.headers["content-type"] == "text/event-stream"
    assert [message["id"] for message in answered.messages] == [1]


async def test_a_modern_client_that_leaves_cancels_its_request(service: FakeService) -> None:
    endpoint = McpEndpoint(service, QUICK)
    client = Client(endpoint)
    message, headers = modern("tools/call", {"name": "slow"})
    task = asyncio.create_task(client.post(message, headers))
    await service.started.wait()
    client.leave()
    await task
    assert (service.cancelled, endpoint.pending) == (1, 0)


async def test_a_session_goes_on_without_its_client_as_far_as_is_allowed(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.0, max_detached=1))
    client = Client(endpoint)
    await client.open()
    first = asyncio.create_task(client.post(call("slow", 1)))
    second = asyncio.create_task(client.post(call("slow", 2)))
    await _until(lambda: endpoint.pending == 2)
    client.leave()
    await _until(lambda: service.cancelled == 1)
    assert endpoint.pending == 1
    service.finish.set()
    await asyncio.gather(first, second)
    assert (service.finished, endpoint.pending, endpoint.shared.load._detached) == (1, 0, 0)


@pytest.mark.parametrize("message", [call("slow", "a"), [call("slow", "a"), request("ping", request_id=5)]])
async def test_a_session_cancels_a_request_by_its_id(client: Client, service: FakeService, message: Any) -> None:
    await client.open("2025-03-26")
    task = asyncio.create_task(client.post(message))
    await service.started.wait()
    for wrong in ("b", 1):
        await client.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": wrong}})
    assert service.cancelled == 0
    await client.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "a"}})
    answered = await task
    assert (answered.status, answered.messages, answered.whole) == (200, [], True)
    assert service.cancelled == 1


async def test_one_session_cannot_cancel_anothers_request(
    client: Client, endpoint: McpEndpoint, service: FakeService
) -> None:
    other = Client(endpoint, token="bot")
    await client.open()
    await other.open()
    task = asyncio.create_task(client.post(call("slow", 1)))
    await service.started.wait()
    await other.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    service.finish.set()
    assert (await task).json["result"]["content"][0]["text"] == "slept"


async def test_an_id_is_in_work_once(client: Client, service: FakeService) -> None:
    await client.open()
    task = asyncio.create_task(client.post(call("slow", 1)))
    await service.started.wait()
    refused = await client.post(request("ping", request_id=1))
    assert (refused.status, refused.error) == (400, -32600)
    assert (await client.post(request("ping", request_id="1"))).status == 200
    service.finish.set()
    assert (await task).status == 200
    assert (await client.post(request("ping", request_id=1))).status == 200


@pytest.mark.parametrize("batch", [False, True])
async def test_a_long_call_keeps_its_session(service: FakeService, *, batch: bool) -> None:
    now = time.time()
    endpoint = McpEndpoint(service, EdgeSettings(watch_after=0.001, session_idle=10.0))
    endpoint.shared.sessions._clock = lambda: now
    client = Client(endpoint)
    await client.open("2025-03-26")
    task = asyncio.create_task(client.post([call("slow", 1), call("echo", 2)] if batch else call("slow", 1)))
    await _until(lambda: any(each.watched for each in endpoint.shared.load._running))
    for _ in range(3):
        now += 9
        endpoint.expire_sessions()
    service.finish.set()
    assert (await task).status == 200
    assert (service.finished, service.cancelled) == (1, 0)
    now += 9
    assert (await client.post(request("ping"))).status == 200
    now += 11
    endpoint.expire_sessions()
    assert (await client.post(request("ping"))).status == 404


async def test_ending_a_session_cancels_its_requests(client: Client, service: FakeService) -> None:
    await client.open()
    task = asyncio.create_task(client.post(call("slow", 1)))
    await service.started.wait()
    await client.send("DELETE", headers={"mcp-session-id": client.session})
    await task
    assert service.cancelled == 1


async def test_too_many_requests_in_work(service: FakeService) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(max_pending=1)))
    message, headers = modern("tools/call", {"name": "slow"})
    task = asyncio.create_task(client.post(message, headers))
    await service.started.wait()
    refused = await client.modern("tools/list")
    assert (refused.status, refused.headers["retry-after"], refused.error) == (503, "1", -32603)
    service.finish.set()
    assert (await task).status == 200
    assert (await client.modern("tools/list")).status == 200


async def test_a_client_that_takes_nothing_counts_as_gone(service: FakeService) -> None:
    endpoint = McpEndpoint(service, QUICK)
    sent: list[Any] = []

    async def stuck(message: Any) -> None:
        sent.append(message)
        if len(sent) > 1:
            await asyncio.Event().wait()

    async def receive() -> Any:
        if not sent and not service.calls:
            return {"type": "http.request", "body": json.dumps(message).encode(), "more_body": False}
        return await asyncio.Event().wait()

    message, headers = modern("tools/call", {"name": "slow"})
    headers |= {"accept": "*/*", "content-type": "application/json", "authorization": "Bearer ana"}
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    await endpoint({"type": "http", "method": "POST", "headers": lines}, receive, stuck)
    assert (service.cancelled, len(sent)) == (1, 2)


async def _listen(client: Client, answered: Answered) -> asyncio.Task[Answered]:
    lines = {"mcp-session-id": client.session, "accept": "text/event-stream"}
    task = asyncio.create_task(client.send("GET", headers=lines, answered=answered))
    await _until(lambda: answered.status)
    return task


async def test_a_sessions_stream_tells_what_changed(
    client: Client, endpoint: McpEndpoint, service: FakeService
) -> None:
    await client.open()
    answered = Answered()
    task = await _listen(client, answered)
    service.lists["tools"] = service.lists["prompts"] = "2"
    endpoint.notify_changed("tools")
    endpoint.notify_changed("tools")
    endpoint.notify_changed("prompts", only=lambda principal: principal[3] != "ana")
    await _until(lambda: answered.messages)
    client.leave()
    await task
    assert answered.messages == [{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}]
    assert len(endpoint.streams) == 0


async def test_a_newer_stream_takes_the_place_of_the_older(
    client: Client, endpoint: McpEndpoint, service: FakeService
) -> None:
    await client.open()
    old, new = Answered(), Answered()
    first = await _listen(client, old)
    second = await _listen(client, new)
    await first
    service.lists["tools"] = "2"
    endpoint.notify_changed("tools")
    await _until(lambda: new.messages)
    assert (old.messages, len(endpoint.streams)) == ([], 1)
    await client.send("DELETE", headers={"mcp-session-id": client.session})
    await second
    assert new.whole


async def test_a_stream_ends_when_it_is_old_or_its_session_is_over(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(stream_age=0.01, keep_alive=0.002))
    client = Client(endpoint)
    await client.open()
    answered = Answered()
    await (await _listen(client, answered))
    assert answered.whole
    assert answered.body.startswith(b":\n\n")


async def test_expiry_ends_streams(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(session_idle=10.0))
    client = Client(endpoint)
    await client.open()
    answered = Answered()
    task = await _listen(client, answered)
    endpoint.shared.sessions._clock = lambda: time.time() + 11
    endpoint.expire_sessions()
    await task
    assert answered.whole


async def test_streams_are_bounded(service: FakeService) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(max_streams=0)))
    await client.open()
    lines = {"mcp-session-id": client.session, "accept": "text/event-stream"}
    assert (await client.send("GET", headers=lines)).status == 503
    assert (await client.send("GET", headers=lines | {"accept": "application/json"})).status == 406
    assert (await client.modern("subscriptions/listen", {"notifications": {}})).status == 503


async def test_a_modern_client_listens_for_what_it_asked(
    client: Client, endpoint: McpEndpoint, service: FakeService
) -> None:
    params = {"notifications": {"toolsListChanged": True, "promptsListChanged": True, "resourceSubscriptions": ["x"]}}
    message, headers = modern("subscriptions/listen", params, request_id="sub")
    answered = Answered()
    task = asyncio.create_task(client.post(message, headers, answered=answered))
    await _until(lambda: answered.messages)
    service.lists["tools"] = service.lists["prompts"] = "2"
    endpoint.notify_changed("prompts")
    endpoint.notify_changed("tools")
    await _until(lambda: len(answered.messages) == 2)
    assert await endpoint.drain(1.0)
    await task
    tag = {"io.modelcontextprotocol/subscriptionId": "sub"}
    acknowledged, changed, ended = answered.messages
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert acknowledged["params"] == {
        "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["x"]},
        "_meta": tag,
    }
    assert changed == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {"_meta": tag}}
    assert (ended["id"], ended["result"]["resultType"]) == ("sub", "complete")
    assert ended["result"]["_meta"].items() >= tag.items()
    refused = await client.modern("tools/list")
    assert (refused.status, refused.headers["connection"]) == (503, "close")


async def test_a_full_queue_drops_and_counts(endpoint: McpEndpoint) -> None:
    endpoint.streams._settings = EdgeSettings(stream_queue=1)
    endpoint.streams.open(("default", "ana"), frozenset({"tools", "prompts"}))
    endpoint.notify_changed("tools")
    endpoint.notify_changed("tools")
    assert endpoint.streams.dropped == 0
    endpoint.notify_changed("prompts")
    assert endpoint.streams.dropped == 1


async def test_a_drain_waits_and_then_cancels(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings())
    client = Client(endpoint)
    message, headers = modern("tools/call", {"name": "slow"}, request_id=4)
    task = asyncio.create_task(client.post(message, headers))
    await service.started.wait()
    assert not await endpoint.drain(0.01)
    answered = await task
    assert (answered.status, answered.error, answered.json["id"]) == (503, -32603, 4)
    assert service.cancelled == 1


async def test_the_servers_own_cancelling_is_not_swallowed(client: Client, service: FakeService) -> None:
    message, headers = modern("tools/call", {"name": "slow"})
    task = asyncio.create_task(client.post(message, headers))
    await service.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
