"""Batches of 2025-03-26: each request of one is a request, over HTTP and on two-way connections."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.kit import Client, FakeService, call, request
from tests.edge.test_stdio import ANA, INIT, Line

from mcpg.edge.stdio import StdioSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BATCHING = INIT | {"protocolVersion": "2025-03-26"}
NOTE = {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}


@pytest.fixture
async def line(service: FakeService) -> AsyncIterator[Line]:
    line = await Line(service, ANA, StdioSettings(grace=0.01)).begin()
    yield line
    service.finish.set()
    await line.end()


def cancel(request_id: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request_id}}


def texts(answers: list[Any]) -> dict[Any, str]:
    return {each["id"]: each["result"]["content"][0]["text"] for each in answers}


@pytest.mark.parametrize("withdrawn", [2, 3])
async def test_one_request_of_a_batch_is_cancelled_alone(client: Client, service: FakeService, withdrawn: int) -> None:
    await client.open("2025-03-26")
    batch = [call("echo", 1, text="x"), call("slow", 2), call("echo", 3, text="y")]
    task = asyncio.create_task(client.post(batch))
    await service.started.wait()
    assert (await client.post(cancel(withdrawn))).status == 202
    service.finish.set()
    left = {1: "ana: x", 2: "slept", 3: "ana: y"}
    del left[withdrawn]
    assert texts((await task).json) == left
    assert service.cancelled == (withdrawn == 2)
    assert (await client.post(request("ping", request_id=withdrawn))).status == 200


async def test_a_batch_of_which_nothing_is_left(client: Client, service: FakeService) -> None:
    await client.open("2025-03-26")
    task = asyncio.create_task(client.post([call("slow", 1), call("echo", 2)]))
    await service.started.wait()
    await client.post([cancel(2), cancel(1)])
    answered = await task
    assert (answered.status, answered.body, answered.whole) == (202, b"", True)
    assert service.cancelled == 1


async def test_a_batch_that_streams_and_of_which_nothing_is_left(client: Client, service: FakeService) -> None:
    await client.open("2025-03-26")
    task = asyncio.create_task(client.post([call("progress", 1), call("slow", 2)]))
    await service.started.wait()
    await client.post(cancel(2))
    answers = (await task).messages
    assert [each["id"] for each in answers[-1]] == [1]


async def test_a_batch_ends_with_its_session(client: Client, service: FakeService) -> None:
    await client.open("2025-03-26")
    task = asyncio.create_task(client.post([call("slow", 1), call("echo", 2)]))
    await service.started.wait()
    await client.send("DELETE", headers={"mcp-session-id": client.session})
    assert (await task).status == 404
    assert service.cancelled == 1


@pytest.mark.parametrize("withdrawn", [2, 3])
async def test_one_request_of_a_batch_on_a_line(line: Line, service: FakeService, withdrawn: int) -> None:
    await line.ask(request("initialize", BATCHING))
    line.send([call("echo", 1, text="x"), call("slow", 2), call("echo", 3, text="y")])
    await service.started.wait()
    line.send(cancel(withdrawn))
    await line.ask(request("ping", request_id="now"))
    service.finish.set()
    answered = texts(await line.read())
    assert withdrawn not in answered
    assert len(answered) == 2


async def test_an_id_is_in_work_once_on_a_line(line: Line, service: FakeService) -> None:
    await line.ask(request("initialize", BATCHING))
    line.send([call("slow", 1), call("echo", 1), call("echo", 2)])
    await service.started.wait()
    assert (await line.ask(request("ping", request_id=1)))["error"]["code"] == -32600
    service.finish.set()
    answered = await line.read()
    assert [(each["id"], "error" in each) for each in answered] == [(1, False), (1, True), (2, False)]


async def test_batches_of_notes_are_never_answered(line: Line, service: FakeService) -> None:
    await line.ask(request("initialize", BATCHING))
    line.raw(json.dumps([NOTE]).encode() + b"\n" + json.dumps([NOTE, NOTE]).encode() + b"\n")
    assert (await line.ask(request("ping", request_id="batch")))["result"] == {}
